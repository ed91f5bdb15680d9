"""What comes back finds its deck: in whatever way the card went, and the deck after it."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from unittest import mock
from uuid import UUID

from flashcards import study_settings
from flashcards.cards import bulk_actions, decks, trash
from flashcards.cards.card_actions import Verb
from flashcards.cards.cards import delete_card, restore_card
from flashcards.domain.records import NewCard
from flashcards.models import BulkChange, Deck, RemovedDecks, StudySettings
from flashcards.search import search
from flashcards.store import cards
from flashcards.study_settings import presets
from tests.base import TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import give_cards

HOUR = timedelta(hours=1)


class RemovedDecksTests(TestCase):
    def setUp(self) -> None:
        self.deck = decks.create_deck(owner_id=self.alice.pk, name="Biology::Cells", now=NOW)
        self.first, self.other = give_cards(
            self.alice,
            NewCard(question="one", answer="1", deck_ids=(self.deck.id,)),
            NewCard(question="two", answer="2", deck_ids=(self.deck.id,)),
            now=NOW,
        )

    def delete_deck(self, after: timedelta) -> RemovedDecks:
        deck = Deck.objects.get(owner=self.alice, name="Biology::Cells")
        return decks.delete_deck(owner_id=self.alice.pk, deck=deck, now=NOW + after)

    def bulk(self, verb: Verb, *card_ids: UUID) -> BulkChange:
        return bulk_actions.start(
            owner_id=self.alice.pk,
            verb=verb,
            argument={"deck": str(self.deck.id)},
            card_ids=card_ids,
            clock=lambda: NOW + HOUR,
        )

    def undo(self, change: BulkChange) -> None:
        bulk_actions.undo(owner_id=self.alice.pk, change_id=change.id, clock=lambda: NOW + 3 * HOUR)

    def found(self, text: str) -> set[str]:
        found = search.find(owner_id=self.alice.pk, text=text, now=NOW, zone=NOW.tzinfo)  # type: ignore[arg-type]
        return {card.question for card in found}

    def test_a_card_that_comes_back_finds_its_deck_whatever_way_it_went(self) -> None:
        owner, card_id = self.alice.pk, self.first.id

        def trashed() -> None:
            delete_card(owner_id=owner, card_id=card_id, now=NOW + HOUR)

        ways: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "restored": (trashed, lambda: restore_card(owner_id=owner, card_id=card_id)),
            "from the trash": (
                trashed,
                lambda: trash.restore(owner_id=owner, card_ids=[card_id]),
            ),
            "bulk deletion": (
                lambda: self.bulk(Verb.DELETE, card_id),
                lambda: self.undo(BulkChange.objects.earliest("-created_at")),
            ),
            "taken out": (
                lambda: self.bulk(Verb.TAKE_OUT, card_id),
                lambda: self.undo(BulkChange.objects.earliest("-created_at")),
            ),
        }
        for name, (go, come) in ways.items():
            with self.subTest(way=name):
                BulkChange.objects.all().delete()
                self.deck = Deck.objects.get(name="Biology::Cells")
                go()
                self.delete_deck(2 * HOUR)
                self.assertIn("two", self.found("deck:none"))
                come()
                card = cards.for_owner(self.alice).get(id=card_id)
                self.assertEqual(
                    [deck.name for deck in Deck.objects.filter(id__in=card.deck_ids)],
                    ["Biology::Cells"],
                )
                # The one that was left there when the deck was deleted stays out of it.
                self.assertEqual(self.found("deck:Biology::Cells"), {"one"})
                self.assertEqual(self.found("deck:none"), {"two"})

    def test_a_deck_that_was_deleted_before_the_card_stays_deleted(self) -> None:
        self.delete_deck(HOUR)
        delete_card(owner_id=self.alice.pk, card_id=self.first.id, now=NOW + 2 * HOUR)
        restore_card(owner_id=self.alice.pk, card_id=self.first.id)
        self.assertEqual(Deck.objects.count(), 0)
        self.assertEqual(self.found("deck:none"), {"one", "two"})

    def test_the_deck_of_the_same_name_takes_the_card(self) -> None:
        delete_card(owner_id=self.alice.pk, card_id=self.first.id, now=NOW + HOUR)
        self.delete_deck(2 * HOUR)
        again = decks.create_deck(owner_id=self.alice.pk, name="biology::cells", now=NOW)
        restore_card(owner_id=self.alice.pk, card_id=self.first.id)
        self.assertEqual(cards.for_owner(self.alice).get(id=self.first.id).deck_ids, (again.id,))

    def test_the_settings_of_a_deck_come_back_with_it(self) -> None:
        study_settings.save(
            owner_id=self.alice.pk,
            deck=self.deck,
            values={"desired_retention": 0.8, "learning_steps_seconds": [60]},
            now=NOW,
        )
        removed = self.delete_deck(HOUR)
        self.assertEqual(decks.restore_decks(owner_id=self.alice.pk, removed=removed), 1)
        own = StudySettings.objects.get(decks=self.deck)
        self.assertEqual((own.desired_retention, own.learning_steps_seconds), (0.8, [60]))
        self.assertEqual(self.found("deck:Biology::Cells"), {"one", "two"})

    def test_settings_kept_before_there_were_presets_come_back_each_to_its_deck(self) -> None:
        inside = decks.create_deck(owner_id=self.alice.pk, name="Biology::Cells::Walls", now=NOW)
        removed = self.delete_deck(HOUR)
        retentions = {str(self.deck.id): 0.8, str(inside.id): 0.85}
        for each in removed.decks:
            del each["preset"]
            each["settings"] = {"desired_retention": retentions[each["id"]]}
        removed.save()
        decks.restore_decks(owner_id=self.alice.pk, removed=removed)
        found = Deck.objects.values_list("id", "preset__desired_retention")
        self.assertEqual({str(deck_id): each for deck_id, each in found}, retentions)

    def test_a_deck_comes_back_without_its_preset_where_there_are_too_many(self) -> None:
        given = {"desired_retention": 0.8}
        study_settings.save(owner_id=self.alice.pk, deck=self.deck, values=given, now=NOW)
        removed = self.delete_deck(HOUR)
        StudySettings.objects.all().delete()
        with mock.patch.object(presets, "PRESETS_MOST", -1):
            self.assertEqual(decks.restore_decks(owner_id=self.alice.pk, removed=removed), 1)
        self.assertIsNone(Deck.objects.get().preset)

    def test_undo_of_a_deletion_leaves_decks_that_are_there_again(self) -> None:
        for card in (self.first, self.other):
            delete_card(owner_id=self.alice.pk, card_id=card.id, now=NOW + HOUR)
        decks.create_deck(owner_id=self.alice.pk, name="Biology", now=NOW)
        parent = Deck.objects.get(name="Biology")
        removed = decks.delete_deck(owner_id=self.alice.pk, deck=parent, now=NOW + 2 * HOUR)
        restore_card(owner_id=self.alice.pk, card_id=self.first.id)
        self.assertEqual(decks.names(self.alice.pk), ["Biology::Cells"])
        decks.restore_decks(owner_id=self.alice.pk, removed=removed)
        self.assertEqual(decks.names(self.alice.pk), ["Biology", "Biology::Cells"])

    def test_every_order_of_going_and_coming_leaves_no_card_lost(self) -> None:
        """Each card is in a deck that is there, or found as one without a deck."""

        def steps() -> dict[str, Callable[[timedelta], object]]:
            return {
                "delete": lambda at: delete_card(
                    owner_id=self.alice.pk, card_id=self.first.id, now=NOW + at
                ),
                "remove": self.delete_deck,
                "restore": lambda _: restore_card(owner_id=self.alice.pk, card_id=self.first.id),
                "create": lambda _: decks.deck_named(
                    owner_id=self.alice.pk, name="Biology::Cells", now=NOW
                ),
            }

        for order in itertools.permutations(steps()):
            if order.index("restore") < order.index("delete"):
                continue
            with self.subTest(order=order):
                restored = [card.id for card in (self.first, self.other)]
                home = decks.deck_named(owner_id=self.alice.pk, name="Biology::Cells", now=NOW)
                for card_id in restored:
                    restore_card(owner_id=self.alice.pk, card_id=card_id)
                    decks.set_decks(owner_id=self.alice.pk, card_id=card_id, deck_ids=[home.id])
                for number, name in enumerate(order):
                    steps()[name](number * HOUR)
                shown = self.found("deck:none")
                if Deck.objects.exists():
                    shown |= self.found("deck:Biology::Cells")
                self.assertEqual(shown, {"one", "two"})
