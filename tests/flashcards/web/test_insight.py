"""/insight/: which cards over which span, what is wrong with a search, and an empty page."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from flashcards import store
from flashcards.cards import decks
from flashcards.domain.records import Rating
from flashcards.insight.spans import Span
from flashcards.models import Deck
from flashcards.review.learner import Learner
from flashcards.web.pages import insight_page
from tests.base import TestCase
from tests.engines import counts_queries
from tests.flashcards.given_cards import PLAIN, answer, give_cards, give_many

URL = "/insight/"
HTMX = {"HX-Request": "true", "HX-Target": "insight"}


class InsightTestCase(TestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        self.log_in()

    def give_reviews(self, number: int = 3) -> None:
        for card in give_many(self.alice, number):
            answer(card, now=self.now)

    def deck(self, name: str = "Latin", **fields: Any) -> Deck:
        return decks.create_deck(owner_id=self.alice.id, name=name, now=self.now, **fields)


class PageTests(InsightTestCase):
    def test_it_is_for_who_is_logged_in_and_takes_no_form(self) -> None:
        self.assertEqual(self.client.post(URL).status_code, 405)
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )

    def test_without_cards_and_without_reviews_it_says_what_to_do(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, "Nothing to show yet")
        self.assertContains(response, reverse("chat:home"))
        give_cards(self.alice)
        self.assertContains(
            self.client.get(URL),
            f'class="button button--primary" href="{reverse("flashcards:review")}"',
        )

    def test_the_rail_leads_there(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, 'href="/insight/" aria-current="page"')
        self.assertContains(response, 'data-go="i"')

    def test_htmx_gets_what_changes_alone(self) -> None:
        self.give_reviews()
        response = self.client.get(URL, {"span": "year"}, headers=HTMX)
        self.assertTrue(response.content.decode().strip().startswith('<div id="insight"'))


class ChoiceTests(InsightTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.give_reviews()

    def test_a_deck_and_a_span_are_kept_in_every_link(self) -> None:
        deck = self.deck()
        key = f"deck:{deck.id}"
        response = self.client.get(URL, {"of": key, "span": "year"})
        self.assertContains(response, f'<option value="{key}" selected>Latin</option>', html=True)
        kept = f"of=deck%3A{deck.id}"
        self.assertContains(
            response, f'<a href="/insight/?{kept}&amp;span=year" aria-current="page">'
        )
        self.assertContains(response, f'href="/insight/?{kept}&amp;span=all"')
        # The usual span is not named.
        self.assertContains(response, f'href="/insight/?{kept}"')

    def test_a_search_is_written_once_and_kept_as_the_scope(self) -> None:
        response = self.client.get(URL, {"of": "search", "search": " tag:verbs "})
        self.assertContains(response, 'value="tag:verbs"')
        self.assertContains(response, "?of=search%3Atag%3Averbs")
        self.assertEqual(self.client.get(URL, {"of": "search:tag:verbs"}).status_code, 200)

    def test_a_search_that_does_not_parse_is_told_in_a_sentence(self) -> None:
        response = self.client.get(URL, {"of": "search", "search": "is:odd <b>"}, headers=HTMX)
        self.assertContains(response, 'role="alert"', status_code=422)
        self.assertContains(response, "is:odd &lt;b&gt;", status_code=422)
        self.assertContains(response, 'aria-describedby="insight-problem"', status_code=422)

    def test_a_search_without_words_asks_for_them(self) -> None:
        response = self.client.get(URL, {"of": "search", "search": ""})
        self.assertContains(response, "Write what to search for")
        self.assertContains(response, "autofocus")

    def test_nobody_elses_deck_and_no_deck_at_all(self) -> None:
        bobs = decks.create_deck(owner_id=self.bob.id, name="Secret", now=self.now)
        for key in (f"deck:{bobs.id}", "deck:", "deck:x", "nonsense", "deck:\x00", "é" * 5_000):
            response = self.client.get(URL, {"of": key})
            self.assertContains(response, "This deck no longer exists.", status_code=422)
            self.assertNotContains(response, "Secret", status_code=422)

    def test_an_unknown_span_is_the_usual_one(self) -> None:
        response = self.client.get(URL, {"span": "decade"})
        self.assertContains(response, 'aria-current="true">3 months</a>')

    def test_of_many_decks_the_first_are_listed_and_the_chosen_one(self) -> None:
        Deck.objects.bulk_create(
            Deck(owner=self.alice, name=f"Deck {n:03}", created_at=self.now + timedelta(n))
            for n in range(250)
        )
        last = Deck.objects.get(name="Deck 249")
        response = self.client.get(URL, {"of": f"deck:{last.id}"})
        self.assertContains(response, "<option", 1 + 200 + 1 + 1)
        self.assertContains(response, "Deck 249")


class DeckLinksTests(InsightTestCase):
    def test_the_decks_page_leads_to_a_decks_statistics(self) -> None:
        deck = self.deck("Latin::Verbs")
        (card,) = give_cards(self.alice)
        decks.set_decks(owner_id=self.alice.id, card_id=card.id, deck_ids=[deck.id])
        response = self.client.get("/decks/")
        self.assertContains(response, f"/insight/?of=deck:{deck.id}")
        # "Latin" is a name above it, and no deck.
        self.assertContains(response, "/insight/?of=search:deck%3ALatin")


class ChartTests(InsightTestCase):
    """Each chart by itself, through the whole stack."""

    def setUp(self) -> None:
        super().setUp()
        self.latin = self.deck()
        self.smart = self.deck("Forgotten", search="prop:lapses>0")
        cards = give_cards(self.alice, *[PLAIN] * 3, now=self.now - timedelta(days=29))
        decks.set_decks(owner_id=self.alice.id, card_id=cards[0].id, deck_ids=[self.latin.id])
        for card in cards:
            known = answer(card, Rating.EASY, now=self.now - timedelta(days=28))
            known = answer(known, Rating.AGAIN, now=self.now - timedelta(days=9))
            known = answer(known, now=self.now - timedelta(days=8))
            answer(known, now=self.now)

    def get(self, name: str, **asked: str) -> Any:
        return self.client.get(f"/insight/chart/{name}/", asked, headers={"HX-Request": "true"})

    def test_every_chart_for_every_scope_and_span(self) -> None:
        scopes = ("all", f"deck:{self.latin.id}", f"deck:{self.smart.id}", "search:capital")
        for name, chart in insight_page.CHARTS.items():
            for number, scope in enumerate(scopes):
                span = list(Span)[number]
                with self.subTest(name, of=scope, span=span):
                    response = self.get(name, of=scope, span=span.value)
                    self.assertContains(response, f"<h3>{chart.title}</h3>")
                    self.assertContains(response, f'id="chart-{name}"')
                    self.assertContains(response, "<svg")
                    self.assertContains(response, "As a table")
                    # It came: it is not asked for again.
                    self.assertNotContains(response, "hx-trigger")

    def test_the_bars_lead_to_their_cards(self) -> None:
        response = self.get("reviews", of=f"deck:{self.latin.id}", span="month")
        today = Learner.read(self.alice.id).settings.day.of(self.now)
        url = f"/cards/?q=deck%3ALatin+rated%3A{today}"
        self.assertContains(response, f'href="{url}" class="chart-item"')
        found = self.client.get(url)
        self.assertEqual(found.context["found"], 1)

    def test_the_step_is_chosen(self) -> None:
        response = self.get("reviews", span="quarter", step="week")
        self.assertContains(response, 'aria-current="true">Weeks</a>')
        self.assertContains(response, "/insight/chart/reviews/?step=month")
        self.assertContains(self.get("reviews", step="fortnight"), 'aria-current="true">Days</a>')
        # A year by days would be too many bars.
        response = self.get("reviews", span="year", step="day")
        self.assertContains(response, 'aria-current="true">Weeks</a>')

    def test_new_cards_have_the_steps_of_the_time_since_they_were_added(self) -> None:
        give_cards(self.alice, now=self.now - timedelta(days=800))
        response = self.get("new", span="all", step="day")
        self.assertContains(response, 'aria-current="true">Months</a>')
        self.assertNotContains(response, ">Days</a>")

    def test_the_log_is_not_read_for_what_the_totals_and_the_cards_say(self) -> None:
        with mock.patch.object(store, "answers", side_effect=AssertionError):
            self.assertContains(self.client.get(URL), "3 reviews in 12 seconds")
            self.assertContains(self.get("reviews", span="all"), "<svg")
            self.assertContains(
                self.get("difficulty", of=f"deck:{self.latin.id}", span="all"), "<svg"
            )

    def test_of_all_time_the_calendar_shows_the_year_that_is_chosen(self) -> None:
        (old,) = give_cards(self.alice, now=self.now - timedelta(days=800))
        answer(old, now=self.now - timedelta(days=800))
        year = (self.now - timedelta(days=800)).year
        response = self.get("calendar", span="all")
        self.assertContains(response, 'aria-current="true">12 months</a>')
        self.assertContains(response, f"/insight/chart/calendar/?span=all&amp;year={year}")
        response = self.get("calendar", span="all", year=str(year))
        self.assertContains(response, f'aria-current="true">{year}</a>')
        for wrong in ("1066", "many", "99999999"):
            response = self.get("calendar", span="all", year=wrong)
            self.assertContains(response, 'aria-current="true">12 months</a>')

    def test_without_scripts_a_chart_is_a_page_of_its_own(self) -> None:
        page = self.client.get(URL)
        url = "/insight/chart/retention/"
        self.assertContains(page, f'<noscript><a href="{url}">Show this chart</a></noscript>')
        self.assertContains(page, f'hx-get="{url}"')
        response = self.client.get(url)
        self.assertContains(response, "<title>True retention · MemoryLoop</title>")
        self.assertContains(response, "<svg")
        self.assertContains(response, 'href="/insight/"')

    def test_it_is_ones_own(self) -> None:
        self.log_in(self.bob)
        self.assertEqual(self.get("reviews", of=f"deck:{self.latin.id}").status_code, 404)
        self.assertNotContains(self.get("reviews"), "<svg")

    def test_no_such_chart_and_no_such_cards(self) -> None:
        for name, of in (("nothing", "all"), ("reviews", "search:is:odd"), ("reviews", "search")):
            self.assertEqual(self.get(name, of=of).status_code, 404)
        self.assertEqual(self.client.post("/insight/chart/reviews/").status_code, 405)
        self.client.logout()
        self.assertEqual(self.client.get("/insight/chart/reviews/").status_code, 302)

    def test_a_search_that_finds_nothing_has_charts_without_drawings(self) -> None:
        for name in insight_page.CHARTS:
            response = self.get(name, of="search:zzzz")
            self.assertNotContains(response, "<svg")
            self.assertContains(response, "<p>")

    def test_a_smart_deck_whose_search_is_broken_says_so(self) -> None:
        Deck.objects.filter(id=self.smart.id).update(search="is:odd")
        response = self.client.get(URL, {"of": f"deck:{self.smart.id}"})
        self.assertContains(response, "In the search of the deck “Forgotten”", status_code=422)
        self.assertNotContains(response, "aria-invalid", status_code=422)

    def test_today_stands_at_the_top(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, "3 reviews in 12 seconds, 3 of 3 recalled.")
        self.assertContains(response, "of 3 studied cards")
        of_deck = self.client.get(URL, {"of": f"deck:{self.latin.id}"})
        self.assertContains(of_deck, "1 review in 4 seconds, 1 of 1 recalled.")
        self.assertContains(of_deck, f"/settings/study/{self.latin.id}/")

    @counts_queries
    def test_what_it_asks_the_database(self) -> None:
        self.client.get(URL)
        # The session, the learner, settings and decks; the cards, their answers and what is
        # pending; the decks to choose from, and the due badge's settings.
        with CaptureQueriesContext(connection) as first:
            self.client.get(URL)
        for number in range(10):
            self.deck(f"Deck {number}")
        self.client.get(URL)
        with CaptureQueriesContext(connection) as more:
            self.client.get(URL)
        self.assertEqual(len(more), len(first))
        self.assertLessEqual(len(first), 16)
