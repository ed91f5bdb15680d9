"""What is brought forward change by change is what would be read from nothing, at every step."""

import contextlib
import dataclasses
import itertools
import random
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from unittest import mock

import numpy as np
from django.db import transaction
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from accounts.models import User
from flashcards import store, study_settings
from flashcards.cards.cards import (
    bury_card,
    delete_card,
    delete_for_owner,
    edit_card,
    get_card,
    restore_card,
    set_suspended,
)
from flashcards.domain.answer_codes import QUARTER_MICROS, code_of
from flashcards.domain.records import Flashcard, Rating, State
from flashcards.domain.study_day import micros
from flashcards.maintenance import bulk_load
from flashcards.models import Deck
from flashcards.review.due import due_queue
from flashcards.review.ratings import NothingToUndo, review_card, undo_review
from flashcards.scheduling import effective
from flashcards.store import Change, DueQueue, engines, review_logs
from flashcards.store.cache import answer_totals, answers, collection
from flashcards.store.cache.owner_cache import OwnerCache
from flashcards.store.due import due_cards, recent_reviews
from flashcards.store.journal import pending
from flashcards.store.maintenance import checkpoint
from flashcards.store.pending import PendingMemory
from flashcards.store.postgres import changes
from tests.engines import InLanceDB, InPostgreSQL
from tests.factories import flashcard

