"""Notes with gaps in gaps, which come again."""

import dataclasses
import uuid
from unittest import mock

from flashcards.domain import card_sides
from flashcards.exchange import note_identity
from flashcards.exchange.anki.notes import Words
from flashcards.exchange.anki.records import Note
from flashcards.store import cards
from tests.flashcards.exchange.anki_packages import CLOZE, Package
from tests.flashcards.exchange.test_import_again import AgainTestCase


class GapsInGapsTests(AgainTestCase):
    def test_notes_that_were_imported_apart_stay_apart(self) -> None:
        package = Package()
        note = package.note(CLOZE, "{{c1::a {{c2::b}}}}", "")
        package.card(note, 0)
        package.card(note, 1)

        def apart(_owner: uuid.UUID, _note: Note, words: Words) -> list[Words]:
            """Return what versions before made of gaps in gaps."""
            return [
                dataclasses.replace(words, question="{{c1::a b}}", ordinals={0: 1}),
                dataclasses.replace(words, key="1", question="a {{c2::b}}", ordinals={1: 2}),
            ]

        with mock.patch.object(note_identity, "gaps_as_imported", side_effect=apart, autospec=True):
            self.import_(package)
        self.assertEqual(self.import_(package)["imported"], 0)
        found = sorted(cards.for_owner(self.alice), key=lambda card: card.ordinal)
        self.assertEqual([card_sides.front(card) for card in found], ["**[…]**", "a **[…]**"])
        self.assertEqual(len({card.note_id for card in found}), 2)
