"""What a search finds, in which order, before and after a checkpoint, and whose."""

import dataclasses
import uuid
from datetime import UTC, timedelta
from unittest import mock

import numpy as np
from django.db import transaction
from hypothesis import given, settings
from numpy.typing import NDArray

from accounts.models import User
from flashcards.cards import decks
from flashcards.cards.cards import get_card
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.maintenance import bulk_load
from flashcards.review import resetting
from flashcards.review.ratings import undo_review
from flashcards.search import completion
from flashcards.search.search import Found, Order, find
from flashcards.store import Change, columns, lock_owner, write
from flashcards.store.maintenance import checkpoint
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import HypothesisTestCase, TestCase
from tests.factories import NOW, flashcard, store, stored_card
from tests.flashcards.domain.test_query_language import pieces
from tests.flashcards.given_cards import answer

DAY = timedelta(days=1)


def search(user: User, text: str, order: str = "") -> Found:
    return find(owner_id=user.id, text=text, now=NOW, zone=UTC, order=order)


def questions(user: User, text: str, order: str = "question") -> list[str]:
    return [card.question for card in search(user, text, order)]


class _Shelf(TestCase):
    """Alice's cards, named by what they are; Bob has the same."""

    checkpointed = False

    def setUp(self) -> None:
        for owner in (self.alice, self.bob):
            biology = decks.create_deck(owner_id=owner.id, name="Biology", now=NOW)
            cells = decks.create_deck(owner_id=owner.id, name="Biology::Cells", now=NOW)
            decks.create_deck(owner_id=owner.id, name="Weak", search="prop:r<0.9", now=NOW)
            learnt = {"state": State.REVIEW, "reps": 5, "stability": 10.0, "difficulty": 5.0}
            made = {"created_at": NOW - 30 * DAY, "edited_at": NOW - 30 * DAY}
            cards = [
                flashcard(owner, question="new", answer="Cell wall", **made),
                flashcard(
                    owner, question="learning", state=State.LEARNING, stability=0.5, difficulty=8.0,
                    reps=1, last_review=NOW - timedelta(minutes=5), due=NOW + timedelta(minutes=5),
                    tags=("verbs",), **made,
                ),
                flashcard(
                    owner, question="fading", last_review=NOW - 20 * DAY, due=NOW - 10 * DAY,
                    deck_ids=(cells.id,), tags=("Bio::dna", "leech"), lapses=6, **learnt, **made,
                ),
                flashcard(
                    owner, question="fresh", last_review=NOW - DAY, due=NOW + 9 * DAY,
                    deck_ids=(biology.id,), flag=2, **learnt, created_at=NOW - DAY,
                    edited_at=NOW,
                ),
                flashcard(
                    owner, question="asleep", suspended=True, due=NOW - DAY,
                    last_review=NOW - 2 * DAY, **learnt, **made,
                ),
                flashcard(
                    owner, question="buried", buried_until=NOW + DAY, due=NOW - DAY,
                    last_review=NOW - 2 * DAY, extra="a wall", **learnt, **made,
                ),
                flashcard(owner, question="deleted", deleted_at=NOW, **made),
            ]  # fmt: skip
            if self.checkpointed:
                bulk_load.load_cards(owner_id=owner.id, cards=cards, logs=[])
            else:
                store(*cards)


