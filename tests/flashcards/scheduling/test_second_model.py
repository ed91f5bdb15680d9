"""Another memory model goes through the whole program, and FSRS-6 comes back bit for bit."""

import itertools
import json
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from django.test import TransactionTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import account_export
from accounts.models import User
from flashcards import scheduling, study_settings
from flashcards.cards import bulk_actions, folding
from flashcards.cards.card_actions import Verb
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog, State
from flashcards.exchange.anki.schedule import import_schedule
from flashcards.maintenance import bulk_load, check
from flashcards.models import StudySettings
from flashcards.review import exam, rescheduling, scope
from flashcards.review.learner import Learner as Student
from flashcards.review.ratings import review_card, undo_review
from flashcards.scheduling import Memory, ScheduleSettings
from flashcards.scheduling.settings import MODELS
from flashcards.scheduling.simulation import backlog
from flashcards.scheduling.simulation import exam as simulated_exam
from flashcards.scheduling.simulation.workload import reviews_a_new_card, workload
from flashcards.search import search
from flashcards.store import cards, clear_cache, review_logs
from flashcards.store.maintenance import checkpoint
from tests.accounts.test_export import lines, unzip
from tests.factories import NOW, flashcard, store, stored_card
from tests.flashcards.exchange import test_anki_schedule as anki
from tests.flashcards.given_cards import answer
from tests.flashcards.scheduling.test_replay import ACTIONS, Learner, do
from tests.flashcards.scheduling.toy_model import Toy
from tests.flashcards.store.installations import Elsewhere, here

DAY = timedelta(days=1)
TOY = ScheduleSettings(memory_model=Toy.name)
PARAMETERS = (0.5, 2.0, 0.7, 1.5, 0.4)


@pytest.fixture(autouse=True)
def _known() -> Iterator[None]:
    with mock.patch.dict(MODELS, {Toy.name: Toy}):
        yield


@given(ACTIONS, st.lists(st.sampled_from([Toy.name, "fsrs-6"]), min_size=1, max_size=4))
@settings(max_examples=40)
def test_the_state_is_the_fold_of_the_log_under_either_model(
    actions: list[tuple[object, ...]], models: list[str]
) -> None:
    learner = Learner(settings=TOY)
    turns = itertools.cycle(models)
    for action, *values in actions:
        if action == "change_parameters":
            learner.settings = replace(learner.settings, memory_model=next(turns), parameters=())
            learner.card = learner.fold()
        else:
            do(learner, str(action), *values)
        assert learner.fold() == learner.card
        if learner.card.state is not State.NEW:
            assert learner.card.memory_model == learner.settings.memory_model


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 60 * 24 * 90)), max_size=20))
@settings(max_examples=40)
def test_what_happens_under_another_model_leaves_the_days_that_fsrs_counts(
    ratings: list[tuple[int, int]],
) -> None:
    plain, other = Learner(), Learner(settings=TOY)
    for rating, minutes in ratings:
        plain.rate(rating, minutes)
        other.rate(rating, minutes)
    assert [log.elapsed_days for log in plain.logs] == [log.elapsed_days for log in other.logs]
    folded = scheduling.fold(other.card, other.logs)
    memory = "stability", "difficulty", "memory", "memory_model", "last_review", "reps"
    assert [getattr(folded, f) for f in memory] == [getattr(plain.card, f) for f in memory]


def test_parts_of_a_day_count_for_a_model_that_wants_them() -> None:
    def stability(hours: int, schedule: ScheduleSettings) -> float | None:
        learner = Learner(settings=schedule)
        learner.rate(4)
        learner.rate(3, hours * 60)
        return learner.card.stability

    assert stability(30, ScheduleSettings()) == stability(34, ScheduleSettings())
    assert stability(30, TOY) != stability(34, TOY)


def test_a_memory_from_anki_is_taken_in_by_the_model() -> None:
    calendar = replace(anki.CALENDAR, settings=replace(anki.SETTINGS, memory_model=Toy.name))
    data = '{"s":21.5,"d":6.25,"dr":0.9}'
    theirs = anki.card(type=2, queue=2, due=70, interval=20, factor=2500, data=data)
    made, logs = anki.take(theirs, [], calendar)
    assert (made.stability, made.difficulty, made.memory_model) == (21.5, 6.25, Toy.name)
    assert scheduling.retrievability(
        made, (made.last_review or NOW) + 21.5 * DAY, settings=TOY
    ) == pytest.approx(0.9)
    anki.take(anki.card(type=2, queue=2, due=24, interval=4), anki.HISTORY, calendar)
    assert scheduling.is_given(logs[0])


