"""One card in the admin: look, edit, bin and restore, each through the services."""

import uuid
from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from chat.conversations.conversations import start_conversation
from flashcards.cards.cards import count_cards, delete_card
from flashcards.domain.records import Flashcard, Kind, NewCard, Source
from flashcards.models import JournalEntry
from flashcards.store import cards
from flashcards.store.maintenance import checkpoint
from tests.engines import InLanceDB
from tests.flashcards.admin.admin_pages import CARD, CARDS, DELETE, LOGS, RESTORE, AdminTestCase
from tests.flashcards.given_cards import answer, give_cards


class CardTestCase(AdminTestCase):
    def setUp(self) -> None:
        (self.card,) = give_cards(self.alice)
        checkpoint.run()
        self.log_in(self.charlie)

    def now_stored(self) -> Flashcard:
        return cards.all_owners().with_deleted().get(id=self.card.id)

    def save(self, **changes: str) -> Any:
        data = {"question": self.card.question, "answer": "Paris", "extra": "", "tags": ""}
        return self.client.post(reverse(CARD, args=[self.card.id]), {**data, **changes})


class TestDetail(CardTestCase):
    def test_it_shows_a_card_and_leads_to_its_owner_logs_and_message(self) -> None:
        message = start_conversation(self.alice, "Rome is the capital of Italy.")
        source = Source(message.id, 0, 4, "")
        (card,) = give_cards(self.alice, NewCard(question="Which?", answer="Rome", source=source))
        answer(card, now=timezone.now())
        response = self.client.get(reverse(CARD, args=[card.id]))
        for url in (
            reverse("admin:accounts_user_change", args=[self.alice.pk]),
            reverse("admin:chat_message_change", args=[message.id]),
            f"{reverse(LOGS)}?card={card.id}",
        ):
            self.assertContains(response, f'href="{url}"')
        self.assertContains(response, "one row in the log")
        self.assertContains(response, "characters 0 to 4 of the message")

    def test_a_user_and_a_message_lead_to_their_cards(self) -> None:
        message = start_conversation(self.alice, "Rome is the capital of Italy.")
        for name, pk, query in (
            ("admin:accounts_user_change", self.alice.pk, "owner=alice%40example.org"),
            ("admin:chat_message_change", message.id, f"message={message.id}"),
        ):
            link = f'href="{reverse(CARDS)}?{query}"'
            self.log_in(self.charlie)
            self.assertContains(self.client.get(reverse(name, args=[pk])), link)
            self.permit("view_user", "view_message")
            self.assertNotContains(self.client.get(reverse(name, args=[pk])), link)

    def test_an_unknown_id_leads_to_the_index_as_django_does(self) -> None:
        for object_id in (str(uuid.uuid4()), "not-an-id"):
            for name in (CARD, DELETE):
                response = self.client.get(reverse(name, args=[object_id]))
                self.assertRedirects(response, reverse("admin:index"))
            response = self.client.post(reverse(RESTORE, args=[object_id]))
            self.assertRedirects(response, reverse("admin:index"))

    def test_its_history_can_be_read(self) -> None:
        self.save(answer="Paris, on the Seine")
        url = reverse("admin:flashcards_storedflashcard_history", args=[self.card.id])
        self.assertContains(self.client.get(url), "Changed answer.")


class TestJournal(InLanceDB, CardTestCase):
    def test_each_change_is_an_entry_and_nothing_else_is(self) -> None:
        self.save()
        self.assertEqual(JournalEntry.objects.count(), 0)
        self.save(suspended="on")
        self.assertEqual(JournalEntry.objects.count(), 1)
        # The words with the tags, and the suspension.
        self.save(question="What is the capital?", tags="geo")
        self.assertEqual(JournalEntry.objects.filter(card_id=self.card.id).count(), 3)


