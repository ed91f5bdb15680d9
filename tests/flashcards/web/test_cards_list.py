"""GET /cards/: what a learner has, found as they type."""

from datetime import timedelta

from django.test import SimpleTestCase
from django.urls import resolve
from django.utils import timezone

from flashcards.cards.cards import set_suspended
from flashcards.domain.records import NewCard, Rating
from tests.base import TestCase
from tests.engines import counts_queries
from tests.flashcards.given_cards import answer, give_cards, give_many

URL = "/cards/"
AS_TYPED = {"HX-Request": "true", "HX-Target": "card-list"}


class CardListTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def titles(self, **query: str | int) -> list[str]:
        return [row.title for row in self.client.get(URL, query).context["rows"]]

    def test_it_lists_the_newest_first(self) -> None:
        give_many(self.alice, 3)
        self.assertEqual(
            self.titles(), ["What is 3 times 7?", "What is 2 times 7?", "What is 1 times 7?"]
        )

    def test_every_word_must_occur_on_either_side(self) -> None:
        give_cards(
            self.alice,
            NewCard(question="Capital of France?", answer="Paris"),
            NewCard(question="Capital of Chile?", answer="Santiago"),
        )
        self.assertEqual(self.titles(q="capital PARIS"), ["Capital of France?"])
        self.assertEqual(self.titles(q="capital paris santiago"), [])

    def test_nothing_found_says_so_and_leads_back(self) -> None:
        give_cards(self.alice)
        response = self.client.get(URL, {"q": "xyzzy"})
        self.assertContains(response, "No cards found")
        self.assertContains(response, "Show all 1")

    def test_a_learner_without_cards_is_shown_the_way_to_the_first(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, "No cards yet")
        self.assertNotContains(response, 'id="cards-q"')

    def test_signs_that_mean_something_to_a_database_mean_nothing_here(self) -> None:
        give_cards(self.alice, NewCard(question="100 % of 'it' \\ _", answer="A"))
        for text in ("%", "'it'", "\\", "_", "100 %"):
            with self.subTest(text):
                self.assertEqual(len(self.titles(q=text)), 1)
        for text in ("%%", "' or 1=1 --", "\x00\x00zz"):
            with self.subTest(text):
                self.assertEqual(self.titles(q=text), [])

    def test_htmx_gets_the_list_only(self) -> None:
        give_cards(self.alice)
        response = self.client.get(URL, {"q": "france"}, headers=AS_TYPED)
        self.assertContains(response, '<div id="card-list">')
        self.assertNotContains(response, "<html")

    def test_it_shows_thirty_a_page_and_keeps_the_search(self) -> None:
        give_many(self.alice, 31)
        response = self.client.get(URL, {"q": "times"})
        self.assertEqual(len(response.context["rows"]), 30)
        self.assertContains(response, 'href="/cards/?q=times&amp;page=2"')
        self.assertEqual(len(self.titles(q="times", page=2)), 1)
        self.assertEqual(self.titles(q="times", page=2, order="-added"), ["What is 1 times 7?"])

    def test_a_page_that_is_none_shows_one_that_is(self) -> None:
        give_cards(self.alice)
        for page in ("0", "99", "x", "-1"):
            with self.subTest(page):
                self.assertEqual(len(self.titles(page=page)), 1)

    def test_it_says_when_a_card_is_due(self) -> None:
        now = timezone.now()
        first, second, third, _ = give_many(self.alice, 4)
        answer(first, Rating.EASY, now=now)
        answer(second, Rating.GOOD, now=now - timedelta(hours=1))
        set_suspended(owner_id=self.alice.id, card_id=third.id, suspended=True)
        rows = {row.card.id: row for row in self.client.get(URL).context["rows"]}
        self.assertRegex(rows[first.id].due, r"^in \d+ days$")
        self.assertEqual((rows[second.id].due, rows[second.id].state), ("now", "learning"))
        self.assertEqual(rows[third.id].state, "suspended")
        self.assertContains(self.client.get(URL), "new")

    def test_another_learners_cards_are_not_there(self) -> None:
        give_cards(self.bob)
        self.assertEqual(self.titles(), [])

    def test_it_takes_no_post(self) -> None:
        self.assertEqual(self.client.post(URL).status_code, 405)

    def test_it_sends_a_visitor_to_the_log_in_page(self) -> None:
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )

    @counts_queries
    def test_it_costs_the_same_with_many_cards(self) -> None:
        give_many(self.alice, 10)
        self.client.get(URL)
        # Session, user, decks, the journal, study settings, and whether a change is under way.
        with self.assertNumQueries(6):
            self.client.get(URL)
        give_many(self.alice, 30)
        with self.assertNumQueries(6):
            self.client.get(URL)


class RouteTests(SimpleTestCase):
    def test_the_words_new_and_preview_are_no_card_ids(self) -> None:
        self.assertEqual(resolve("/cards/new/").url_name, "new_card")
        self.assertEqual(resolve("/cards/preview/").url_name, "preview_card")