class SearchTests(_Shelf):
    def assert_finds(self, text: str, *expected: str) -> None:
        with self.subTest(text):
            self.assertEqual(questions(self.alice, text), sorted(expected))

    def test_each_term_finds_what_it_says(self) -> None:
        everything = ("asleep", "buried", "fading", "fresh", "learning", "new")
        for text, *expected in (
            ("", *everything),
            ("cell", "new"),
            ("WALL", "buried", "new"),
            ('"cell wall"', "new"),
            ('"wall cell"',),
            ("wall cell", "new"),
            ("wall -cell", "buried"),
            ("fading or fresh", "fading", "fresh"),
            ("(fading or fresh) tag:leech", "fading"),
            ("-(fading or fresh)", "asleep", "buried", "learning", "new"),
            ("deck:biology", "fading", "fresh"),
            ("deck:Biology::Cells", "fading"),
            ("deck:Bio*", "fading", "fresh"),
            ("deck:*cells", "fading"),
            ("deck:none", "asleep", "buried", "learning", "new"),
            ("deck:weak", "fading"),
            ("tag:bio", "fading"),
            ("tag:bio::dna", "fading"),
            ("tag:dna",),
            ("tag:*dna", "fading"),
            ("tag:none", "asleep", "buried", "fresh", "new"),
            ("tag:unheard",),
            ("is:new", "new"),
            ("is:learning", "learning"),
            ("is:review", "asleep", "buried", "fading", "fresh"),
            ("is:due", "fading"),
            ("is:suspended", "asleep"),
            ("is:buried", "buried"),
            ("is:leech", "fading"),
            ("prop:r<0.9", "fading"),
            ("prop:r>=90%", "asleep", "buried", "fresh", "learning"),
            ("prop:s>9 prop:s<11", "asleep", "buried", "fading", "fresh"),
            ("prop:d=8", "learning"),
            ("prop:d!=8", "asleep", "buried", "fading", "fresh"),
            ("prop:lapses>3", "fading"),
            ("prop:reps=1", "learning"),
            ("prop:ivl=10", "fading", "fresh"),
            ("prop:due<0", "asleep", "buried", "fading"),
            ("prop:due=0", "learning"),
            ("prop:due>0", "fresh"),
            ("prop:due=-1", "asleep", "buried"),
            ("added:2", "fresh"),
            ("added:1",),
            ("edited:1", "fresh"),
            ("flag:2", "fresh"),
            ("flag:0 fresh",),
        ):
            self.assert_finds(text, *expected)

    def test_a_fresh_write_is_found_at_once(self) -> None:
        self.assertEqual(questions(self.alice, "quokka"), [])
        card = stored_card(self.alice, question="quokka")
        self.assertEqual(questions(self.alice, "quokka"), ["quokka"])
        (fading,) = search(self.alice, "fading")
        store(dataclasses.replace(fading, tags=("changed",)))
        self.assertEqual(questions(self.alice, "tag:changed"), ["fading"])
        self.assertEqual(questions(self.alice, "tag:leech"), [])
        store(dataclasses.replace(card, deleted_at=NOW))
        self.assertEqual(questions(self.alice, "quokka"), [])

    def test_every_order_sorts_both_ways_with_missing_values_last(self) -> None:
        for order in Order:
            for sign in ("", "-"):
                with self.subTest(order, sign=sign):
                    self.assertEqual(len(search(self.alice, "", f"{sign}{order}")), 6)
        self.assertEqual(questions(self.alice, "", "question")[0], "asleep")
        self.assertEqual(questions(self.alice, "", "-question")[0], "new")
        self.assertEqual(questions(self.alice, "", "retrievability")[0], "fading")
        self.assertEqual(questions(self.alice, "", "retrievability")[-1], "new")
        self.assertEqual(questions(self.alice, "", "-retrievability")[-1], "new")
        self.assertEqual(questions(self.alice, "", "-lapses")[0], "fading")
        self.assertEqual(questions(self.alice, "", "deck")[:2], ["fresh", "fading"])
        self.assertEqual(questions(self.alice, "", "tags")[:2], ["fading", "learning"])
        self.assertEqual(questions(self.alice, "", "")[0], "fresh")
        self.assertEqual(questions(self.alice, "", "nonsense")[0], "fresh")

    def test_a_new_card_takes_its_place_in_the_order_of_the_questions(self) -> None:
        search(self.alice, "", "question")
        for question in ("aardvark", "Bear", "zebra", "buri", "burz"):
            stored_card(self.alice, question=question)
        found = questions(self.alice, "")
        self.assertEqual(found, sorted(found, key=str.lower))

    def test_pages_are_parts_of_the_whole(self) -> None:
        found = search(self.alice, "", "due")
        self.assertEqual(list(found), [*found[:2], *found[2:4], *found[4:]])
        self.assertEqual([card.id for card in found], found.ids())

    def test_another_learners_cards_decks_and_names_are_nowhere(self) -> None:
        stored_card(self.bob, question="bobs own", tags=("bobs-tag",))
        decks.create_deck(owner_id=self.bob.id, name="Bobs deck", now=NOW)
        mine = {card.owner_id for text in ("", "fading", "deck:biology", "tag:bio", "is:due")
                for card in search(self.alice, text)}  # fmt: skip
        self.assertEqual(mine, {self.alice.id})
        self.assertEqual(questions(self.alice, "bobs"), [])
        with self.assertRaises(BadQuery):
            search(self.alice, 'deck:"Bobs deck"')
        for text in ("deck:bobs", "tag:bobs"):
            found = completion.complete(owner_id=self.alice.id, text=text, at=len(text))
            self.assertEqual(found, [])
        theirs = search(self.bob, "").ids()
        alices = columns(self.alice.id)
        self.assertEqual(len(alices.places(theirs)), 0)

    def test_what_was_rated_lately_is_found_by_its_rating_too(self) -> None:
        card = stored_card(self.alice, question="rated")
        answer(card, Rating.AGAIN, now=NOW - 2 * DAY)
        self.assertEqual(questions(self.alice, "rated rated:7"), ["rated"])
        self.assertEqual(questions(self.alice, "rated rated:3:1"), ["rated"])
        self.assertEqual(questions(self.alice, "rated rated:7:3"), [])
        self.assertEqual(questions(self.alice, "rated rated:2"), [])
        checkpoint.run_until_empty()
        self.assertEqual(questions(self.alice, "rated rated:7:1"), ["rated"])


