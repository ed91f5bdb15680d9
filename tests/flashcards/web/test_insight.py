"""/insight/: which cards over which span, what is wrong with a search, and an empty page."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from flashcards.cards import decks
from flashcards.models import Deck
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards, give_many

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
