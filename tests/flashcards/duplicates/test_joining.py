"""One fact that is asked in both directions becomes one note, and two cards again on request."""

from flashcards.cards import notes
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, Kind
from flashcards.duplicates import joining
from tests.base import TestCase
from tests.factories import NOW, stored_card


class JoiningTests(TestCase):
    def setUp(self) -> None:
        self.there = stored_card(self.alice, question="el perro", answer="dog", tags=("spanish",))
        self.back = stored_card(self.alice, question="the dog", answer="el perro", extra="animal")
        self.given = {"owner_id": self.alice.pk, "now": NOW}

    def now(self, card: Flashcard) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=card.id)

    def join(self) -> Flashcard:
        return joining.join(card_id=self.there.id, other_id=self.back.id, **self.given)  # type: ignore[arg-type]

    def test_both_are_siblings_with_their_schedules(self) -> None:
        note = self.join().note_id
        siblings = notes.siblings(owner_id=self.alice.pk, note_id=note)
        self.assertEqual([card.id for card in siblings], [self.there.id, self.back.id])
        self.assertEqual([(card.kind, card.ordinal) for card in siblings],
                         [(Kind.REVERSED, 1), (Kind.REVERSED, 2)])  # fmt: skip
        self.assertEqual(self.now(self.back).due, self.back.due)
        self.assertEqual(self.now(self.back).tags, ("spanish",))
        self.assertEqual(self.now(self.there).extra, "animal")

    def test_separated_they_are_as_before(self) -> None:
        self.join()
        joining.separate(card_id=self.there.id, other_id=self.back.id, **self.given)  # type: ignore[arg-type]
        for before in (self.there, self.back):
            after = self.now(before)
            for field in ("question", "answer", "extra", "tags", "kind", "ordinal", "due"):
                self.assertEqual(getattr(after, field), getattr(before, field), field)
        self.assertNotEqual(self.now(self.there).note_id, self.now(self.back).note_id)
        with self.assertRaises(joining.NotJoined):
            joining.separate(card_id=self.there.id, other_id=self.back.id, **self.given)  # type: ignore[arg-type]

    def test_only_cards_that_are_each_others_reverse_are_joined(self) -> None:
        for question, answer, kind in (
            ("What does el perro mean in English?", "a dog", Kind.BASIC),
            ("dog", "el perro", Kind.REVERSED),
            ("{{c1::dog}}", "", Kind.CLOZE),
        ):
            other = stored_card(self.alice, question=question, answer=answer, kind=kind)
            with self.assertRaises(joining.NotJoined):
                joining.join(card_id=self.there.id, other_id=other.id, **self.given)  # type: ignore[arg-type]
        self.assertEqual(self.now(self.there), self.there)

    def test_nobody_joins_the_cards_of_another(self) -> None:
        given = {**self.given, "owner_id": self.bob.pk}
        with self.assertRaises(Flashcard.DoesNotExist):
            joining.join(card_id=self.there.id, other_id=self.back.id, **given)  # type: ignore[arg-type]

    def test_a_card_is_asked_both_ways_and_one_way_again(self) -> None:
        added = joining.ask_both_ways(card_id=self.there.id, **self.given)  # type: ignore[arg-type]
        self.assertEqual((added.ordinal, added.note_id), (2, self.there.note_id))
        with self.assertRaises(joining.NotJoined):
            joining.ask_both_ways(card_id=self.there.id, **self.given)  # type: ignore[arg-type]
        joining.ask_one_way(card_id=self.there.id, **self.given)  # type: ignore[arg-type]
        left = notes.siblings(owner_id=self.alice.pk, note_id=self.there.note_id)
        self.assertEqual([(card.id, card.kind) for card in left], [(self.there.id, Kind.BASIC)])
