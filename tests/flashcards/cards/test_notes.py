"""A note gives several cards, which are edited as one and keep their own schedules."""

import dataclasses
from typing import Any

from django.utils import timezone

from flashcards.cards import notes
from flashcards.cards.cards import delete_card
from flashcards.domain.records import Flashcard, Kind, Source
from flashcards.domain.validation import BadCard
from flashcards.models import CardEdit
from tests.base import TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import answer

CLOZE = "{{c1::Paris}} lies on the {{c2::Seine::river}}."


class NoteTestCase(TestCase):
    def make(self, question: str = CLOZE, **fields: Any) -> list[Flashcard]:
        fields.setdefault("kind", Kind.CLOZE if "{{c" in question else Kind.BASIC)
        note = notes.NewNote(question=question, **fields)
        return notes.create_note(owner_id=self.alice.id, note=note, now=NOW)

    def edit(self, card: Flashcard, question: str, answer: str = "", **fields: Any) -> notes.Edited:
        return notes.edit_note(
            owner_id=self.alice.id,
            note_id=card.note_id,
            question=question,
            answer=answer,
            extra="",
            now=timezone.now(),
            **fields,
        )

    def siblings(self, card: Flashcard) -> list[Flashcard]:
        return notes.siblings(owner_id=self.alice.id, note_id=card.note_id)


class CreateTests(NoteTestCase):
    def test_a_basic_note_gives_one_card(self) -> None:
        (card,) = self.make("Q?", answer="A")
        self.assertEqual((card.kind, card.ordinal), (Kind.BASIC, 1))

    def test_a_reversed_note_gives_two_that_know_one_another(self) -> None:
        cards = self.make("Q?", answer="A", kind=Kind.REVERSED)
        self.assertEqual([card.ordinal for card in cards], [1, 2])
        self.assertEqual(self.siblings(cards[0]), cards)

    def test_a_cloze_gives_one_for_each_number_and_shares_what_is_pinned_to_it(self) -> None:
        source = Source(start=1, end=2, hash="x")
        cards = self.make("{{c3::a}} {{c1::b}} {{c3::c}}", tags=("t",), source=source)
        self.assertEqual([card.ordinal for card in cards], [1, 3])
        self.assertEqual({(card.tags, card.source_hash) for card in cards}, {(("t",), "x")})
        self.assertEqual(len({card.note_id for card in cards}), 1)

    def test_a_text_with_too_many_gaps_is_refused(self) -> None:
        with self.assertRaisesRegex(BadCard, "can have 50 cards"):
            self.make(" ".join(f"{{{{c{n}::x}}}}" for n in range(1, 52)))


class EditTests(NoteTestCase):
    def test_all_siblings_change_and_every_schedule_stays(self) -> None:
        first, second = self.make()
        first = answer(first, now=timezone.now())
        after = self.edit(first, "{{c1::Rome}} lies on the {{c2::Tiber}}.", tags=["x", "x", " "])
        self.assertEqual(
            {card.question for card in after.cards}, {"{{c1::Rome}} lies on the {{c2::Tiber}}."}
        )
        self.assertEqual([card.tags for card in after.cards], [("x",), ("x",)])
        for old, new in zip((first, second), self.siblings(first), strict=True):
            unchanged = dataclasses.replace(
                new,
                question=old.question,
                tags=old.tags,
                edited_at=old.edited_at,
                embedding_model=old.embedding_model,
            )
            self.assertEqual(unchanged, old)

    def test_a_number_that_leaves_puts_its_card_into_the_bin_and_back_again_takes_it_out(
        self,
    ) -> None:
        first, second = self.make()
        second = answer(second, now=timezone.now())
        after = self.edit(first, "{{c1::Paris}} lies on the Seine.")
        self.assertEqual([card.id for card in after.removed], [second.id])
        self.assertEqual([card.id for card in self.siblings(first)], [first.id])

        after = self.edit(first, CLOZE)

        self.assertEqual([card.id for card in after.added], [second.id])
        self.assertEqual(self.siblings(first)[1].reps, 1)

    def test_a_new_number_adds_a_new_card_with_the_tags_and_source_of_its_siblings(self) -> None:
        first, _ = self.make(tags=("geo",), source=Source(start=3, end=9, hash="h"))
        answer(first, now=timezone.now())
        (added,) = self.edit(first, CLOZE + " {{c3::France}}").added
        self.assertEqual((added.ordinal, added.tags, added.source_start), (3, ("geo",), 3))
        self.assertEqual((added.reps, added.sequence, added.stability), (0, 0, None))
        self.assertEqual(len(self.siblings(first)), 3)

    def test_a_sibling_deleted_by_hand_stays_in_the_bin(self) -> None:
        first, second = self.make()
        delete_card(owner_id=self.alice.id, card_id=second.id, now=NOW)
        self.edit(first, "{{c1::Rome}} and {{c2::Tiber}}")
        self.assertEqual([card.ordinal for card in self.siblings(first)], [1])

    def test_a_note_never_loses_its_last_card(self) -> None:
        first, second = self.make()
        delete_card(owner_id=self.alice.id, card_id=first.id, now=NOW)
        after = self.edit(second, "{{c1::Paris}} lies on the Seine.")
        self.assertEqual([card.id for card in after.cards], [first.id])

    def test_basic_becomes_reversed_and_basic_again(self) -> None:
        (card,) = self.make("Q?", answer="A")
        self.assertEqual(len(self.edit(card, "Q?", "A", kind=Kind.REVERSED).cards), 2)
        after = self.edit(card, "Q?", "A", kind=Kind.BASIC)
        self.assertEqual([(c.id, c.kind) for c in after.cards], [(card.id, Kind.BASIC)])

    def test_a_question_never_becomes_a_gap(self) -> None:
        (card,) = self.make("Q?", answer="A")
        with self.assertRaisesRegex(BadCard, "write a new note"):
            self.edit(card, CLOZE, kind=Kind.CLOZE)

    def test_bad_words_change_nothing(self) -> None:
        first, second = self.make()
        for words in ("", "no gap", "{{c1::a}}" + "x" * 1_000):
            with self.subTest(words), self.assertRaises(BadCard):
                self.edit(first, words)
        self.assertEqual(self.siblings(first), [first, second])

    def test_the_history_has_every_sibling_under_one_change(self) -> None:
        first, _ = self.make()
        self.edit(first, CLOZE.replace("Paris", "Lutetia"))
        edits = CardEdit.objects.filter(owner=self.alice)
        self.assertEqual((len(edits), len({edit.change_id for edit in edits})), (2, 1))

    def test_a_stranger_has_no_such_note(self) -> None:
        first, second = self.make()
        with self.assertRaises(Flashcard.DoesNotExist):
            notes.edit_note(
                owner_id=self.bob.id,
                note_id=first.note_id,
                question="{{c1::x}}",
                answer="",
                extra="",
                now=NOW,
            )
        with self.assertRaises(Flashcard.DoesNotExist):
            notes.delete_note(owner_id=self.bob.id, note_id=first.note_id, now=NOW)
        self.assertEqual(self.siblings(first), [first, second])


class BinTests(NoteTestCase):
    def test_a_note_goes_into_the_bin_and_comes_back_whole(self) -> None:
        first, second = self.make()
        notes.delete_note(owner_id=self.alice.id, note_id=first.note_id, now=NOW)
        self.assertEqual(self.siblings(first), [])
        notes.restore_note(owner_id=self.alice.id, note_id=first.note_id)
        self.assertEqual(self.siblings(first), [first, second])
