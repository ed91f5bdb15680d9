"""The bin keeps deleted cards for thirty days; after that, or when told to, they go for good."""

import functools
import uuid
from datetime import datetime, timedelta
from unittest import mock

from django.utils import timezone

from accounts.models import User
from flashcards.cards import history, trash
from flashcards.cards.cards import delete_card, edit_card, get_card
from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import check
from flashcards.models import CardEdit, JournalEntry
from flashcards.store import cards, checkpoint_all, clear_cache, review_logs, status
from flashcards.tasks import purge_bin
from tests.base import TestCase
from tests.engines import looks_into_the_journal
from tests.factories import NOW, stored_card
from tests.flashcards.given_cards import answer

STEPS = ["checkpoint-read", "checkpoint-logs", "checkpoint-cards", "checkpoint-written"]


class BinTestCase(TestCase):
    def deleted(self, *, at: datetime = NOW, owner: User | None = None) -> Flashcard:
        user = owner or self.alice
        card = answer(stored_card(user), Rating.GOOD, now=NOW - timedelta(days=1))
        edit_card(owner_id=user.pk, card_id=card.id, question="Secret?", answer="Words", now=NOW)
        delete_card(owner_id=user.pk, card_id=card.id, now=at)
        return card

    def in_bin(self, text: str = "") -> list[uuid.UUID]:
        return [card.id for card in trash.cards_in_trash(owner_id=self.alice.pk, text=text)]


class EraseTests(BinTestCase):
    def erase(self, *cards: Flashcard) -> int:
        return trash.erase(owner_id=self.alice.pk, card_ids=[card.id for card in cards])

    def test_nobody_reads_an_erased_card_wherever_its_rows_are(self) -> None:
        for moved in (False, True):
            with self.subTest(moved=moved):
                card = self.deleted()
                if moved:
                    checkpoint_all()
                self.assertEqual(self.erase(card), 1)
                for _ in range(2):
                    found = cards.for_owner(self.alice).with_deleted()
                    logs = review_logs.for_owner(self.alice)
                    self.assertEqual(found.filter(id=card.id).count(), 0)
                    self.assertFalse(found.filter(id=card.id).exists())
                    self.assertEqual(len(found.columns("id")["id"]), 0)
                    self.assertEqual(logs.filter(flashcard_id=card.id).count(), 0)
                    self.assertEqual(list(logs.filter(flashcard_id=card.id)), [])
                    self.assertFalse(review_logs.all_owners().exists())
                    checkpoint_all()

    def test_its_rows_and_its_history_are_gone_after_the_checkpoint(self) -> None:
        card, kept = self.deleted(), self.deleted()
        checkpoint_all()
        self.erase(card)
        self.assertEqual(CardEdit.objects.filter(card_id=card.id).count(), 0)
        checkpoint_all()
        self.assertEqual([table.rows for table in status().tables], [1, 1])
        self.assertEqual(self.in_bin(), [kept.id])
        self.assertTrue(check.check().is_clean)

    def test_its_words_leave_the_journal_at_once(self) -> None:
        self.erase(self.deleted())
        left = str(list(JournalEntry.objects.values_list("card", "log")))
        self.assertNotIn("Secret", left)

    @looks_into_the_journal
    def test_a_checkpoint_that_dies_in_between_is_repeated(self) -> None:
        for step in STEPS:
            with self.subTest(step=step):
                card = self.deleted()
                checkpoint_all()
                self.erase(card)
                with (
                    mock.patch(
                        "flashcards.store.failpoints.reach",
                        side_effect=functools.partial(_die_at, step=step),
                    ),
                    self.assertRaises(RuntimeError),
                ):
                    checkpoint_all()
                clear_cache()
                self.assertEqual(self.in_bin(), [])
                checkpoint_all()
                self.assertEqual(self.in_bin(), [])
                self.assertTrue(check.check().is_clean)

    def test_only_what_is_in_the_bin_is_erased(self) -> None:
        alive = stored_card(self.alice)
        self.assertEqual(self.erase(alive), 0)
        get_card(owner_id=self.alice.pk, card_id=alive.id)

    def test_nobody_erases_the_card_of_another(self) -> None:
        theirs = self.deleted(owner=self.bob)
        self.assertEqual(self.erase(theirs), 0)
        self.assertEqual(trash.restore(owner_id=self.alice.pk, card_ids=[theirs.id]), [])
        self.assertEqual(len(trash.cards_in_trash(owner_id=self.bob.pk)), 1)
        self.assertEqual(len(history.edits_of(owner_id=self.bob.pk, card_id=theirs.id)), 1)


