"""What the tutor is told of cards: those that a question asks for, and of the others what fades."""

import uuid
from datetime import timedelta
from typing import Any

from django.test import SimpleTestCase

from flashcards import study_settings
from flashcards.cards import embedding
from flashcards.cards.cards import delete_card
from flashcards.domain.records import Flashcard, Kind, State
from flashcards.models import Deck
from flashcards.search.evidence import Evidence
from flashcards.search.find_cards import FoundCard
from flashcards.tutor import recalled_cards, relevance
from memoryloop.llm.base import Found
from tests.base import TestCase
from tests.factories import NOW, flashcard, stored_card

CAPITALS = {
    "Finland": "Helsinki",
    "Iran": "Tehran",
    "Zambia": "Lusaka",
    "Ghana": "Accra",
    "Norway": "Oslo",
    "Slovenia": "Ljubljana",
    "Slovakia": "Bratislava",
    "Kenya": "Nairobi",
}


def found_card(*, near: float, spelt: float = 0.0, note_id: uuid.UUID | None = None) -> FoundCard:
    evidence = Evidence(cover=spelt, spelt=spelt, phrase=0, cosine=0.5, nearness=near)
    owner = uuid.uuid4()
    card = Flashcard(
        id=uuid.uuid4(),
        owner_id=owner,
        note_id=note_id or uuid.uuid4(),
        question="?",
        due=NOW,
        created_at=NOW,
        edited_at=NOW,
    )
    return FoundCard(card, evidence.score, evidence.by, evidence)


class ChooseTests(SimpleTestCase):
    def chosen(self, *found: FoundCard) -> list[tuple[int, bool]]:
        """Return the places in `found` of the cards that are chosen, and which are asked for."""
        ids = [each.card.id for each in found]
        return [(ids.index(each.card.id), each.is_asked) for each in relevance.choose(found)]

    def test_what_has_nothing_to_do_with_it_is_not_chosen_however_good_its_rank(self) -> None:
        self.assertEqual(self.chosen(), [])
        self.assertEqual(self.chosen(found_card(near=0.1), found_card(near=-0.3)), [])
        # A word in common is not enough.
        self.assertEqual(self.chosen(found_card(near=-0.3, spelt=0.5)), [])

    def test_what_is_asked_for_leads_and_what_is_beside_the_point_is_left_out(self) -> None:
        asked, reversed_, near, beside = (
            found_card(near=0.7, spelt=1.0),
            found_card(near=0.65, spelt=0.95),
            found_card(near=0.6, spelt=0.5),
            found_card(near=0.5, spelt=0.1),
        )

        chosen = self.chosen(near, beside, reversed_, asked)

        self.assertEqual(chosen, [(3, True), (2, True), (0, False)])

    def test_the_best_of_what_is_merely_near_is_not_asked_for(self) -> None:
        self.assertEqual(self.chosen(found_card(near=0.5)), [(0, False)])

    def test_the_best_for_a_roundabout_question_is_chosen_with_those_close_behind(self) -> None:
        best, close, far = found_card(near=0.15), found_card(near=0.02), found_card(near=-0.02)

        self.assertEqual(self.chosen(far, close, best), [(2, False), (1, False)])
        # Not far behind what fits fairly well, though it is less than a share of it.
        self.assertEqual(self.chosen(found_card(near=0.35), best), [(0, False), (1, False)])
        self.assertEqual(self.chosen(found_card(near=0.36), best), [(0, False)])

    def test_one_card_of_a_note_is_enough(self) -> None:
        note = uuid.uuid4()
        siblings = [found_card(near=0.7 - 0.01 * n, spelt=1, note_id=note) for n in range(3)]

        self.assertEqual(self.chosen(*siblings), [(0, True)])


class RecalledTestCase(TestCase):
    def stored(
        self, question: str, answer: str, *, chance: float | None = 0.95, **fields: Any
    ) -> Flashcard:
        """Store a card that would be recalled now with about this chance; None for a new one."""
        if chance is not None:
            fields |= {
                "state": State.REVIEW,
                # The chance falls to 90% in as many days as the stability has.
                "stability": 100.0 if chance > 0.9 else 2.0 if chance < 0.8 else 20.0,
                "difficulty": 5.0,
                "reps": 3,
                "last_review": NOW - timedelta(days=30),
            }
        return stored_card(self.alice, question=question, answer=answer, **fields)

    def told(self, text: str, *, limit: int = 5) -> list[Found]:
        embedding.embed_all(owner_id=self.alice.pk)
        return recalled_cards.find(
            owner_id=self.alice.pk, text=text, now=NOW, limit=limit, card_url=str
        )


