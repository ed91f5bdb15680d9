"""A switch that is killed at every step while somebody studies: nothing is lost or doubled."""

import signal
import uuid
from typing import Any

from django.test import TransactionTestCase

from accounts.models import User
from flashcards.domain.records import Rating
from flashcards.maintenance import check
from flashcards.models import JournalEntry, StoreSwitch, StoreVersions
from flashcards.review.ratings import review_card
from flashcards.store import cards, engines, review_logs
from tests import forks
from tests.factories import stored_card
from tests.flashcards.store.crash_contract import EARLIER
from tests.flashcards.store.processes import acknowledged, forget, start, start_python

LANCEDB, POSTGRESQL = StoreVersions.Engine.LANCEDB.value, StoreVersions.Engine.POSTGRESQL.value
STEPS = (
    *("switch-prepared", "switch-written", "switch-part", "switch-part-committed"),
    *("switch-indexed", "switch-moved-last", "switch-before-commit"),
)
STEPS_BACK = ("switch-written", "switch-part", "switch-moved-last", "switch-before-commit")


class SwitchUnderFireTests(TransactionTestCase):
    def setUp(self) -> None:
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": LANCEDB})
        engines.forget()
        self.addCleanup(engines.forget)
        self.alice = User.objects.create_user("alice@example.org")
        made = [stored_card(self.alice) for _ in range(12)]
        for card in made[:6]:
            review_card(
                owner_id=self.alice.pk,
                card_id=card.id,
                review_id=uuid.uuid4(),
                sequence=0,
                rating=Rating.GOOD,
                now=EARLIER,
            )

    def test_killed_at_each_step_while_somebody_studies_it_goes_on(self) -> None:
        said: list[dict[str, Any]] = []
        for target, steps in ((POSTGRESQL, STEPS), (LANCEDB, STEPS_BACK)):
            for seed, step in enumerate(steps):
                with self.subTest(target=target, step=step):
                    action = ("rate", "create", "delete")[seed % 3]
                    said += self.kill(target, step, action=action, seed=seed)
                    self.assertNotEqual(engines.recorded(), target)
            # The last one is killed once it has switched, while it was about to say so. Whoever
            # studies goes on with the other engine.
            said += self.kill(target, "switch-committed", action="rate", seed=9, count=60)
            self.assertEqual(engines.recorded(), target)
            self.assertIsNotNone(StoreSwitch.objects.get().switched_at)
            _, errors = self.switch(target).communicate(timeout=120)
            self.assertIn("already", errors)
            self.judge(target, said)

    def kill(
        self, target: str, step: str, *, action: str, seed: int, count: int = 10
    ) -> list[dict[str, Any]]:
        """Kill a switch at a step, and return what was acknowledged to who studied meanwhile."""
        studying = start(action, self.alice.pk, seed=seed, count=count, pause_seconds=0.05)
        process = self.switch(target, failpoint=step)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, -signal.SIGKILL, errors)
        output, errors = studying.communicate(timeout=120)
        self.assertEqual(studying.returncode, 0, errors)
        return acknowledged(output)

    def switch(self, target: str, failpoint: str = "") -> forks.Fork:
        return start_python("manage.py", "switch_store", "--to", target, failpoint=failpoint)

    def judge(self, target: str, said: list[dict[str, Any]]) -> None:
        engines.forget()
        forget()
        self.assertEqual(engines.name(), target)
        if target == POSTGRESQL:
            self.assertFalse(JournalEntry.objects.exists())
        logs = [str(log.id) for log in review_logs.for_owner(self.alice)]
        self.assertEqual(len(logs), len(set(logs)))
        reviews = {item["review"] for item in said if "review" in item}
        self.assertTrue(reviews)
        self.assertEqual(reviews - set(logs), set())
        found = {str(card.id): card for card in cards.for_owner(self.alice).with_deleted()}
        for item in said:
            self.assertLessEqual(set(item.get("created", [])), found.keys())
            if gone := item.get("deleted"):
                self.assertIsNotNone(found[gone].deleted_at)
        self.assertEqual([f for f in check.check().findings if f.kind != "journal_residue"], [])