def _die_at(name: str, *, step: str) -> None:
    if name == step:
        raise RuntimeError(step)


class PurgeTests(BinTestCase):
    def test_thirty_days_and_no_less(self) -> None:
        now = timezone.now()
        old = self.deleted(at=now - timedelta(days=30))
        young = self.deleted(at=now - timedelta(days=29, hours=23))
        theirs = self.deleted(at=now - timedelta(days=99), owner=self.bob)
        checkpoint_all()
        purge_bin(timestamp=0)
        self.assertEqual(self.in_bin(), [young.id])
        self.assertFalse(cards.all_owners().with_deleted().filter(id__in=[old.id, theirs.id]))
        self.assertEqual(trash.purge(now=now), 0)


class PageTests(BinTestCase):
    url = "/cards/bin/"

    def setUp(self) -> None:
        self.log_in()

    def test_it_lists_what_was_deleted_and_finds_it_by_its_words(self) -> None:
        self.deleted(at=timezone.now() - timedelta(days=10))
        page = self.client.get(self.url)
        self.assertContains(page, "Secret?")
        self.assertContains(page, "20 days left")
        self.assertContains(self.client.get(self.url, {"q": "secret"}), "Secret?")
        self.assertContains(self.client.get(self.url, {"q": "zebra"}), "No deleted cards found")
        fragment = self.client.get(
            self.url, headers={"HX-Request": "true", "HX-Target": "trash-list"}
        )
        self.assertNotContains(fragment, "<html")

    def test_an_empty_bin_says_so(self) -> None:
        self.assertContains(self.client.get(self.url), "The trash is empty")

    def test_chosen_cards_come_back_just_as_they_were(self) -> None:
        one, two = self.deleted(), self.deleted()
        page = self.client.post(f"{self.url}restore/", {"card": [str(one.id)]}, follow=True)
        self.assertContains(page, "1 card restored.")
        self.assertEqual(self.in_bin(), [two.id])
        back = get_card(owner_id=self.alice.pk, card_id=one.id)
        self.assertEqual((back.stability, back.due), (one.stability, one.due))

    def test_all_that_were_found_come_back(self) -> None:
        self.deleted()
        stays = stored_card(self.alice, question="Other", deleted_at=NOW)
        self.client.post(f"{self.url}restore/", {"all": "1", "q": "secret"})
        self.assertEqual(self.in_bin(), [stays.id])

    def test_choosing_nothing_is_told(self) -> None:
        self.deleted()
        for way in ("restore", "erase"):
            page = self.client.post(f"{self.url}{way}/", {"card": ["no id"]}, follow=True)
            self.assertContains(page, "first.")
        self.assertEqual(len(self.in_bin()), 1)

    def test_for_good_is_asked_once_more(self) -> None:
        card = self.deleted()
        asked = self.client.post(f"{self.url}erase/", {"card": [str(card.id)]})
        self.assertContains(asked, "This cannot be undone.")
        self.assertEqual(len(self.in_bin()), 1)
        given = {"card": [str(card.id)], "sure": "1"}
        page = self.client.post(f"{self.url}erase/", given, follow=True)
        self.assertContains(page, "1 card deleted permanently.")
        self.assertContains(page, "The trash is empty")

    def test_nobody_sees_or_touches_the_bin_of_another(self) -> None:
        theirs = self.deleted(owner=self.bob)
        self.assertNotContains(self.client.get(self.url), "Secret?")
        given = {"card": [str(theirs.id)], "sure": "1"}
        for way in ("restore", "erase"):
            self.client.post(f"{self.url}{way}/", given)
        self.client.post(f"{self.url}erase/", given | {"all": "1"})
        self.assertEqual(len(trash.cards_in_trash(owner_id=self.bob.pk)), 1)

    def test_visitors_and_other_methods(self) -> None:
        self.assertEqual(self.client.get(f"{self.url}erase/").status_code, 405)
        self.assertEqual(self.client.get(f"{self.url}restore/").status_code, 405)
        self.assertEqual(self.client.post(self.url).status_code, 405)
        self.client.logout()
        self.assertEqual(self.client.get(self.url).status_code, 302)
        self.assertEqual(self.client.post(f"{self.url}erase/").status_code, 302)
