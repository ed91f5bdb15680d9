"""What a model gives besides cards: a deck and tags, and cards that cannot be read."""

from django.utils import timezone

from flashcards.cards import decks
from flashcards.drafting import drafting
from tests.flashcards.drafting.model_batches import ModelTestCase, Status, cards


class ProposalTests(ModelTestCase):
    def test_cards_that_could_not_be_read_are_counted(self) -> None:
        answer = cards("One?", "Two?")
        answer["cards"].insert(1, {"kind": "essay", "question": "Three?", "answer": "3"})
        self.server.script(structured=answer)

        batch = self.ended(self.start())

        self.assertEqual([d.question for d in batch.drafts.all()], ["One?", "Two?"])
        self.assertEqual(batch.note, "2 cards came, 1 could not be read.")

    def test_a_deck_and_tags_are_proposed_and_the_learners_own_are_taken(self) -> None:
        decks.create_deck(owner_id=self.alice.id, name="Biology::Cells", now=timezone.now())
        self.server.script(
            structured={**cards("One?"), "deck": "biology::cells", "tags": ["Cells", "a, b"]}
        )

        batch = self.ended(self.start())

        self.assertEqual((batch.deck, batch.tags), ("Biology::Cells", ["Cells"]))
        made = drafting.accept(self.alice, batch.id, deck=batch.deck, tags=batch.tags)
        self.assertEqual([card.tags for card in made], [("Cells",)])
        names = decks.names_of(owner_id=self.alice.id, deck_ids=made[0].deck_ids)
        self.assertEqual(names, ["Biology::Cells"])

    def test_a_name_that_no_deck_can_have_is_not_proposed(self) -> None:
        self.server.script(structured={**cards("One?"), "deck": "a*b::", "tags": "x" * 500})

        batch = self.ended(self.start())

        self.assertEqual((batch.status, batch.deck, batch.tags), (Status.READY, "", []))
