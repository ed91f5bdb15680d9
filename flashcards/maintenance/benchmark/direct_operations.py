"""The operations by LanceDB alone, as a request would do them without a journal."""

from dataclasses import replace
from pathlib import Path

from chat.models import Message
from flashcards.maintenance.benchmark.operations import (
    MADE_AT_ONCE,
    NEAREST,
    UPKEEP_WRITES,
    Operations,
    Run,
    messages_of,
    newest_by_card,
)
from flashcards.store import DirectTables


class DirectOperations(Operations):
    """Nothing here is atomic but one commit of one table."""

    def __init__(self, folder: Path, *, seed: int, imported: int) -> None:
        super().__init__(folder, seed=seed, imported=imported)
        self._tables = DirectTables()

    def insert(self) -> Run:
        card = self.new_card(self.next_learner().id)
        return lambda: self._tables.add([card])

    def update(self) -> Run:
        learner = self.next_learner()
        (card,) = self._tables.cards_with(learner.id, id=self.data.draw.choice(learner.cards))
        new = replace(card, question=self.data.text(9))
        return lambda: self._tables.replace(new)

    def review(self) -> Run:
        learner = self.next_learner()
        (card,) = self._tables.cards_with(learner.id, id=self.data.draw.choice(learner.cards))
        after, log = self.reviewed(card)
        return lambda: self._tables.replace(after, log)

    def nearest(self) -> Run:
        owner_id, vector = self.next_learner().id, self.new_vector()
        return lambda: self._tables.nearest(owner_id, vector, NEAREST)

    def deck_with_reviews(self) -> Run:
        learner = self.next_learner()
        deck = self.data.draw.choice(learner.decks)

        def run() -> None:
            found = self._tables.cards_with(learner.id, deck_ids__contains=deck)
            newest_by_card(self._tables.logs_of(learner.id, found))

        return run

    def cards_of_conversation(self) -> Run:
        learner = self.next_learner()
        return lambda: self._tables.cards_with(learner.id, message_id__in=messages_of(learner))

    def cards_and_message(self) -> Run:
        learner = self.next_learner()
        message = Message.objects.get(pk=learner.messages[0])
        made = [self.new_card(learner.id) for _ in range(MADE_AT_ONCE)]

        def run() -> None:
            self._tables.add(made)
            message.cards_made_at = self.now
            message.save(update_fields=["cards_made_at"])

        return run

    def upkeep(self) -> Run:
        learner = self.next_learner()
        self._tables.add([self.new_card(learner.id) for _ in range(UPKEEP_WRITES)])
        return self._tables.optimize

    def import_cards(self) -> Run:
        owner_id = self.next_learner().id
        made = [self.new_card(owner_id) for _ in range(self.imported)]
        return lambda: self._tables.add(made)