class AnythingTypedTests(HypothesisTestCase):
    @settings(max_examples=100, deadline=None)
    @given(pieces)
    def test_it_finds_something_or_is_not_understood(self, text: str) -> None:
        owner = User.objects.create(email="alice@example.org")
        stored_card(owner)
        try:
            found = search(owner, text)
        except BadQuery:
            return
        self.assertLessEqual(len(list(found)), 1)


class StoredSearchTests(SearchTests):
    """The same, with the cards in LanceDB."""

    checkpointed = True


class OddSearchTests(TestCase):
    def test_a_deck_that_asks_for_itself_says_so(self) -> None:
        decks.create_deck(owner_id=self.alice.id, name="A", search="deck:B", now=NOW)
        decks.create_deck(owner_id=self.alice.id, name="B", search="deck:A", now=NOW)
        with self.assertRaisesRegex(BadQuery, "refers to itself"):
            search(self.alice, "deck:A")

    def test_a_search_has_so_many_costly_terms_at_most(self) -> None:
        with self.assertRaises(BadQuery) as caught:
            search(self.alice, " ".join(f'"w{n}"' for n in range(40)))
        before = " ".join(f'"w{n}"' for n in range(32))
        self.assertEqual(caught.exception.position, len(before) + 1)

    def test_by_meaning_the_nearest_come_first(self) -> None:
        near, far = stored_card(self.alice, question="near"), stored_card(self.alice)
        vectors = np.eye(896, dtype=np.float32)
        change = journal_change(near, vectors[0]), journal_change(far, vectors[1])
        with transaction.atomic():
            lock_owner(self.alice.id)
            write(change)
        embedder = mock.Mock()
        embedder.embed_query.return_value = vectors[0]
        with mock.patch(
            "flashcards.cards.embedding.embedder_named", autospec=True, return_value=embedder
        ):
            self.assertEqual([c.question for c in search(self.alice, '~"about it"')], ["near"])
            self.assertNotIn("near", [c.question for c in search(self.alice, '-~"about it"')])

    def test_a_review_that_was_taken_back_does_not_count(self) -> None:
        card = stored_card(self.alice)
        for checkpointed in (False, True):
            with self.subTest(checkpointed=checkpointed):
                answer(card, Rating.GOOD, now=NOW - DAY)
                if checkpointed:
                    checkpoint.run_until_empty()
                self.assertEqual(self.found("rated:7", "rated:7:3"), [1, 1])
                undo_review(
                    owner_id=self.alice.id, undo_id=uuid.uuid4(), now=NOW - timedelta(hours=23)
                )
                if checkpointed:
                    checkpoint.run_until_empty()
                self.assertEqual(self.found("rated:7", "rated:7:3"), [0, 0])
                card = get_card(owner_id=self.alice.id, card_id=card.id)

    def test_a_card_that_was_begun_anew_counts_as_reviewed_before(self) -> None:
        card, other = stored_card(self.alice), stored_card(self.alice)
        answer(card, Rating.GOOD, now=NOW - 2 * DAY)
        for each in (card, other):
            resetting.reset_schedule(owner_id=self.alice.id, card_id=each.id, now=NOW - DAY)
        for checkpointed in (False, True):
            if checkpointed:
                checkpoint.run_until_empty()
            with self.subTest(checkpointed=checkpointed):
                self.assertEqual(self.found("rated:7", "rated:7:3", "rated:1"), [1, 1, 0])

    def found(self, *texts: str) -> list[int]:
        return [len(search(self.alice, text)) for text in texts]

    def test_it_completes_keys_names_and_values(self) -> None:
        decks.create_deck(owner_id=self.alice.id, name="Latin", now=NOW)
        decks.create_deck(owner_id=self.alice.id, name="Old Latin", now=NOW)
        stored_card(self.alice, tags=("verbs::strong",))
        for text, expected in (
            ("de", ["deck:"]),
            ("deck:lat", ["deck:Latin", 'deck:"Old Latin"']),
            ('cat -deck:"old', ['deck:"Old Latin"']),
            ("tag:v", ["tag:verbs", "tag:verbs::strong"]),
            ("(is:s", ["is:suspended"]),
            ("prop:l", ["prop:lapses>3"]),
            ("xyz", []),
            ("", []),
        ):
            with self.subTest(text):
                found = completion.complete(owner_id=self.alice.id, text=text, at=len(text))
                self.assertEqual([each.text for each in found][: len(expected) or 1], expected)


def journal_change(card: Flashcard, vector: NDArray[np.float32]) -> Change:
    embedded = dataclasses.replace(card, embedding_model=BuiltIn.name)
    return Change(embedded, vector=vector)
