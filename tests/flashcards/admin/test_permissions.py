"""Who may see what of the store in the admin."""

import uuid
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from flashcards.models import JournalEntry
from flashcards.store import cards, review_logs
from flashcards.store.maintenance import checkpoint
from tests.flashcards.admin import admin_pages
from tests.flashcards.admin.admin_pages import AdminTestCase
from tests.flashcards.given_cards import answer, give_cards


class TestWhoMaySee(AdminTestCase):
    def setUp(self) -> None:
        self.card = give_cards(self.alice)[0]
        answer(self.card, now=timezone.now())
        self.log_id = review_logs.for_owner(self.alice).get().id

    def pages(self) -> dict[str, str]:
        return {
            "cards": reverse(admin_pages.CARDS),
            "card": reverse(admin_pages.CARD, args=[self.card.id]),
            "delete": reverse(admin_pages.DELETE, args=[self.card.id]),
            "logs": reverse(admin_pages.LOGS),
            "log": reverse(admin_pages.LOG, args=[self.log_id]),
            "store": reverse(admin_pages.STORE),
            "journal": reverse(admin_pages.JOURNAL),
            "drafts": reverse(admin_pages.DRAFTS),
        }

    def allowed(self) -> set[str]:
        """Return the names of the pages that answer; the others must refuse."""
        statuses = {name: self.client.get(url).status_code for name, url in self.pages().items()}
        self.assertLessEqual(set(statuses.values()), {200, 403}, statuses)
        return {name for name, status in statuses.items() if status == 200}

    def test_it_asks_who_is_anonymous_to_log_in(self) -> None:
        for url in self.pages().values():
            self.assert_login_wanted(url)

    def test_it_asks_a_learner_to_log_in_as_somebody_else(self) -> None:
        self.log_in(self.alice)
        for url in self.pages().values():
            self.assert_login_wanted(url)

    def test_it_refuses_staff_without_permission(self) -> None:
        self.permit()
        self.assertEqual(self.allowed(), set())

    def test_it_shows_cards_to_staff_who_may_view_them(self) -> None:
        self.permit("view_storedflashcard")
        self.assertEqual(self.allowed(), {"cards", "card"})
        response = self.client.get(reverse(admin_pages.CARD, args=[self.card.id]))
        self.assertNotContains(response, 'name="_save"')
        self.assertNotContains(response, 'name="question"')

    def test_it_lets_staff_who_may_delete_cards_do_so(self) -> None:
        self.permit("view_storedflashcard", "delete_storedflashcard")
        self.assertEqual(self.allowed(), {"cards", "card", "delete"})

    def test_it_shows_logs_to_staff_who_may_view_them_but_not_the_cards_words(self) -> None:
        self.permit("view_storedreviewlog")
        self.assertEqual(self.allowed(), {"logs", "log"})
        for name in ("logs", "log"):
            self.assertNotContains(self.client.get(self.pages()[name]), "capital of France")

    def test_it_finds_no_reviews_by_the_words_of_cards_that_staff_may_not_see(self) -> None:
        self.permit("view_storedreviewlog")
        self.assertEqual(self.listed(admin_pages.LOGS, q="France"), [])
        self.permit("view_storedreviewlog", "view_storedflashcard")
        self.assertEqual(self.listed(admin_pages.LOGS, q="France"), [self.log_id])

    def test_it_shows_the_store_to_staff_who_may_view_it(self) -> None:
        self.permit("view_storeversions")
        self.assertEqual(self.allowed(), {"store"})
        self.assertNotContains(self.client.get(self.pages()["store"]), "Checkpoint now")

    def test_it_keeps_the_journal_from_staff_with_every_permission(self) -> None:
        self.permit("view_journalentry", "change_journalentry", "delete_journalentry")
        self.assertEqual(self.allowed(), set())

    def test_it_shows_everything_to_a_superuser(self) -> None:
        self.log_in(self.charlie)
        self.assertEqual(self.allowed(), set(self.pages()))

    def test_nobody_adds_or_changes_what_is_only_to_be_looked_at(self) -> None:
        self.log_in(self.charlie)
        entry = JournalEntry.objects.create(owner_id=self.alice.pk, kind=JournalEntry.Kind.BATCH)
        for url in (
            reverse("admin:flashcards_storedflashcard_add"),
            reverse("admin:flashcards_storedreviewlog_add"),
            reverse("admin:flashcards_storedreviewlog_delete", args=[self.log_id]),
            reverse("admin:flashcards_journalentry_add"),
            reverse("admin:flashcards_journalentry_delete", args=[entry.pk]),
            reverse("admin:flashcards_draftbatch_add"),
        ):
            self.assertEqual(self.client.get(url).status_code, 403, url)
        url = reverse("admin:flashcards_journalentry_change", args=[entry.pk])
        self.assertEqual(self.client.post(url, {"kind": "erase_owner"}).status_code, 403)
        self.assertEqual(self.client.post(self.pages()["log"], {"rating": "1"}).status_code, 403)

    def test_every_page_is_under_the_strict_policy_with_nothing_inline(self) -> None:
        self.log_in(self.charlie)
        for url in self.pages().values():
            response = self.client.get(url)
            self.assertIn("script-src 'self'", response.headers["Content-Security-Policy"])
            self.assertNotContains(response, "style=")
            self.assertNotContains(response, "<script>")


class TestDeletingUsers(AdminTestCase):
    def setUp(self) -> None:
        for user in (self.alice, self.bob, self.dana):
            card = give_cards(user, now=timezone.now() - timedelta(hours=1))[0]
            answer(card, now=timezone.now())
        self.log_in(self.charlie)

    def owners(self) -> set[uuid.UUID]:
        return {card.owner_id for card in cards.all_owners().with_deleted()}

    def test_it_erases_a_deleted_users_cards_in_both_stores(self) -> None:
        checkpoint.run()
        url = reverse("admin:accounts_user_delete", args=[self.alice.pk])
        self.assertEqual(self.client.get(url).status_code, 200)
        self.assertRedirects(
            self.client.post(url, {"post": "yes"}), reverse("admin:accounts_user_changelist")
        )
        self.assertEqual(self.owners(), {self.bob.pk, self.dana.pk})
        checkpoint.run()
        self.assertEqual(JournalEntry.objects.count(), 0)
        self.assertEqual(self.owners(), {self.bob.pk, self.dana.pk})

    def test_it_erases_the_cards_of_users_deleted_in_bulk(self) -> None:
        checkpoint.run()
        url = reverse("admin:accounts_user_changelist")
        data = {
            "action": "delete_selected",
            "_selected_action": [str(self.alice.pk), str(self.bob.pk)],
            "post": "yes",
        }
        self.assertRedirects(self.client.post(url, data), url)
        self.assertEqual(self.owners(), {self.dana.pk})
        self.assertEqual(
            set(self.listed(admin_pages.CARDS)),
            {c.id for c in cards.for_owner(self.dana)},
        )
        checkpoint.run()
        self.assertEqual(self.owners(), {self.dana.pk})
