"""The browser's page: searched, sorted, its lines, its ids, and what is done to many cards."""

import uuid
from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from flashcards.cards import bulk_actions, decks
from flashcards.domain.records import Flashcard
from flashcards.models import BulkChange, Deck
from flashcards.store import cards
from tests.base import TestCase
from tests.factories import stored_card

URL = "/cards/"
CHANGE = "/cards/change/"
HTMX = {"HX-Request": "true", "HX-Target": "card-list"}


class _Page(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def now(self, card: Flashcard) -> Flashcard:
        return cards.for_owner(card.owner_id).with_deleted().get(id=card.id)


class SearchingTests(_Page):
    def test_a_search_that_is_not_understood_is_pointed_at_and_kept(self) -> None:
        stored_card(self.alice)
        response = self.client.get(URL, {"q": "cell dekc:Latin"})
        self.assertContains(response, "cell <mark>d</mark>ekc:Latin", status_code=422)
        self.assertContains(response, "Did you mean deck:?", status_code=422)
        self.assertContains(response, 'value="cell dekc:Latin"', status_code=422)

    def test_as_typed_only_the_problem_comes_and_the_list_stays(self) -> None:
        stored_card(self.alice)
        response = self.client.get(URL, {"q": "is:du"}, headers=HTMX)
        self.assertEqual(response.status_code, 422)
        self.assertEqual(response["HX-Retarget"], "#search-problem")
        self.assertNotContains(response, "<table", status_code=422)

    def test_what_is_still_being_typed_is_no_problem_yet(self) -> None:
        stored_card(self.alice)
        for text in ("deck:", '"cell', "cell or", "-", "(cell", "~"):
            with self.subTest(text):
                response = self.client.get(URL, {"q": text}, headers=HTMX)
                self.assertEqual(response["HX-Retarget"], "#search-problem")
                self.assertNotContains(response, "<p")
                self.assertEqual(self.client.get(URL, {"q": text}).status_code, 422)

    def test_it_sorts_by_a_column_and_says_so(self) -> None:
        for question in ("b", "a", "c"):
            stored_card(self.alice, question=question)
        response = self.client.get(URL, {"order": "question"})
        self.assertEqual([row.title for row in response.context["rows"]], ["a", "b", "c"])
        self.assertContains(response, 'aria-sort="ascending"')
        self.assertContains(response, "order=-question")
        response = self.client.get(URL, {"order": "-question"})
        self.assertEqual([row.title for row in response.context["rows"]], ["c", "b", "a"])

    def test_lines_of_a_page_come_alone_with_their_places(self) -> None:
        for _ in range(32):
            stored_card(self.alice)
        response = self.client.get(URL, {"page": "2", "lines": ""})
        self.assertEqual([row.at for row in response.context["rows"]], [30, 31])
        self.assertNotContains(response, "<table")
        self.assertContains(response, 'aria-rowindex="32"')

    def test_it_remembers_which_columns_were_chosen(self) -> None:
        stored_card(self.alice)
        self.client.post("/cards/columns/", {"columns": ["lapses", "added", "nonsense"]})
        shown = self.client.get(URL).context["columns"]
        self.assertEqual([column.label for column in shown], ["Lapses", "Added"])

    def test_without_any_column_there_are_the_usual_ones(self) -> None:
        stored_card(self.alice)
        self.client.post("/cards/columns/")
        self.assertEqual(len(self.client.get(URL).context["columns"]), 5)

    def test_ids_of_a_part_of_the_list(self) -> None:
        cards = [stored_card(self.alice, question=f"q{n}") for n in range(5)]
        stored_card(self.bob, question="q1")
        query: dict[str, str | int] = {"order": "question", "from": 1, "to": 3}
        ids = self.client.get("/cards/ids/", query).json()["ids"]
        self.assertEqual(ids, [str(card.id) for card in cards[1:4]])
        for wrong in ({"from": "x"}, {"q": "("}):
            self.assertEqual(self.client.get("/cards/ids/", wrong).status_code, 404)

    def test_completions_are_options_of_a_list(self) -> None:
        decks.create_deck(owner_id=self.alice.id, name="Latin <b>", now=timezone.now())
        response = self.client.get("/cards/complete/", {"q": "x deck:la", "at": "9"})
        self.assertContains(response, 'data-start="2" data-end="9"')
        self.assertContains(response, "Latin &lt;b&gt;")
        self.assertNotContains(self.client.get("/cards/complete/", {"q": "x", "at": "²"}), "role")


class ChangingTests(_Page):
    def post(self, *cards: Flashcard, headers: Any = None, **data: Any) -> Any:
        ids = ",".join(str(card.id) for card in cards)
        return self.client.post(CHANGE, {"ids": ids, **data}, headers=headers or {})

    def test_it_changes_what_is_selected_and_offers_to_undo_it(self) -> None:
        one, other = stored_card(self.alice), stored_card(self.alice)
        response = self.post(one, verb="tag", tag=" new  tag ", q="tag:x", order="due")
        self.assertRedirects(response, "/cards/?q=tag%3Ax&order=due", fetch_redirect_response=False)
        self.assertEqual((self.now(one).tags, self.now(other).tags), (("new tag",), ()))
        page = self.client.get(URL)
        self.assertContains(page, "1 card tagged “new tag”.")
        change = BulkChange.objects.get()
        undo = reverse("flashcards:undo_change", args=[change.id])
        self.assertContains(page, f'action="{undo}"')
        self.assertRedirects(self.client.post(undo), URL)
        self.assertEqual(self.now(one).tags, ())

    def test_ids_of_checkboxes_work_as_well(self) -> None:
        cards = [stored_card(self.alice) for _ in range(2)]
        ids = [str(card.id) for card in cards]
        self.client.post(CHANGE, {"verb": "suspend", "ids": ids})
        self.assertTrue(all(self.now(card).suspended for card in cards))

    def test_all_that_was_found_but_for_some(self) -> None:
        cards = [stored_card(self.alice, tags=("t",)) for _ in range(3)]
        other = stored_card(self.alice)
        spared = str(cards[0].id)
        self.client.post(CHANGE, {"verb": "delete", "all": "1", "q": "tag:t", "except": spared})
        gone = [self.now(card).deleted_at is not None for card in (*cards, other)]
        self.assertEqual(gone, [False, True, True, False])

    def test_htmx_gets_the_list_and_a_toast(self) -> None:
        card = stored_card(self.alice)
        response = self.post(card, verb="suspend", headers=HTMX)
        self.assertContains(response, 'id="card-list"')
        self.assertContains(response, "1 card suspended", count=1)
        self.assertIn("cards-changed", response["HX-Trigger"])

    def test_each_verb_takes_what_it_needs(self) -> None:
        for data in (
            {"verb": "untag", "tag": "a"},
            {"verb": "put_in", "deck": "Fresh::Deck"},
            {"verb": "take_out", "deck": "fresh::deck"},
            {"verb": "resume"},
            {"verb": "bury"},
            {"verb": "unbury"},
            {"verb": "flag", "flag": "3"},
            {"verb": "set_due", "days": "3"},
            {"verb": "reset"},
        ):
            with self.subTest(data["verb"]):
                response = self.post(stored_card(self.alice), **data)
                self.assertEqual(response.status_code, 302)
        self.assertEqual(Deck.objects.get(owner=self.alice).name, "Fresh::Deck")
        self.assertEqual(BulkChange.objects.count(), 9)

    def test_what_cannot_be_done_is_told_and_changes_nothing(self) -> None:
        decks.create_deck(owner_id=self.alice.id, name="Smart", search="is:new", now=timezone.now())
        card = stored_card(self.alice)
        for data, sentence in (
            ({"verb": "explode"}, "Choose an action."),
            ({"verb": "tag"}, "Enter a tag."),
            ({"verb": "put_in"}, "Enter the name of a deck."),
            ({"verb": "put_in", "deck": "Smart"}, "is a saved search"),
            ({"verb": "put_in", "deck": "a*"}, "cannot have a *"),
            ({"verb": "take_out", "deck": "Nowhere"}, "You have no deck"),
            ({"verb": "flag"}, "Choose a flag."),
            ({"verb": "set_due", "days": "-1"}, "in the past"),
            ({"verb": "set_due"}, "Enter a number of days."),
            ({"verb": "suspend", "ids": ""}, "Select some cards first."),
            ({"verb": "suspend", "all": "1", "q": "("}, "never closed"),
        ):
            with self.subTest(data):
                response = self.post(card, headers=HTMX, **data)
                self.assertContains(response, sentence, status_code=422)
                self.assertEqual(response["HX-Reswap"], "none")
        self.assertEqual(self.now(card), card)
        self.assertContains(self.post(card, verb="tag"), "Enter a tag.", status_code=422)

    def test_another_learners_cards_are_not_touched(self) -> None:
        theirs = stored_card(self.bob)
        self.post(theirs, verb="suspend")
        self.post(verb="suspend", all="1")
        self.assertFalse(self.now(theirs).suspended)

    def test_another_learner_neither_sees_nor_undoes_a_change(self) -> None:
        self.post(stored_card(self.alice), verb="suspend")
        change = BulkChange.objects.get()
        self.log_in(self.bob)
        self.assertEqual(self.client.post(f"{CHANGE}{change.id}/undo/").status_code, 404)
        self.assertEqual(self.client.get(f"{CHANGE}{change.id}/").status_code, 404)

    def test_a_second_undo_says_that_it_was_undone(self) -> None:
        self.post(stored_card(self.alice), verb="suspend")
        url = f"{CHANGE}{BulkChange.objects.get().id}/undo/"
        self.client.post(url)
        self.assertContains(self.client.post(url, follow=True), "undone already")

    def test_many_cards_show_their_progress_until_the_worker_is_done(self) -> None:
        cards = [stored_card(self.alice) for _ in range(3)]
        with mock.patch.object(bulk_actions, "AT_ONCE_CARDS", 2):
            response = self.post(*cards, verb="suspend", headers=HTMX)
            change = BulkChange.objects.get()
            url = f"{CHANGE}{change.id}/"
            self.assertContains(response, f'hx-get="{url}"')
            self.assertContains(response, "0 of 3")
            bulk_actions.run(change_id=change.id, clock=timezone.now)
        done = self.client.get(url, headers=HTMX)
        self.assertContains(done, "3 cards suspended")
        self.assertIn("bulk-done", done["HX-Trigger"])
        self.assertNotContains(done, "hx-get")
        self.assertRedirects(self.client.get(url), URL)

    def test_visitors_and_wrong_methods_are_turned_away(self) -> None:
        change = f"{CHANGE}{uuid.uuid4()}/"
        for url, method in (
            ("/cards/ids/", "get"),
            ("/cards/complete/", "get"),
            ("/cards/columns/", "post"),
            (CHANGE, "post"),
            (change, "get"),
            (f"{change}undo/", "post"),
        ):
            with self.subTest(url):
                other = "post" if method == "get" else "get"
                self.assertEqual(getattr(self.client, other)(url).status_code, 405)
                self.client.logout()
                response = getattr(self.client, method)(url)
                self.assertRedirects(
                    response, f"/accounts/login/?next={url}", fetch_redirect_response=False
                )
                self.log_in()