class FindTests(RecalledTestCase):
    def give_capitals(self) -> None:
        for country, city in CAPITALS.items():
            self.stored(
                f"What is the capital of {country}?",
                city,
                chance=0.7 if country != "Slovenia" else 0.95,
            )

    def test_the_card_that_is_asked_for_is_told_of_and_the_capital_of_no_other_country(
        self,
    ) -> None:
        self.give_capitals()

        for text in ("What is the capital of Slovenia?", "slovenia's capital, please?"):
            (item,) = self.told(text)
            self.assertEqual((item.text, item.is_asked), ("Ljubljana", True))
            self.assertIn("asked for", item.why)

    def test_a_question_in_another_language_finds_the_card(self) -> None:
        self.give_capitals()
        self.stored("Who wrote Frankenstein?", "Mary Shelley, 1818")

        self.assertEqual(
            [item.text for item in self.told("Wer hat Frankenstein geschrieben?")],
            ["Mary Shelley, 1818"],
        )

    def test_what_no_card_is_about_brings_none(self) -> None:
        self.give_capitals()

        for text in (
            "Write a short birthday poem for my sister Anna.",
            "Thanks, that helped a lot!",
            "yes",
            "?",
            "",
            "🙂",
            "Wie bekomme ich Kaugummi aus einem Teppich?",
        ):
            self.assertEqual(self.told(text), [], text)

    def test_of_cards_on_the_same_matter_those_that_fade_come_first(self) -> None:
        known = self.stored("What does a mitochondrion do?", "It makes ATP.", chance=0.95)
        fading = self.stored("Where in a mitochondrion is ATP made?", "Inner membrane", chance=0.7)
        told = self.told("Tell me something about the mitochondrion and how it works")

        ids = [item.id for item in told]
        self.assertLess(ids.index(str(fading.id)), ids.index(str(known.id)))
        self.assertIn("fading", told[ids.index(str(fading.id))].why)
        self.assertNotIn("fading", told[ids.index(str(known.id))].why)

    def test_the_answer_of_a_new_card_is_not_given_away(self) -> None:
        self.stored("What is the capital of Slovenia?", "Ljubljana", chance=None)

        (item,) = self.told("What is the capital of Slovenia?")

        self.assertEqual((item.title, item.text), ("What is the capital of Slovenia?", ""))
        self.assertIn("never reviewed", item.why)
        self.assertNotIn("Ljubljana", str(item))

    def test_nor_by_its_sibling(self) -> None:
        note = uuid.uuid4()
        for ordinal in (1, 2):
            self.stored(
                "Slovenia's capital", "Ljubljana",
                chance=None, kind=Kind.REVERSED, ordinal=ordinal, note_id=note,
            )  # fmt: skip

        told = self.told("What is Slovenia's capital?")

        self.assertEqual(len(told), 1)

    def test_fading_is_below_the_learners_own_desired_retention_or_the_decks(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Exam")
        self.stored("Who wrote Frankenstein?", "Mary Shelley", chance=0.85)
        self.stored("Who wrote Emma?", "Jane Austen", chance=0.85, deck_ids=(deck.pk,))

        def why(of: str) -> str:
            return self.told(f"Who wrote {of}?")[0].why

        self.assertIn("fading", why("Frankenstein"))
        study_settings.save(
            owner_id=self.alice.pk, deck=None, values={"desired_retention": 0.8}, now=NOW
        )
        self.assertNotIn("fading", why("Frankenstein"))
        self.assertNotIn("fading", why("Emma"))
        study_settings.save(
            owner_id=self.alice.pk, deck=deck, values={"desired_retention": 0.95}, now=NOW
        )
        self.assertNotIn("fading", why("Frankenstein"))
        self.assertIn("fading", why("Emma"))

    def test_no_card_of_somebody_else(self) -> None:
        stored_card(self.bob, question="What is the capital of Slovenia?", answer="Bob's")

        self.assertEqual(self.told("What is the capital of Slovenia?"), [])


class ReadTests(RecalledTestCase):
    def test_cards_are_read_again_as_they_are_now(self) -> None:
        kept, deleted = self.stored("Kept?", "Yes"), self.stored("Deleted?", "Yes")
        bobs = stored_card(self.bob)
        delete_card(owner_id=self.alice.pk, card_id=deleted.id, now=NOW)
        unknown = flashcard(self.alice)

        told = recalled_cards.read(
            owner_id=self.alice.pk,
            ids=[str(card.id) for card in (unknown, bobs, deleted, kept)],
            now=NOW,
            card_url=str,
        )

        self.assertEqual([(item.id, item.text) for item in told], [(str(kept.id), "Yes")])
