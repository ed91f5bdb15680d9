"""A card that asks for too much becomes smaller ones, and undo brings it back."""

from typing import Any

from django.utils import timezone

from flashcards.cards import notes
from flashcards.cards.cards import delete_card
from flashcards.domain.records import Flashcard, Kind, NewCard, Source
from flashcards.drafting import drafting, origins
from flashcards.drafting.passages import find
from flashcards.drafting.splitting import by_rules
from flashcards.models import DraftBatch
from flashcards.store import cards as stored
from flashcards.web.pages.origins import make_url
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards
from tests.flashcards.web.view_rules import CardViewRules

LIST = NewCard(
    question="What does a cell contain?",
    answer="- a nucleus\n- mitochondria\n- ribosomes",
    tags=("biology",),
    source=Source(start=3, end=9, hash="h"),
)


class RulesTests(TestCase):
    def test_a_list_hides_one_thing_at_a_time(self) -> None:
        made = by_rules(LIST.question, LIST.answer, Kind.BASIC)
        self.assertEqual([card.kind for card in made], [Kind.CLOZE] * 3)
        self.assertIn("- {{c1::mitochondria}}", made[1].question)
        self.assertIn("- a nucleus", made[1].question)

    def test_named_things_are_asked_by_name(self) -> None:
        made = by_rules("What are they?", "**TCP**: resends\n**UDP**: does not", Kind.BASIC)
        self.assertEqual([card.answer for card in made], ["resends", "does not"])
        self.assertEqual(made[0].question, "What are they?\n\n**TCP**")

    def test_series_sentences_and_gaps_come_apart(self) -> None:
        series = by_rules("Which bases?", "Adenine, thymine, guanine and cytosine", Kind.BASIC)
        self.assertEqual(len(series), 4)
        facts = by_rules("And?", "Iron rusts in air. Gold stays as it was.", Kind.BASIC)
        self.assertEqual(len(facts), 2)
        gaps = by_rules("{{c1::Paris}} on the {{c2::Seine::river}}", "", Kind.CLOZE)
        self.assertEqual(
            [card.question for card in gaps],
            ["{{c1::Paris}} on the Seine", "Paris on the {{c1::Seine::river}}"],
        )

    def test_what_is_one_fact_stays_whole(self) -> None:
        self.assertEqual(by_rules("Capital of France?", "Paris", Kind.BASIC), [])


class SplitTests(CardViewRules, TestCase):
    name = "split_card"

    def setUp(self) -> None:
        (self.card,) = give_cards(self.alice, LIST)

    def batch(self) -> DraftBatch:
        return drafting.start_batch(self.alice, origins.of_card(self.card), by_rules=True)

    def cards(self) -> list[Flashcard]:
        return list(stored.for_owner(self.alice).order_by("-created_at"))

    def test_it_leads_to_a_tray_that_begins_by_itself(self) -> None:
        self.log_in()
        url = f"/cards/make/{self.card.id}/"
        self.assertRedirects(self.client.get(self.url(self.card)), url)
        page = self.client.get(url, headers={"Sec-Fetch-Site": "same-origin"})
        self.assertContains(page, "Split a card")
        self.assertContains(page, 'data-start="now"')

    def test_smaller_cards_take_its_place_with_its_source_and_tags(self) -> None:
        self.log_in()
        batch = self.batch()
        self.assertContains(self.client.get(make_url(batch)), "ribosomes")
        answer = self.client.post(f"/cards/batches/{batch.id}/add/", follow=True)
        said = b"3 cards added. The card that was split is in the trash."
        self.assertIn(said, answer.content)
        made = self.cards()
        self.assertNotIn(self.card.id, {card.id for card in made})
        self.assertEqual(
            {(card.tags, card.source_start, card.source_hash) for card in made},
            {(("biology",), 3, "h")},
        )

    def test_undo_brings_it_back_in_their_place(self) -> None:
        self.log_in()
        batch = self.batch()
        self.client.post(f"/cards/batches/{batch.id}/add/")
        answer = self.client.post(f"/cards/batches/{batch.id}/undo-split/", follow=True)
        self.assertContains(answer, "The card is restored.")
        self.assertEqual(self.cards(), [self.card])

    def test_keeping_none_keeps_the_card(self) -> None:
        batch = self.batch()
        shown = {draft.id for draft in batch.drafts.all()}
        drafting.accept(self.alice, batch.id, shown=shown)
        self.assertEqual(self.cards(), [self.card])

    def test_all_cards_of_its_note_go_with_it(self) -> None:
        note = NewCard(question="{{c1::Paris}} on the {{c2::Seine}}", kind=Kind.CLOZE)
        first, _ = give_cards(self.alice, note)
        batch = drafting.start_batch(self.alice, origins.of_card(first), by_rules=True)
        drafting.accept(self.alice, batch.id)
        self.assertEqual(notes.siblings(owner_id=self.alice.id, note_id=first.note_id), [])

    def test_a_card_in_the_bin_is_not_split_and_no_other_batch_undone(self) -> None:
        self.log_in()
        delete_card(owner_id=self.alice.id, card_id=self.card.id, now=timezone.now())
        self.assertEqual(self.client.get(f"/cards/make/{self.card.id}/").status_code, 404)
        batch = DraftBatch.objects.create(owner=self.bob, card_id=self.card.id)
        answer: Any = self.client.post(f"/cards/batches/{batch.id}/undo-split/")
        self.assertEqual(answer.status_code, 404)


class FindTests(TestCase):
    TEXT = "One **bold** [word](http://x.org) here. One bold word again, and `code` $x^2$ too."

    def test_selected_words_are_found_through_markdown(self) -> None:
        found = find(self.TEXT, "bold word again, and code")
        assert found is not None
        self.assertEqual(self.TEXT[slice(*found)], "bold word again, and `code")

    def test_what_stood_before_tells_like_places_apart(self) -> None:
        text = "Water is wet. Fire is hot. Water is wet. Ice is cold."
        self.assertEqual(find(text, "Water is wet."), (0, 13))
        self.assertEqual(find(text, "Water is wet.", "Water is wet. Fire is hot. "), (27, 40))

    def test_a_long_selection_is_found_by_its_ends(self) -> None:
        plain = " ".join(f"word{n}" for n in range(60))
        text = f"Before. {plain} [a link](http://example.org) {plain.upper()} After it."
        found = find(text, f"{plain} a link {plain.upper()}")
        assert found is not None
        self.assertEqual(found, (len("Before. "), len(text) - len(" After it.")))

    def test_a_place_in_a_book_is_found_too(self) -> None:
        book = "\n\n".join(f"Chapter {n} says that **{n}** is a number." for n in range(5_000))
        found = find(book, "Chapter 4321 says that 4321 is a number.")
        assert found is not None
        self.assertEqual(book[slice(*found)], "Chapter 4321 says that **4321** is a number")

    def test_words_from_elsewhere_are_not_found(self) -> None:
        self.assertIsNone(find(self.TEXT, "nothing like it was ever written here"))
        self.assertIsNone(find(self.TEXT, "  "))