@pytest.mark.parametrize("rating", list(Rating))
def test_what_it_does_to_many_cards_is_what_it_does_to_one(rating: Rating) -> None:
    memory = TOY.model.from_summary(12.0, 5.0)
    many = TOY.model.from_summary(np.array([12.0]), np.array([5.0]))
    after = TOY.model.after(many, np.array([7.5]), np.array([rating]))
    one = TOY.model.next(memory, rating, 7.5)
    assert [float(column[0]) for column in after.numbers] == pytest.approx(list(one.numbers))


def test_simulations_ask_the_model() -> None:
    stability, difficulty = np.geomspace(1, 200, 60), np.full(60, 5.0)
    work = [
        workload(stability, difficulty, settings=replace(TOY, desired_retention=r)).reviews_a_day
        for r in (0.8, 0.9, 0.97)
    ]
    assert work == sorted(work)
    assert reviews_a_new_card(TOY) > 1
    pile = backlog.Pile(stability, difficulty, np.full(60, -2.0), stability, new=5)
    course = backlog.course(
        pile, settings=TOY, reviews_a_day=20, order=backlog.Order.RETRIEVABILITY, new_a_day=1
    )
    assert course.caught_up_in is not None
    memories = simulated_exam.Memories(
        np.append(stability, np.nan), np.full(61, 5.0), np.full(61, 3.0)
    )
    assert simulated_exam.pace_for(memories, 20, 0.95, TOY).cards_a_day > 0


class WholeProgramTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", time_zone="Europe/Berlin")
        self.owner_id = self.alice.pk
        made = [stored_card(self.alice) for _ in range(6)]
        for number, card in enumerate(made[:5]):
            for day, rating in ((0, 3), (0.01, 3), (2, 4 - number % 2), (9, 1 + number % 4)):
                card = answer(card, Rating(rating), now=NOW + day * DAY)
        self.new = made[5]
        # One that came from Anki with a memory, and was reviewed since.
        theirs = anki.card(type=2, queue=2, due=70, interval=20, data='{"s":21.5,"d":6.25}')
        brought, logs = import_schedule(flashcard(self.alice), theirs, [], anki.CALENDAR)
        bulk_load.load_cards(owner_id=self.owner_id, cards=[brought], logs=logs)
        answer(brought, Rating.GOOD, now=NOW + 9 * DAY)
        self.now = NOW + 20 * DAY
        checkpoint.run_until_empty()
        # Some wait in the journal when the model changes.
        answer(self.card(made[4].id), Rating.HARD, now=NOW + 19 * DAY)
        self.before = self.stored()

    def card(self, card_id: uuid.UUID) -> Flashcard:
        return get_card(owner_id=self.owner_id, card_id=card_id)

    def stored(self) -> dict[uuid.UUID, Flashcard]:
        clear_cache()
        return {card.id: card for card in cards.for_owner(self.alice)}

    def logs(self, card_id: uuid.UUID) -> list[ReviewLog]:
        found = review_logs.for_owner(self.alice).filter(flashcard_id=card_id)
        return list(found.order_by("sequence"))

    def schedule(self) -> ScheduleSettings:
        return study_settings.settings_for(owner_id=self.owner_id).schedule

    def change_model(self, name: str, parameters: Sequence[float] | None = None) -> int:
        return folding.set_memory_model(
            owner_id=self.owner_id, model=name, parameters=parameters, now=self.now
        )

    def assert_sound(self) -> None:
        """Every card is the fold of its log, before and after a checkpoint."""
        for _ in range(2):
            self.assertEqual(check.check().findings, [])
            for card in self.stored().values():
                folded = scheduling.fold(card, self.logs(card.id), settings=self.schedule())
                self.assertEqual(folded, card)
                known = card.state is not State.NEW and self.schedule().memory_model == Toy.name
                self.assertEqual(len(card.memory), 2 if known else 0)
            checkpoint.run_until_empty()

    def review(self, card: Flashcard, rating: Rating) -> uuid.UUID:
        review_id = uuid.uuid4()
        review_card(
            owner_id=self.owner_id,
            card_id=card.id,
            review_id=review_id,
            sequence=self.card(card.id).sequence,
            rating=rating,
            now=self.now,
        )
        return review_id

    def test_there_and_back_every_card_is_what_it_was(self) -> None:
        self.assertEqual(self.change_model(Toy.name, PARAMETERS), 6)
        self.assertEqual(self.schedule().parameters, PARAMETERS)
        for card_id, card in self.stored().items():
            was = self.before[card_id]
            self.assertEqual((card.due, card.sequence), (was.due, was.sequence))
            if card.state is not State.NEW and self.logs(card_id)[-1].rating is not None:
                self.assertNotEqual(card.stability, was.stability)
        self.assert_sound()
        self.assertEqual(self.change_model(Toy.name, PARAMETERS), 0)
        self.assertEqual(self.change_model("fsrs-6"), 6)
        self.assertEqual(self.stored(), self.before)
        self.assert_sound()
        self.assertEqual(self.stored(), self.before)

    def test_it_is_rated_undone_told_late_crammed_and_rescheduled(self) -> None:
        first, second, third, fourth, *_ = [c for c in self.before.values() if c.reps]
        self.change_model(Toy.name)
        student = Student.read(self.owner_id)
        shown = student.preview(self.card(first.id), self.now)
        self.review(first, Rating.GOOD)
        after = self.card(first.id)
        self.assertEqual(after.due - self.now, shown[Rating.GOOD])
        self.assert_sound()
        # Taken back again, it is what it was but for its position.
        before = self.card(second.id)
        self.now += timedelta(minutes=1)
        self.review(second, Rating.AGAIN)
        undo_review(owner_id=self.owner_id, undo_id=uuid.uuid4(), now=self.now)
        self.assertEqual(replace(self.card(second.id), sequence=before.sequence), before)
        # A review that comes late is put into its place.
        self.now = NOW + 5.5 * DAY
        self.review(third, Rating.HARD)
        late = self.logs(third.id)
        self.assertEqual([log.kind for log in late[-2:]], [LogKind.REVIEW, LogKind.MANUAL])
        self.now = NOW + 30 * DAY
        crammed, row = scheduling.cram(
            self.card(fourth.id), Rating.AGAIN, self.now, review_id=uuid.uuid4()
        )
        store(crammed, logs=(row,))
        self.review(self.new, Rating.GOOD)
        self.assert_sound()
        bulk_actions.start(
            owner_id=self.owner_id,
            verb=Verb.RESCHEDULE,
            argument={},
            card_ids=list(self.before),
            clock=lambda: self.now,
        )
        self.assert_sound()
        self.change_model("fsrs-6")
        self.assert_sound()
        found = self.stored()
        # What was not rated meanwhile, but for positions and days that were given, is as it was.
        for card in (second, fourth):
            same = {f: getattr(card, f) for f in ("sequence", "due")}
            self.assertEqual(replace(found[card.id], **same), card)

    def test_search_and_the_table_say_the_same(self) -> None:
        self.change_model(Toy.name)
        for _ in range(2):
            found = self.find("", order="retrievability")
            chances = [
                scheduling.retrievability(card, self.now, settings=self.schedule())
                for card in found
                if card.reps
            ]
            self.assertEqual(chances, sorted(chances, key=lambda chance: chance or 0))
            self.assertEqual(len(set(chances)), 6)
            middle = sorted(chance or 0.0 for chance in chances)[3]
            self.assertEqual(len(self.find(f"prop:retrievability<{middle + 1e-9}")), 4)
            by_stability = [card.stability for card in self.find("", order="-stability")][:6]
            self.assertEqual(by_stability, sorted(by_stability, reverse=True))
            self.assertEqual(len(self.find(f"prop:stability>={by_stability[1]}")), 2)
            checkpoint.run_until_empty()
            self.stored()

    def find(self, text: str, order: str = "") -> list[Flashcard]:
        zone = study_settings.settings_for(owner_id=self.owner_id).day.zone
        return list(
            search.find(owner_id=self.owner_id, text=text, now=self.now, zone=zone, order=order)
        )

    def test_pages_show_it(self) -> None:
        self.change_model(Toy.name)
        self.client.force_login(self.alice)
        card = next(card for card in self.before.values() if card.reps)
        for url in ("/review/", f"/cards/{card.id}/", "/cards/?order=retrievability"):
            self.assertEqual(self.client.get(url).status_code, 200, url)
        settings = study_settings.settings_for(owner_id=self.owner_id)
        forecast = exam.forecast(
            learner=Student.read(self.owner_id),
            named=scope.EVERYTHING,
            on=(self.now + 10 * DAY).date(),
            target_percent=95,
            now=self.now,
        )
        self.assertEqual(forecast.cards, 7)
        rescheduling.effect_of(owner_id=self.owner_id, settings=settings, now=self.now)

    def test_the_archive_has_what_the_model_keeps(self) -> None:
        self.change_model(Toy.name)
        files = unzip(b"".join(account_export.archive(self.owner_id, now=self.now)))
        stored = self.stored()
        for row in lines(files["cards/cards.jsonl"]):
            card = stored[uuid.UUID(row["id"])]
            self.assertEqual(row["memory_model"], card.memory_model)
            self.assertEqual(tuple(row["memory"] or ()), card.memory)
            self.assertEqual(row["stability"], card.stability)

    def test_a_backup_brings_it_to_another_place(self) -> None:
        self.change_model(Toy.name, PARAMETERS)
        self.review(next(c for c in self.before.values() if c.reps), Rating.GOOD)
        with tempfile.TemporaryDirectory(prefix="memoryloop-toy-") as name:
            folder = Path(name)
            toy = "-m", "tests.flashcards.scheduling.manage_with_toy"
            ours = here(folder / "here")
            ours.run(*toy, "backup", str(folder / "backup"))
            elsewhere = Elsewhere(folder / "elsewhere")
            self.addCleanup(elsewhere.remove)
            elsewhere.run(*toy, "restore", str(folder / "backup"))
            found = elsewhere.run(*toy, "check_store", "--json")
            self.assertEqual(json.loads(found)["findings"], [])
            images = [inst.run(*toy, "cards").splitlines() for inst in (ours, elsewhere)]
        self.assertEqual(sorted(images[0]), sorted(images[1]))
        self.assertEqual(len(images[0]), 7)

    def test_a_card_of_another_model_is_found_folded_when_rated_and_mended(self) -> None:
        StudySettings.objects.update_or_create(
            owner_id=self.owner_id, name="", defaults={"memory_model": Toy.name}
        )
        (finding,) = check.check().findings
        self.assertEqual((finding.kind, finding.count), ("memory_outdated", 6))
        card = next(card for card in self.before.values() if card.reps)
        self.assertTrue(scheduling.is_outdated(card, self.schedule()))
        # Until then it is shown by what its stability stands for.
        shown = scheduling.retrievability(
            card, (card.last_review or NOW) + (card.stability or 0) * DAY, settings=self.schedule()
        )
        self.assertAlmostEqual(shown or 0, 0.9)
        self.review(card, Rating.GOOD)
        self.assertEqual(self.card(card.id).memory_model, Toy.name)
        (finding,) = check.check(repair=True).findings
        self.assertEqual((finding.count, finding.repaired), (5, 5))
        self.assert_sound()

    def test_a_model_there_is_not_and_parameters_that_are_not_its_own_are_refused(self) -> None:
        for name, parameters in (("fsrs-9", None), ("fsrs-6", PARAMETERS), (Toy.name, (1.0,) * 21)):
            with self.assertRaises(ValueError):
                self.change_model(name, parameters)
        with self.assertRaises(ValueError):
            rescheduling.adopt_parameters(
                owner_id=self.owner_id, preset_id=None, parameters=PARAMETERS, now=self.now
            )
        self.assertEqual(self.stored(), self.before)
        self.assertEqual(self.schedule().memory_model, "fsrs-6")

    def test_a_memory_of_a_model_is_not_taken_for_another_ones(self) -> None:
        card = replace(self.new, stability=3.0, difficulty=5.0, memory=(1.0, 2.0, 3.0))
        other = replace(card, memory_model="gone-1", last_review=NOW)
        chance = scheduling.retrievability(other, NOW + 3 * DAY, settings=TOY)
        self.assertAlmostEqual(chance or 0, 0.9)
        self.assertEqual(TOY.model.from_summary(3.0, 5.0).numbers[:2], Memory(3.0, 5.0).numbers)