class TestEdit(CardTestCase):
    def test_it_edits_a_card_as_its_owner_would(self) -> None:
        response = self.save(
            question="What is\r\nthe capital?", extra="On the Seine", tags="geo, europe, geo",
            suspended="on",
        )  # fmt: skip
        self.assertRedirects(response, reverse(CARDS))
        after = self.now_stored()
        self.assertEqual(after.question, "What is\nthe capital?")
        self.assertEqual(after.extra, "On the Seine")
        self.assertEqual(after.tags, ("geo", "europe"))
        self.assertTrue(after.suspended)
        self.assertEqual(after.owner_id, self.alice.pk)
        self.assertEqual(after.due, self.card.due)

    def test_it_changes_only_what_was_changed(self) -> None:
        self.save()
        self.assertEqual(self.now_stored(), self.card)
        self.save(suspended="on")
        self.assertTrue(self.now_stored().suspended)
        self.assertEqual(self.now_stored().edited_at, self.card.edited_at)

    def test_it_keeps_what_was_typed_when_a_card_cannot_be_so(self) -> None:
        for changes, error in (
            ({"question": " "}, "Write the question."),
            ({"answer": ""}, "Write the answer."),
            ({"question": "x" * 1_001}, "at most 1000 characters"),
            ({"tags": "x" * 301}, "300 characters at most"),
        ):
            response = self.save(**{"extra": "typed by hand", **changes})
            self.assertContains(response, error)
            self.assertContains(response, "typed by hand")
        self.assertEqual(self.now_stored(), self.card)

    def test_a_gap_is_kept_in_a_card_that_hides_one(self) -> None:
        (cloze,) = give_cards(self.bob, NewCard(question="{{c1::Rome}} it is.", kind=Kind.CLOZE))
        url = reverse(CARD, args=[cloze.id])
        data = {"question": "Rome it is.", "answer": "", "extra": "", "tags": ""}
        self.assertContains(self.client.post(url, data), "no gap in it yet")
        data["question"] = "{{c1::Roma}} it is."
        self.assertRedirects(self.client.post(url, data), reverse(CARDS))

    def test_staff_who_may_change_cards_edit_them(self) -> None:
        self.permit("change_storedflashcard")
        self.save(answer="Lutetia")
        self.assertEqual(self.now_stored().answer, "Lutetia")

    def test_staff_who_may_only_look_change_nothing(self) -> None:
        self.permit("view_storedflashcard")
        self.assertEqual(self.save(answer="Lutetia").status_code, 403)
        self.assertEqual(self.now_stored(), self.card)

    def test_the_admins_log_keeps_none_of_the_learners_words(self) -> None:
        self.save(question="What is the secret?", tags="private")
        entry = LogEntry.objects.get()
        self.assertNotIn("secret", entry.object_repr + entry.change_message)
        self.assertNotIn("private", entry.object_repr + entry.change_message)


class TestBin(CardTestCase):
    def delete(self) -> Any:
        return self.client.post(reverse(DELETE, args=[self.card.id]), {"post": "yes"})

    def restore(self) -> Any:
        return self.client.post(reverse(RESTORE, args=[self.card.id]))

    def test_it_asks_before_it_puts_a_card_into_the_bin(self) -> None:
        response = self.client.get(reverse(DELETE, args=[self.card.id]))
        self.assertContains(response, "It can be restored.")
        self.assertContains(response, self.card.question)
        self.assertIsNone(self.now_stored().deleted_at)

    def test_it_puts_a_card_into_the_bin_and_takes_it_out_again(self) -> None:
        self.assertRedirects(self.delete(), reverse(CARDS))
        self.assertIsNotNone(self.now_stored().deleted_at)
        self.assertEqual(count_cards(owner_id=self.alice.pk), 0)
        response = self.client.get(reverse(CARD, args=[self.card.id]))
        self.assertContains(response, "Restore from the trash")
        self.assertNotContains(response, 'name="_save"')
        self.assertRedirects(self.restore(), reverse(CARD, args=[self.card.id]))
        self.assertEqual(self.now_stored(), self.card)
        self.assertNotContains(
            self.client.get(reverse(CARD, args=[self.card.id])), "Restore from the trash"
        )

    def test_what_is_in_the_bin_is_neither_edited_nor_deleted_again(self) -> None:
        self.delete()
        self.assertEqual(self.save(answer="Lutetia").status_code, 403)
        self.assertEqual(self.delete().status_code, 403)
        self.assertEqual(self.now_stored().answer, "Paris")

    def test_restoring_a_card_that_is_not_in_the_bin_changes_nothing(self) -> None:
        self.restore()
        self.assertEqual(JournalEntry.objects.count(), 0)

    def test_a_card_is_restored_by_post_only(self) -> None:
        self.assertEqual(self.client.get(reverse(RESTORE, args=[self.card.id])).status_code, 405)

    def test_staff_who_may_not_delete_cards_neither_bin_nor_restore_them(self) -> None:
        self.permit("view_storedflashcard", "change_storedflashcard")
        self.assertEqual(self.delete().status_code, 403)
        delete_card(owner_id=self.alice.pk, card_id=self.card.id, now=timezone.now())
        self.assertEqual(self.restore().status_code, 403)
        self.assertNotContains(
            self.client.get(reverse(CARD, args=[self.card.id])), "Restore from the trash"
        )
        self.assertIsNotNone(self.now_stored().deleted_at)


