"""The repository behaves as Django's managers do, also where changes are pending."""

import dataclasses
import time
import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Max, Min, Q, StdDev, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from flashcards.domain.records import Flashcard, State
from flashcards.store import UnknownLookup, cards, checkpoint_all, erase_owner, review_logs
from flashcards.store.lance.sql import quote
from flashcards.store.rows.filters import condition
from flashcards.store.rows.schema import FLASHCARDS
from tests.base import HypothesisTestCase, TestCase
from tests.factories import NOW, flashcard, review_log, store, stored_card


class ReadTests(TestCase):
    """Where there is a journal, each runs over cards that are in LanceDB, in it, and in both."""

    def setUp(self) -> None:
        self.old = [stored_card(self.alice, question=f"Old {n}", tags=("old",)) for n in range(6)]
        self.bobs = stored_card(self.bob, question="Old but Bob's")
        checkpoint_all()
        self.new = [stored_card(self.alice, question=f"New {n}", flag=n) for n in range(4)]
        self.changed = dataclasses.replace(self.old[2], question="Changed", suspended=True)
        self.deleted = dataclasses.replace(self.old[3], deleted_at=NOW)
        store(self.changed, self.deleted)
        self.cards = cards.for_owner(self.alice)

    def test_pending_images_take_the_place_of_stored_ones(self) -> None:
        questions = [card.question for card in self.cards]
        self.assertEqual(
            questions,
            ["Old 0", "Old 1", "Changed", "Old 4", "Old 5", "New 0", "New 1", "New 2", "New 3"],
        )

    def test_the_same_rows_come_after_a_checkpoint(self) -> None:
        before = list(self.cards.with_deleted())
        checkpoint_all()
        self.assertEqual(list(self.cards.with_deleted().all()), before)

    def test_it_counts_what_it_lists(self) -> None:
        for query in (
            self.cards,
            self.cards.with_deleted(),
            self.cards.filter(suspended=True),
            self.cards.filter(tags__contains="old"),
            self.cards.exclude(question__icontains="NEW"),
            self.cards[2:5],
            self.cards[8:20],
            self.cards.none(),
        ):
            self.assertEqual(query.all().count(), len(list(query)))

    def test_slices_are_taken_of_the_merged_rows_in_order(self) -> None:
        for ordering in (("question",), ("-question",), ("-flag", "question"), ("-created_at",)):
            everything = list(self.cards.order_by(*ordering))
            for start, stop in ((0, 3), (2, 7), (5, 50)):
                page = list(self.cards.order_by(*ordering)[start:stop])
                self.assertEqual(page, everything[start:stop])

    def test_a_query_is_lazy_cloned_and_cached(self) -> None:
        query = self.cards.filter(question="Old 0")
        self.assertEqual(self.cards.count(), 9)
        stored_card(self.alice, question="Old 0")
        self.assertEqual(len(query), 2)
        stored_card(self.alice, question="Old 0")
        self.assertEqual(len(query), 2)
        self.assertEqual(query.all().count(), 3)

    def test_get_raises_as_django_does(self) -> None:
        self.assertEqual(self.cards.get(id=self.new[0].id), self.new[0])
        with self.assertRaisesMessage(Flashcard.DoesNotExist, "matching query does not exist"):
            self.cards.get(id=uuid.uuid4())
        with self.assertRaises(Flashcard.MultipleObjectsReturned):
            self.cards.get(tags__contains="old")
        with self.assertRaises(Flashcard.DoesNotExist):
            self.cards.get(id=self.deleted.id)

    def test_nobody_reads_anothers_card(self) -> None:
        with self.assertRaises(Flashcard.DoesNotExist):
            self.cards.get(id=self.bobs.id)
        self.assertEqual([c.id for c in cards.for_owner(self.bob)], [self.bobs.id])

    def test_all_owners_reads_everybody(self) -> None:
        self.assertEqual(cards.all_owners().count(), 10)

    def test_it_pages(self) -> None:
        paginator = Paginator(self.cards, 4)
        self.assertEqual((paginator.count, paginator.num_pages), (9, 3))
        self.assertEqual(len(paginator.page(3)), 1)

    def test_every_word_must_occur_whatever_its_case(self) -> None:
        stored_card(self.alice, question="Capital of France", answer="Paris")
        self.assertEqual(self.cards.containing(["PARIS", "capital"]).count(), 1)
        self.assertEqual(self.cards.containing(["paris", "london"]).count(), 0)
        checkpoint_all()
        self.assertEqual(self.cards.containing(["PARIS", "capital"]).count(), 1)

    def test_columns_and_values_are_the_rows_of_the_query(self) -> None:
        for _ in range(2):
            for query in (
                self.cards,
                self.cards.order_by("-flag", "question"),
                self.cards.order_by("last_review", "-question")[2:6],
                self.cards.filter(flag__gte=2),
                self.cards.none(),
            ):
                names = [card.question for card in query.all()]
                self.assertEqual([row["question"] for row in query.values("question")], names)
            for query in (self.cards, self.cards.filter(flag__gte=2), self.cards.none()):
                found = query.columns("question", "due", "tags", "suspended", "flag")
                rows = zip(*(column.tolist() for column in found.values()), strict=True)
                expected = [
                    (c.question, c.due.replace(tzinfo=None), c.tags, c.suspended, c.flag)
                    for c in query
                ]
                self.assertEqual(sorted(rows), sorted(expected))
                missing = query.columns("stability", "last_review")
                self.assertTrue(np.isnan(missing["stability"]).all())
                self.assertTrue(np.isnat(missing["last_review"]).all())
            self.assertIn("stability", self.cards.values()[0])
            checkpoint_all()

    def test_aggregates_read_as_djangos(self) -> None:
        for _ in range(2):
            self.assertEqual(
                self.cards.aggregate(
                    n=Count("id"), most=Max("flag"), least=Min("flag"), sum=Sum("flag")
                ),
                {"n": 9, "most": 3, "least": 0, "sum": 6},
            )
            self.assertEqual(self.cards.none().aggregate(most=Max("flag")), {"most": None})
            checkpoint_all()
        with self.assertRaises(UnknownLookup):
            self.cards.aggregate(x=Max("colour"))
        for what in (StdDev("flag"), Count("flag", distinct=True), Sum("flag", filter=Q(flag=1))):
            with self.assertRaises(UnknownLookup):
                self.cards.aggregate(x=what)

    def test_an_undeclared_lookup_is_named(self) -> None:
        with self.assertRaisesMessage(UnknownLookup, "no field 'colour'"):
            self.cards.filter(colour="red")
        with self.assertRaisesMessage(UnknownLookup, "no lookup 'regex'"):
            self.cards.filter(question__regex=".*")
        with self.assertRaisesMessage(UnknownLookup, "no field 'embedding'"):
            self.cards.order_by("embedding")
        with self.assertRaisesMessage(UnknownLookup, "tags is a list and gives no order"):
            self.cards.order_by("-tags")

    def test_an_id_may_be_text_wherever_its_row_is(self) -> None:
        card = stored_card(self.alice, deck_ids=(uuid.uuid4(),))
        for _ in range(2):
            self.assertEqual(self.cards.get(id=str(card.id)), card)
            self.assertEqual(self.cards.filter(id__in=[str(card.id), None]).get(), card)
            self.assertEqual(self.cards.filter(deck_ids__contains=str(card.deck_ids[0])).count(), 1)
            self.assertEqual(self.cards.exclude(note_id=str(card.note_id)).count(), 9)
            checkpoint_all()
        with self.assertRaises(ValueError):
            self.cards.get(id="1 OR true")

    def test_of_an_erased_owner_no_process_shows_what_was_pending(self) -> None:
        self.assertEqual(self.cards.count(), 9)
        with transaction.atomic():
            erase_owner(self.alice.pk)
        self.assertEqual((self.cards.all().count(), list(self.cards.all())), (0, []))

    def test_a_missing_value_is_not_equal_and_not_unequal_on_either_side(self) -> None:
        with_time = stored_card(self.alice, last_review=NOW, state=State.REVIEW)
        for _ in range(2):
            self.assertEqual(self.cards.filter(last_review__lte=NOW).get(), with_time)
            self.assertEqual(self.cards.exclude(last_review__lte=NOW).count(), 9)
            self.assertEqual(self.cards.filter(last_review=None).count(), 9)
            self.assertEqual(self.cards.filter(last_review__isnull=False).count(), 1)
            self.assertEqual(self.cards.filter(id__in=[]).count(), 0)
            checkpoint_all()

    def test_times_compare_to_the_microsecond(self) -> None:
        card = stored_card(self.alice, due=NOW + timedelta(microseconds=1_000_001), flag=7)
        for _ in range(2):
            query = self.cards.filter(flag=7)
            self.assertEqual(query.filter(due__lt=card.due).count(), 0)
            self.assertEqual(query.filter(due__lte=card.due).count(), 1)
            checkpoint_all()

    def test_logs_are_read_the_same_way(self) -> None:
        card = self.new[0]
        log = review_log(card)
        store(card, logs=(log,))
        logs = review_logs.for_owner(self.alice)
        self.assertEqual(logs.get(flashcard_id=card.id), log)
        checkpoint_all()
        self.assertEqual(logs.get(flashcard_id=card.id), log)
        self.assertEqual(review_logs.for_owner(self.bob).count(), 0)


