"""Cards, decks and tags are found in any spelling that differs in case or encoding alone."""

# ruff: noqa: RUF001 - letters of many scripts

from collections.abc import Callable
from datetime import UTC
from typing import Any

from flashcards.cards import card_actions, decks, trash
from flashcards.cards.card_actions import Verb
from flashcards.cards.cards import delete_card
from flashcards.cards.labels import unique
from flashcards.domain.records import NewCard
from flashcards.domain.validation import CardError
from flashcards.duplicates.words import letters_of, words_of
from flashcards.models import Deck
from flashcards.review.deck_tree import tree
from flashcards.search import completion
from flashcards.search.find_cards import find_cards
from flashcards.search.search import find
from flashcards.store.maintenance import checkpoint
from flashcards.web import palette
from memoryloop.web.palette import PaletteItem
from tests.base import TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import give_cards

# As it was typed once, and as it is typed later.
SPELLINGS = (
    ("Köln", "Ko\u0308ln"),
    ("Ko\u0308ln", "KÖLN"),
    ("ΟΔΌΣ", "οδός"),
    ("οδός", "ΟΔΌΣ"),
    ("İzmir", "izmir"),
    ("izmir", "İZMİR"),
    ("Straße", "STRASSE"),
    ("Strasse", "straße"),
    ("Ｔｏｋｙｏ", "tokyo"),
    ("量子纠缠现象", "量子纠缠现象"),
)


class SpellingTests(TestCase):
    def setUp(self) -> None:
        self.owner: Any = {"owner_id": self.alice.id}

    def each(self, found: Callable[[str, str], bool]) -> None:
        for number, (stored, asked) in enumerate(SPELLINGS):
            with self.subTest(stored=stored, asked=asked):
                self.assertTrue(found(stored, asked), number)

    def test_words_of_cards_before_and_after_a_checkpoint(self) -> None:
        for stored, asked in SPELLINGS:
            (card,) = give_cards(self.alice, NewCard(question=f"What is {stored}?", answer="-"))
            for _ in range(2):
                found = find(**self.owner, text=asked, now=NOW, zone=UTC)
                self.assertIn(card.id, found.ids(), asked)
                first = find_cards(**self.owner, text=asked, limit=1)
                self.assertEqual([each.card for each in first], [card], asked)
                checkpoint.run()
            delete_card(**self.owner, card_id=card.id, now=NOW)
            in_trash = list(trash.cards_in_trash(**self.owner, text=asked))
            self.assertIn(card.id, [each.id for each in in_trash], asked)

    def test_decks(self) -> None:
        for stored, asked in SPELLINGS:
            with self.subTest(stored=stored, asked=asked):
                Deck.objects.all().delete()
                deck = decks.create_deck(**self.owner, name=f"{stored}::A", now=NOW)
                self.assertEqual(decks.deck_named(**self.owner, name=f"{asked}::a", now=NOW), deck)
                self.assertRaises(
                    CardError, decks.create_deck, **self.owner, name=f"{asked}::A", now=NOW
                )
                decks.create_deck(**self.owner, name=asked, now=NOW)
                lines = tree(**self.owner, now=NOW, zone=UTC)
                self.assertEqual([line.deck is not None for line in lines], [True, True])
                self.assertEqual(
                    len(find(**self.owner, text=f'deck:"{asked}"', now=NOW, zone=UTC)), 0
                )
                offered = completion.complete(**self.owner, text=f"deck:{asked}", at=5 + len(asked))
                self.assertTrue(offered)
                items: list[PaletteItem] = palette.find_decks(**self.owner, text=asked, limit=9)
                self.assertEqual(len(items), 4)
                renamed = decks.rename_deck(
                    **self.owner, deck=decks.deck_named(**self.owner, name=asked, now=NOW), name="B"
                )
                self.assertEqual({deck.name for deck in Deck.objects.all()}, {renamed.name, "B::A"})

    def test_of_two_decks_from_before_that_are_the_same_now_the_one_spelled_so_is_found(
        self,
    ) -> None:
        both = [
            Deck.objects.create(owner=self.alice, name=name, created_at=NOW)
            for name in ("Straße", "STRASSE")
        ]
        for deck in both:
            self.assertEqual(decks.deck_named(**self.owner, name=deck.name, now=NOW), deck)

    def test_tags(self) -> None:
        for stored, asked in SPELLINGS:
            with self.subTest(stored=stored, asked=asked):
                (card,) = give_cards(self.alice, NewCard(question="Q", answer="A", tags=(stored,)))
                found = find(**self.owner, text=f'tag:"{asked}"', now=NOW, zone=UTC)
                self.assertIn(card.id, found.ids())
                self.assertEqual(unique([stored, asked]), (stored,))
                # It has the tag already.
                self.assertIsNone(card_actions.apply(Verb.TAG, {"tag": asked}, card, NOW))
                untagged = card_actions.apply(Verb.UNTAG, {"tag": asked}, card, NOW)
                self.assertEqual(untagged and untagged.after.tags, ())
                delete_card(**self.owner, card_id=card.id, now=NOW)

    def test_duplicates(self) -> None:
        self.each(lambda stored, asked: words_of(stored).stems == words_of(asked).stems)
        self.each(lambda stored, asked: letters_of(stored) == letters_of(asked))