class TestBulk(AdminTestCase):
    def setUp(self) -> None:
        self.cards = [*give_cards(self.alice), *give_cards(self.bob)]
        checkpoint.run()
        self.other = give_cards(self.alice)[0]
        self.log_in(self.charlie)

    def act(self, action: str, *cards: Flashcard, **parameters: str) -> str:
        """Choose an action for some cards; return what the page then says."""
        data = {"action": action, "_selected_action": [str(card.id) for card in cards]}
        response = self.client.post(reverse(CARDS), {**data, **parameters}, follow=True)
        self.assertEqual(response.status_code, 200)
        return " ".join(str(message) for message in response.context["messages"])

    def stored(self) -> dict[uuid.UUID, Flashcard]:
        return {card.id: card for card in cards.all_owners().with_deleted()}

    def test_it_suspends_cards_and_lets_them_back(self) -> None:
        self.assertEqual(self.act("suspend_cards", *self.cards), "2 flashcards were suspended.")
        self.assertEqual(
            {card.id for card in self.stored().values() if card.suspended},
            {card.id for card in self.cards},
        )
        said = self.act("resume_cards", self.cards[0], self.other)
        self.assertEqual(said, "One flashcard was let back into review.")
        self.assertFalse(self.stored()[self.cards[0].id].suspended)

    def test_it_puts_cards_into_the_bin_and_restores_them(self) -> None:
        self.assertEqual(
            self.act("delete_cards", *self.cards), "2 flashcards were moved to the trash."
        )
        self.assertEqual(count_cards(owner_id=self.bob.pk), 0)
        self.assertEqual(count_cards(owner_id=self.alice.pk), 1)
        said = self.act("restore_cards", *self.cards)
        self.assertEqual(said, "2 flashcards were restored from the trash.")
        for card in self.cards:
            self.assertEqual(self.stored()[card.id], card)

    def test_it_acts_on_all_that_the_filters_leave_when_asked_for_all(self) -> None:
        url = f"{reverse(CARDS)}?owner=alice%40example.org"
        data = {"action": "suspend_cards", "select_across": "1", "index": "0"}
        data["_selected_action"] = str(self.other.id)
        self.client.post(url, data)
        suspended = {card.id for card in self.stored().values() if card.suspended}
        self.assertEqual(suspended, {self.cards[0].id, self.other.id})

    def test_it_says_when_nothing_changed(self) -> None:
        before = JournalEntry.objects.count()
        self.assertEqual(self.act("resume_cards", *self.cards), "That changed nothing.")
        unknown = {"_selected_action": [str(uuid.uuid4()), "nonsense"]}
        response = self.client.post(
            reverse(CARDS), {"action": "delete_cards", **unknown}, follow=True
        )
        self.assertContains(response, "That changed nothing.")
        self.assertEqual(JournalEntry.objects.count(), before)

    def test_the_admins_log_names_each_card(self) -> None:
        self.act("delete_cards", *self.cards)
        logged = {entry.object_id for entry in LogEntry.objects.all()}
        self.assertEqual(logged, {str(card.id) for card in self.cards})

    def test_staff_are_offered_what_they_may_do(self) -> None:
        for codename, expected in (
            ("view_storedflashcard", set()),
            ("change_storedflashcard", {"suspend_cards", "resume_cards"}),
            ("delete_storedflashcard", {"delete_cards", "restore_cards"}),
        ):
            self.permit("view_storedflashcard", *{codename} - {"view_storedflashcard"})
            form = self.client.get(reverse(CARDS)).context["action_form"]
            offered = {name for name, _ in form.fields["action"].choices if name} if form else set()
            self.assertEqual(offered, expected)
        self.permit("view_storedflashcard")
        self.act("delete_cards", *self.cards)
        self.assertEqual(count_cards(owner_id=self.bob.pk), 1)
