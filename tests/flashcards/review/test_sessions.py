"""Sessions of a deck, a search or some minutes: what comes, what is counted, where it leads."""

import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from flashcards import study_settings
from flashcards.cards import decks
from flashcards.cards.cards import get_card
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard, NewCard, Rating
from flashcards.models import Deck, ReviewSession
from flashcards.review import scope
from flashcards.review.scope import NoSuchScope
from flashcards.store.maintenance import checkpoint
from tests.base import TestCase
from tests.flashcards.given_cards import answer, give_cards, give_many
from tests.flashcards.web.view_rules import HTMX

HOUR = timedelta(hours=1)


@given(st.text())
def test_a_scope_is_read_back_as_it_was_written(text: str) -> None:
    for written in (scope.EVERYTHING, scope.FORGOTTEN):
        assert scope.read(uuid.uuid4(), written.key) == written
    try:
        written = scope.of_search(text)
    except (BadQuery, NoSuchScope):
        return
    assert scope.read(uuid.uuid4(), written.key) == written


class _Sittings(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.now = timezone.now()
        self.deck = self.make("Biology")
        inside = self.make("Biology::Cells")
        self.in_deck = [
            *self.give(self.deck, "What is a gene?", "What is a tissue?"),
            *self.give(inside, "What is a nucleus?"),
        ]
        self.others = give_many(self.alice, 4)

    def make(self, name: str, search: str = "") -> Deck:
        return decks.create_deck(
            owner_id=self.alice.id, name=name, search=search, now=timezone.now()
        )

    def give(self, deck: Deck, *questions: str) -> list[Flashcard]:
        cards = [NewCard(question=each, answer="x", deck_ids=(deck.id,)) for each in questions]
        return give_cards(self.alice, *cards)

    @property
    def url(self) -> str:
        return f"/review/{self.deck.id}/"

    def send(self, path: str, at: str, **fields: Any) -> Any:
        return self.client.post(path, {"at": at, **fields}, headers=HTMX)

    def rate(self, at: str, stage: Any, rating: int = 4) -> Any:
        return self.send(
            f"/review/{stage.card.id}/rate/",
            at,
            review_id=stage.review_id,
            sequence=stage.card.sequence,
            rating=rating,
        )


class DeckTests(_Sittings):
    @property
    def at(self) -> str:
        return f"deck:{self.deck.id}"

    def test_the_cards_of_the_deck_and_of_those_inside_come_and_no_others(self) -> None:
        for step in ("pending", "stored"):
            with self.subTest(step):
                stage = self.client.get(self.url).context["stage"]
                self.assertEqual((stage.new, stage.learning, stage.due), (3, 0, 0))
            checkpoint.run_until_empty()
        seen = set()
        while stage.card:
            seen.add(stage.card.id)
            stage = self.rate(self.at, stage).context["stage"]
        self.assertEqual(seen, {card.id for card in self.in_deck})

    def test_its_progress_counts_the_reviews_of_its_own_cards(self) -> None:
        for card in self.others:
            answer(card, Rating.EASY, now=self.now)
        stage = self.client.get(self.url).context["stage"]
        self.assertEqual((stage.done, stage.total), (0, 3))
        answer(self.in_deck[0], Rating.EASY, now=self.now)
        stage = self.client.get(self.url).context["stage"]
        self.assertEqual((stage.done, stage.total), (1, 3))
        self.assertEqual(self.client.get("/review/").context["stage"].done, 5)

    def test_it_stays_in_the_deck_whatever_is_done(self) -> None:
        ids = {card.id for card in self.in_deck}
        stage = self.client.get(self.url).context["stage"]
        response = self.rate(self.at, stage)
        response = self.send("/review/undo/", self.at, undo_id=uuid.uuid4())
        self.assertIn(response.context["stage"].card.id, ids)
        for verb in ("suspend", "bury"):
            card_id = response.context["stage"].card.id
            response = self.send(f"/review/{card_id}/{verb}/", self.at)
            self.assertIn(response.context["stage"].card.id, ids)
            self.assertContains(response, f'name="at" value="{self.at}"')

    def test_without_a_script_it_stays_there_too(self) -> None:
        stage = self.client.get(self.url).context["stage"]
        data = {
            "at": self.at, "review_id": uuid.uuid4(), "sequence": 0, "rating": 4,
        }  # fmt: skip
        response = self.client.post(f"/review/{stage.card.id}/rate/", data)
        self.assertRedirects(response, self.url, fetch_redirect_response=False)
        self.assertContains(self.client.get(self.url), f'action="{self.url}"')

    def test_the_end_says_done_with_the_deck_and_what_is_left_elsewhere(self) -> None:
        for card in self.in_deck:
            answer(card, Rating.EASY, now=self.now)
        response = self.client.get(self.url)
        self.assertContains(response, "Done with Biology")
        self.assertContains(response, "4 more cards are due")

    def test_a_card_in_its_steps_is_waited_for_here_and_not_elsewhere(self) -> None:
        for card in self.in_deck[1:]:
            answer(card, Rating.EASY, now=self.now)
        answer(self.in_deck[0], Rating.AGAIN, now=self.now)
        answer(self.others[0], Rating.AGAIN, now=self.now - timedelta(seconds=30))
        response = self.client.get(self.url)
        self.assertContains(response, "Next card in 1 minute")
        self.assertContains(response, f'hx-get="{self.url}"')

    def test_its_limits_hold_and_can_be_raised_for_today(self) -> None:
        study_settings.save(
            owner_id=self.alice.id, deck=self.deck, values={"new_per_day": 1}, now=self.now
        )
        stage = self.client.get(self.url).context["stage"]
        self.assertEqual(stage.new, 1)
        response = self.rate(self.at, stage)
        self.assertContains(response, "Study 10 more new cards today")
        response = self.client.post("/review/more/", {"sort": "new", "at": self.at})
        self.assertRedirects(response, self.url, fetch_redirect_response=False)
        self.assertEqual(self.client.get(self.url).context["stage"].new, 2)
        mine = study_settings.settings_for(owner_id=self.alice.id)
        self.assertEqual((mine.extra_new, mine.decks[self.deck.id].extra_new), (0, 10))

    def test_the_decks_page_leads_there(self) -> None:
        response = self.client.get("/decks/")
        self.assertContains(response, f'href="{self.url}"')
        response = self.client.get("/palette/", {"q": "review bio"})
        self.assertContains(response, f'href="{self.url}"')

    def test_a_deck_that_went_away_loses_no_rating(self) -> None:
        stage = self.client.get(self.url).context["stage"]
        decks.delete_deck(owner_id=self.alice.id, deck=self.deck, now=self.now)
        self.assertEqual(self.rate(self.at, stage).status_code, 200)
        card = get_card(owner_id=self.alice.id, card_id=stage.card.id)
        self.assertEqual(card.reps, 1)
        self.assertEqual(self.client.get(self.url).status_code, 404)

    def test_another_learners_deck_is_not_there(self) -> None:
        self.log_in(self.bob)
        self.assertEqual(self.client.get(self.url).status_code, 404)

    def test_a_leech_is_marked_and_unmarked_without_losing_the_card(self) -> None:
        card = self.in_deck[0]
        response = self.send(f"/review/{card.id}/leech/", self.at)
        self.assertContains(response, "Marked as a leech")
        self.assertContains(response, "Unmark as a leech")
        undo = f"/review/{card.id}/leech/undo/"
        self.assertContains(response, undo)
        self.assertEqual(self.tags_of(card), ("leech",))
        self.client.post(undo)
        self.assertEqual(self.tags_of(card), ())
        for data, tags in (({}, ("leech",)), ({"off": "1"}, ())):
            response = self.client.post(f"/review/{card.id}/leech/", {"at": self.at, **data})
            self.assertRedirects(
                response, f"{self.url}?show={card.id}", fetch_redirect_response=False
            )
            self.assertEqual(self.tags_of(card), tags)

    def tags_of(self, card: Flashcard) -> tuple[str, ...]:
        return get_card(owner_id=self.alice.id, card_id=card.id).tags


class SmartDeckTests(_Sittings):
    def test_its_cards_are_those_found_at_the_beginning_for_all_of_the_day(self) -> None:
        smart = self.make("Fresh", search="is:new deck:Biology")
        response = self.client.get(f"/review/{smart.id}/")
        row = ReviewSession.objects.get()
        self.assertRedirects(response, f"/study/{row.id}/", fetch_redirect_response=False)
        stage = self.client.get(f"/study/{row.id}/").context["stage"]
        self.assertEqual(stage.new, 3)
        # No longer new, and still of this session.
        stage = self.rate(f"session:{row.id}", stage, rating=1).context["stage"]
        self.assertEqual((stage.new, stage.learning), (2, 1))
        with mock.patch.object(timezone, "now", return_value=self.now + timedelta(minutes=2)):
            stage = self.client.get(f"/study/{row.id}/").context["stage"]
        self.assertEqual((stage.new, stage.learning), (2, 1))
        self.client.get(f"/review/{smart.id}/")
        self.assertEqual(ReviewSession.objects.count(), 1)

    def test_once_it_is_done_what_it_finds_then_is_another_session(self) -> None:
        smart = self.make("Genes", search="gene")
        self.client.get(f"/review/{smart.id}/")
        answer(self.in_deck[0], Rating.EASY, now=self.now)
        self.assertContains(self.client.get(f"/review/{smart.id}/"), "Done with Genes")
        self.give(self.deck, "What does a gene code for?")
        self.client.get(f"/review/{smart.id}/")
        self.assertEqual(ReviewSession.objects.count(), 2)

    def test_one_that_finds_nothing_due_is_done(self) -> None:
        smart = self.make("Nothing", search="tag:nothing")
        self.assertContains(self.client.get(f"/review/{smart.id}/"), "Done with Nothing")

    def test_one_whose_search_names_what_is_gone_says_so_where_it_is_changed(self) -> None:
        smart = self.make("Broken", search="deck:Gone")
        response = self.client.get(f"/review/{smart.id}/", follow=True)
        self.assertRedirects(response, "/decks/")
        self.assertContains(response, "no deck called “Gone”")


class SearchTests(_Sittings):
    def test_what_is_due_of_a_search(self) -> None:
        response = self.client.post("/study/", {"search": "nucleus or gene", "how": "due"})
        row = ReviewSession.objects.get()
        self.assertRedirects(response, f"/study/{row.id}/", fetch_redirect_response=False)
        stage = self.client.get(f"/study/{row.id}/").context["stage"]
        self.assertEqual(stage.new, 2)

    def test_the_card_browser_leads_there(self) -> None:
        self.assertContains(self.client.get("/cards/", {"q": "gene"}), '"/study/?q=gene"')
        response = self.client.get("/study/", {"q": "gene"})
        self.assertContains(response, 'value="gene"')

    def test_a_search_that_makes_no_sense_is_told_beside_the_field(self) -> None:
        response = self.client.post("/study/", {"search": "is:odd"})
        self.assertEqual(response.status_code, 422)
        self.assertTrue(response.context["form"].errors["search"])

    def test_a_scope_of_nobody_is_refused(self) -> None:
        for text in ("", "deck:x", f"deck:{uuid.uuid4()}", "search:  ", "other"):
            with self.subTest(text), self.assertRaises(NoSuchScope):
                scope.read(self.alice.id, text)
        with self.assertRaises(NoSuchScope):
            scope.read(self.bob.id, f"deck:{self.deck.id}")


class MinutesTests(_Sittings):
    def test_it_shows_the_time_and_ends_after_the_card_at_hand(self) -> None:
        self.client.post("/study/", {"minutes": "10"})
        row = ReviewSession.objects.get()
        url, at = f"/study/{row.id}/", f"session:{row.id}"
        response = self.client.get(url)
        self.assertContains(response, "10 minutes left")
        self.assertContains(response, "data-until=")
        stage = response.context["stage"]
        later = row.started_at + timedelta(minutes=10, seconds=5)
        with mock.patch.object(timezone, "now", return_value=later):
            response = self.rate(at, stage)
            self.assertContains(response, "10 minutes done")
            self.assertContains(response, 'href="/review/"')
        card = get_card(owner_id=self.alice.id, card_id=stage.card.id)
        self.assertEqual(card.reps, 1)

    def test_it_may_be_of_a_deck(self) -> None:
        self.client.post("/study/", {"minutes": "5", "scope": f"deck:{self.deck.id}"})
        row = ReviewSession.objects.get()
        stage = self.client.get(f"/study/{row.id}/").context["stage"]
        self.assertEqual((stage.new, row.name), (3, "Biology"))

    def test_how_many_cards_that_is_goes_by_the_learners_own_pace(self) -> None:
        response = self.client.get("/study/")
        self.assertEqual(response.context["minutes"], [(5, 38), (10, 75), (20, 150)])
        self.assertContains(response, "7 cards, about 2 minutes at your pace")
        self.assertContains(self.client.get("/review/"), "About 2 minutes at your pace")
        for minutes in ("0", "241", "x"):
            response = self.client.post("/study/", {"minutes": minutes})
            self.assertContains(response, "Choose from 1 to 240", status_code=422)

    def test_nothing_more_than_an_address_is_needed_for_what_is_due(self) -> None:
        for scope_key, url in (("all", "/review/"), (f"deck:{self.deck.id}", self.url)):
            response = self.client.post("/study/", {"scope": scope_key, "how": "due"})
            self.assertRedirects(response, url, fetch_redirect_response=False)
        self.assertFalse(ReviewSession.objects.exists())

    def test_a_learner_without_cards_is_shown_the_way_to_some(self) -> None:
        self.log_in(self.bob)
        self.assertContains(self.client.get("/study/"), "No cards yet")