class ManyIdsTests(TestCase):
    def test_a_row_is_found_among_many_ids_as_quickly_as_among_few(self) -> None:
        rows = [flashcard(self.alice) for _ in range(300)]

        def seconds(count: int) -> float:
            ids = [uuid.uuid4() for _ in range(count)] + [rows[0].id]
            among = condition(FLASHCARDS, "id__in", ids)
            begun = time.process_time()
            found = [row for _ in range(10) for row in rows if among.matches(row)]
            self.assertEqual(found, [rows[0]] * 10)
            return time.process_time() - begun

        self.assertLess(seconds(20_000), 8 * max(seconds(200), 0.005))

    def test_none_among_the_values_matches_nothing(self) -> None:
        card = flashcard(self.alice)
        self.assertFalse(condition(FLASHCARDS, "message_id__in", [None]).matches(card))
        self.assertTrue(condition(FLASHCARDS, "state__in", [0]).matches(card))
        self.assertTrue(condition(FLASHCARDS, "kind__in", ["basic"]).matches(card))


class QuotingTests(HypothesisTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
        | st.sampled_from(["'", "''", "\\'", "' OR '1'='1", "%", "_", "--", ";", '"', "/*", "${}"])
    )
    def test_no_text_changes_a_filters_meaning(self, text: str) -> None:
        """A card is found by its own words, and another is not, stored or pending."""
        for _ in range(2):
            mine = flashcard(self.alice, question=text, answer="mine")
            other = flashcard(self.alice, question=text + "x", answer="other")
            store(mine, other)
            found = cards.for_owner(self.alice).filter(id__in=[mine.id, other.id])
            for _ in range(2):
                self.assertEqual([c.answer for c in found.filter(question=text)], ["mine"])
                self.assertEqual([c.answer for c in found.exclude(question=text)], ["other"])
                self.assertEqual(len(found.filter(question__contains=text)), 2)
                checkpoint_all()


def test_only_plain_values_are_quoted() -> None:
    assert quote("O'Brien") == "'O''Brien'"
    assert quote(True) == "true"
    with pytest.raises(TypeError):
        quote(Q(a=1))
    with pytest.raises(ValueError, match="infinity"):
        quote(float("nan"))