START = datetime(2026, 3, 10, 13, tzinfo=UTC)
DAY = timedelta(days=1)
_emails = itertools.count()
picks = st.integers(0, 10_000)
SETTINGS = settings(
    max_examples=8,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


@contextlib.contextmanager
def emptied(memory: PendingMemory) -> Iterator[None]:
    """Have nothing in it meanwhile."""
    kept = dict(memory)
    memory.clear()
    yield
    memory.clear()
    memory.update(kept)


@contextlib.contextmanager
def another_process() -> Iterator[None]:
    """Know nothing of what this process has in memory, and leave it as it is."""
    with (
        emptied(pending._memory),
        emptied(changes._memory),
        mock.patch.object(due_cards, "_due_cards", OwnerCache(9)),
        mock.patch.object(recent_reviews, "_totals", OwnerCache(9)),
        mock.patch.object(collection, "_collections", OwnerCache(9)),
        mock.patch.object(answers, "_logs", OwnerCache(9)),
        mock.patch.object(answer_totals, "_logs", OwnerCache(9)),
    ):
        yield


class Learner(RuleBasedStateMachine):
    """One learner, in two processes, with the worker in a third."""

    def __init__(self) -> None:
        super().__init__()
        self.owner = User.objects.create_user(f"learner{next(_emails)}@example.org")
        names = ("Biology", "Biology::Cells", "Chemistry")
        self.decks = [Deck.objects.create(owner=self.owner, name=name) for name in names]
        self.now = START
        self.ids: list[uuid.UUID] = []
        self.make(6, 1)

    # What a learner does

    @rule(count=st.integers(1, 4), seed=picks)
    def make(self, count: int, seed: int) -> None:
        self.store(self.cards(count, seed))

    @rule(count=st.integers(1, 4), seed=picks)
    def bring_in(self, count: int, seed: int) -> None:
        bulk_load.load_cards(owner_id=self.owner.pk, cards=self.cards(count, seed), logs=[])

    @rule(rating=st.sampled_from(Rating), elsewhere=st.booleans(), times=st.integers(1, 3))
    def rate(self, rating: Rating, elsewhere: bool, times: int) -> None:
        with another_process() if elsewhere else contextlib.nullcontext():
            for _ in range(times):
                for card in self.read(limit=1).cards:
                    self.answer(card, rating)
                self.now += timedelta(seconds=5)

    @rule(pick=picks, rating=st.sampled_from(Rating))
    def rate_any(self, pick: int, rating: Rating) -> None:
        self.change(pick, lambda card: self.answer(card, rating))

    @rule(elsewhere=st.booleans())
    def undo(self, elsewhere: bool) -> None:
        with (
            another_process() if elsewhere else contextlib.nullcontext(),
            contextlib.suppress(NothingToUndo),
        ):
            undo_review(owner_id=self.owner.pk, undo_id=uuid.uuid4(), now=self.now)

    @rule(
        pick=picks, what=st.sampled_from(("edit", "suspend", "resume", "bury", "later", "delete"))
    )
    def act(self, pick: int, what: str) -> None:
        owner = self.owner.pk

        def done(card: Flashcard) -> None:
            if what == "edit":
                edit_card(
                    owner_id=owner,
                    card_id=card.id,
                    question=f"Q {pick % 7}",
                    answer="a",
                    now=self.now,
                )
            elif what in {"suspend", "resume"}:
                set_suspended(owner_id=owner, card_id=card.id, suspended=what == "suspend")
            elif what in {"bury", "later"}:
                until = self.now + (timedelta(minutes=9) if what == "later" else DAY)
                bury_card(owner_id=owner, card_id=card.id, until=until)
            else:
                delete_card(owner_id=owner, card_id=card.id, now=self.now)

        self.change(pick, done)

    @rule(pick=picks, decks=st.sets(st.integers(0, 2)))
    def put_into_decks(self, pick: int, decks: set[int]) -> None:
        ids = tuple(self.decks[n].id for n in sorted(decks))
        self.change(pick, lambda card: self.store([dataclasses.replace(card, deck_ids=ids)]))

    @rule(pick=picks)
    def restore(self, pick: int) -> None:
        with contextlib.suppress(Flashcard.DoesNotExist):
            restore_card(owner_id=self.owner.pk, card_id=self.id(pick))

    @rule(pick=picks)
    def erase(self, pick: int) -> None:
        def gone(card: Flashcard) -> None:
            with transaction.atomic():
                store.lock_owner(self.owner.pk)
                store.erase_cards([card])

        self.change(pick, gone)

    @rule(
        values=st.fixed_dictionaries(
            {},
            optional={
                "new_per_day": st.integers(0, 5),
                "reviews_per_day": st.integers(0, 5),
                "order": st.sampled_from(study_settings.Order),
                "new_cards": st.sampled_from(study_settings.NewCards),
                "bury_siblings": st.booleans(),
                "rollover_hour": st.sampled_from((4, 14)),
            },
        )
    )
    def set(self, values: dict[str, object]) -> None:
        study_settings.save(owner_id=self.owner.pk, deck=None, values=values, now=self.now)

    @rule(deck=st.integers(0, 2), new=st.integers(0, 3), reviews=st.integers(0, 3))
    def set_for_deck(self, deck: int, new: int, reviews: int) -> None:
        values = {"new_per_day": new, "reviews_per_day": reviews}
        study_settings.save(
            owner_id=self.owner.pk, deck=self.decks[deck], values=values, now=self.now
        )

    # What comes by itself

    @rule(minutes=st.sampled_from((1, 10, 45, 400, 1_440, 4_000, -1)))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(elsewhere=st.booleans())
    def checkpoint(self, elsewhere: bool) -> None:
        with another_process() if elsewhere else contextlib.nullcontext():
            store.checkpoint_all()

    @rule()
    def mend(self) -> None:
        """Change everything otherwise than by changes one by one."""
        if engines.name() == "postgresql":
            store.claim()
            return
        with checkpoint.exclusive():
            pass

    @rule(pick=picks, rating=st.sampled_from(Rating))
    def fail(self, pick: int, rating: Rating) -> None:
        """Have a transaction fail that has written, and read what it wrote."""
        with contextlib.suppress(KeyError), transaction.atomic():
            self.rate_any(pick, rating)
            self.make(1, pick)
            self.ids.pop()
            self.readings()
            self.collected()
            self.answered()
            self.totals()
            raise KeyError

    @rule()
    def erase_all(self) -> None:
        # One in ten or so would leave little else.
        if self.now - START > 3 * DAY:
            delete_for_owner(owner_id=self.owner.pk)

    # What holds

    @invariant()
    def all_is_what_is_read_from_nothing(self) -> None:
        kept = self.everything()
        # In one other process, which reads the pending rows and opens the tables once.
        with another_process():
            read = self.everything()
        for name, value in kept.items():
            assert value == read[name], name

    @invariant()
    def answers_are_those_of_the_log(self) -> None:
        kept, totals = self.answered(), self.totals()
        logs = effective(review_logs.for_owner(self.owner))
        assert kept == Counter(
            (str(log.flashcard_id), micros(log.reviewed_at) // QUARTER_MICROS, code_of(log))
            for log in logs
        )
        # Answers of cards that were erased stay in the totals.
        log_alone: Counter[tuple[int, int]] = Counter()
        for (_, quarter, code), count in kept.items():
            log_alone[quarter, code] += count
        assert log_alone <= totals

    # Helpers

    def everything(self) -> dict[str, object]:
        return {
            "queue": self.readings(),
            "collection": self.collected(),
            "answers": self.answered(),
            "totals": self.totals(),
        }

    def answered(self) -> Counter[tuple[str, int, int]]:
        found = store.answers(self.owner.pk)
        assert isinstance(found, answers.OwnerAnswers)
        columns = store.columns(self.owner.pk)
        places = found.places(columns)
        ids = found.card_ids[found.cards].astype(str).tolist()
        here = places >= 0
        known = np.array(ids)[here].tolist()
        assert columns.id_texts(places[here]) == known
        return Counter(zip(ids, found.quarters.tolist(), found.codes.tolist(), strict=True))

    def totals(self) -> Counter[tuple[int, int]]:
        found = store.answer_totals(self.owner.pk)
        assert found is not None
        counted: Counter[tuple[int, int]] = Counter()
        rows = zip(*(c.tolist() for c in (found.quarters, found.codes, found.counts)), strict=True)
        for quarter, code, count in rows:
            counted[quarter, code] += count
        return +counted

    def collected(self) -> tuple[object, ...]:
        columns = store.columns(self.owner.pk)
        living = np.flatnonzero(columns.alive)
        ids = columns.id_texts(living)
        of_each = (
            *(columns.array(name) for name in ("state", "due", "lapses", "suspended")),
            columns.containing("q"),
            columns.reviewed(START, None),
            columns.reviewed(START, Rating.AGAIN),
        )
        rows = {
            card_id: tuple(values[place] for values in of_each)
            for card_id, place in zip(ids, living, strict=True)
        }
        pairs, names = columns.label_pairs("deck_ids", columns.alive)
        decks = {(columns.id_texts(np.array([at]))[0], names[code]) for at, code in pairs.tolist()}
        ranks = columns.question_ranks()[living]
        questions = {card.id: card.question.lower() for card in columns.cards(living)}
        ranked = [questions[uuid.UUID(ids[at])] for at in np.argsort(ranks, kind="stable")]
        assert ranked == sorted(ranked)
        assert columns.total == len(living) == len(rows)
        return rows, decks, questions

    def readings(self) -> list[tuple[object, ...]]:
        every_other = frozenset(str(card_id) for card_id in self.ids[::2])
        found = [self.read(), self.read(ahead=20), self.read(only=every_other)]
        return [plain(each) for each in found]

    def read(self, limit: int = 99, ahead: int = 0, only: frozenset[str] | None = None) -> DueQueue:
        return due_queue(
            owner_id=self.owner.pk,
            now=self.now,
            limit=limit,
            ahead=timedelta(minutes=ahead),
            only=only,
        )

    def id(self, pick: int) -> uuid.UUID:
        return self.ids[pick % len(self.ids)]

    def change(self, pick: int, change: Callable[[Flashcard], object]) -> None:
        with contextlib.suppress(Flashcard.DoesNotExist):
            change(get_card(owner_id=self.owner.pk, card_id=self.id(pick)))

    def answer(self, card: Flashcard, rating: Rating) -> None:
        review_card(
            owner_id=self.owner.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=rating,
            now=self.now,
        )

    def store(self, cards: list[Flashcard]) -> None:
        with transaction.atomic():
            store.lock_owner(self.owner.pk)
            store.write(Change(card) for card in cards)

    def cards(self, count: int, seed: int) -> list[Flashcard]:
        """Return cards of one or two notes: new, in their steps, learnt, some in decks."""
        draw = random.Random(seed)
        notes = [uuid.uuid4(), uuid.uuid4()]
        made = []
        for _ in range(count):
            state = draw.choice((State.NEW, State.NEW, State.LEARNING, State.REVIEW, State.REVIEW))
            card = flashcard(
                self.owner,
                note_id=draw.choice(notes),
                created_at=self.now - draw.randint(0, 9) * DAY,
                deck_ids=tuple(d.id for d in draw.sample(self.decks, draw.choice((0, 0, 1, 2)))),
            )
            if state is not State.NEW:
                due = self.now + timedelta(minutes=draw.choice((-9_999, -60, -60, 5, 600, 3_000)))
                card = dataclasses.replace(
                    card,
                    state=state,
                    step=0 if state is State.LEARNING else None,
                    stability=draw.choice((2.0, 30.0)),
                    difficulty=5.0,
                    due=due,
                    last_review=self.now - draw.randint(1, 5) * DAY,
                )
            made.append(card)
        self.ids += [card.id for card in made]
        return made


def plain(found: DueQueue) -> tuple[object, ...]:
    counts = (found.new, found.learning, found.learning_later, found.due)
    return found.cards, counts, (found.new_held, found.due_held)


class LanceDBTests(InLanceDB, TransactionTestCase):
    def test_it_is_the_same_as_read_from_nothing(self) -> None:
        run_state_machine_as_test(Learner, settings=SETTINGS)


class PostgreSQLTests(InPostgreSQL, TransactionTestCase):
    def test_it_is_the_same_as_read_from_nothing(self) -> None:
        run_state_machine_as_test(Learner, settings=settings(SETTINGS, max_examples=5))
