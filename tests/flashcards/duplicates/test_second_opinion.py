"""A model is asked once about the borderline pairs of a batch, and its reason is shown."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.test import TransactionTestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from chat.conversations.conversations import start_conversation
from flashcards.duplicates import overlaps, second_opinion
from flashcards.duplicates.judge import Judgement, Verdict
from flashcards.models import Draft, DraftBatch
from memoryloop.server import background
from tests.base import PASSWORD
from tests.factories import stored_card
from tests.servers.compatible import OpenAIServer
from tests.waiting import wait_until

REASON = "both ask for the year of the Magna Carta"
SAID = {"pairs": [{"number": 1, "verdict": "same", "why": REASON}]}
CLOSE = Judgement(Verdict.NEAR, 0.6, is_borderline=True)


class OpinionTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.client.force_login(self.alice)
        self.card = stored_card(self.alice, question="When was Magna Carta sealed?", answer="1215")
        self.batch = DraftBatch.objects.create(
            owner=self.alice,
            message=start_conversation(self.alice, "King John sealed it in 1215. " * 10),
            status=DraftBatch.Status.READY,
            model="some-model",
        )
        self.draft = self.batch.drafts.create(
            position=0,
            question="The barons' charter: Magna Carta sealed in",
            answer="the year 1215",
        )
        self.server = self.enterContext(OpenAIServer())
        self.enterContext(override_settings(OPENAI_BASE_URL=self.server.url))
        self.addCleanup(background.shutdown)
        # The judge is not sure.
        self.enterContext(
            mock.patch.object(
                overlaps,
                "compare",
                autospec=True,
                side_effect=lambda pairs: [CLOSE for _ in pairs],
            )
        )

    def show(self) -> Any:
        url = reverse("flashcards:draft_overlap", args=[self.draft.id])
        return self.client.get(url, headers={"HX-Request": "true"})

    def told(self) -> bool:
        self.batch.refresh_from_db()
        return "found" in self.batch.opinions

    def test_its_verdict_and_its_reason_are_shown(self) -> None:
        self.server.script(structured=SAID)
        self.show()
        wait_until(self.told)
        page = self.show()
        self.assertContains(page, "You already have this card")
        self.assertContains(page, "says: the same, because")
        self.assertContains(page, REASON)
        # Once is enough, and nobody is asked about words that have changed since.
        asked = len(self.server.questions())
        Draft.objects.update(answer="the year 1216")
        self.assertNotContains(self.show(), REASON)
        self.assertEqual(len(self.server.questions()), asked)

    def test_a_failure_leaves_the_judges_word(self) -> None:
        self.server.script(status=500, times=5)
        self.show()
        wait_until(self.told)
        self.assertNotContains(self.show(), "<aside")

    def test_rules_drafts_and_unfinished_batches_ask_nobody(self) -> None:
        for fields in ({"model": ""}, {"status": DraftBatch.Status.WORKING}):
            batch = DraftBatch.objects.get(id=self.batch.id)
            for name, value in fields.items():
                setattr(batch, name, value)
            self.assertFalse(second_opinion.begin(batch, self.alice, timezone.now()))
        self.assertEqual(self.batch.opinions, {})

    def test_the_page_asks_again_while_a_model_is_at_work_and_not_for_ever(self) -> None:
        now = timezone.now()
        for age, again in ((5, True), (120, False)):
            since = (now - timedelta(seconds=age)).isoformat()
            opinions = {"run": str(self.batch.run), "since": since}
            DraftBatch.objects.update(opinions=opinions)
            self.assertEqual(b"load delay:2s" in self.show().content, again)
