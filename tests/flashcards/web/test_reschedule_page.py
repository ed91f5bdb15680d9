"""/settings/study/reschedule/: all cards follow the settings at once, shown first, and undone."""

import random
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.utils import timezone

from accounts.models import User
from flashcards import scheduling, study_settings
from flashcards.cards import bulk_actions
from flashcards.cards.cards import get_card
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog
from flashcards.domain.study_day import Day
from flashcards.maintenance import check
from flashcards.models import BulkChange, Deck
from flashcards.review import rescheduling
from flashcards.scheduling import ScheduleSettings
from flashcards.scheduling.simulation.rescheduling import moved
from flashcards.store import review_logs
from tests.base import TestCase
from tests.factories import NOW, flashcard, stored_card
from tests.flashcards.given_cards import answer

URL = "/settings/study/reschedule/"


def some(draw: random.Random) -> ScheduleSettings:
    return ScheduleSettings(
        desired_retention=draw.choice([0.7, 0.85, 0.9, 0.97]),
        maximum_interval_days=draw.choice([5, 30, 36_500]),
        fuzz=draw.random() < 0.7,
        easy_days=draw.choice([(100,) * 7, (100, 100, 0, 100, 100, 0, 0), (0,) * 6 + (50,)]),
    )


@pytest.mark.parametrize("seed", range(60))
def test_what_is_shown_beforehand_is_what_happens_to_each_card(seed: int) -> None:
    draw = random.Random(seed)
    before, then = some(draw), some(draw)
    ratings = draw.choices([3, 4], k=draw.randint(1, 4))
    day = Day(ZoneInfo("Europe/Berlin"))
    before = replace(before, day=day, learning_steps=())
    then = replace(then, day=day)
    card: Flashcard = replace(
        flashcard(User(id=uuid.UUID(int=1)), created_at=NOW), id=uuid.UUID(int=seed)
    )
    logs: list[ReviewLog] = []
    now = NOW
    for rating in ratings:
        card, log = scheduling.review(
            card, Rating(rating), now, review_id=uuid.uuid4(), settings=before
        )
        logs.append(log)
        now = card.due
    after, row = scheduling.reschedule(card, logs, now, row_id=uuid.uuid4(), settings=then)
    reviewed, due = (
        np.array([float(day.of(at).toordinal())]) for at in (card.last_review or NOW, card.due)
    )
    memory = then.model.from_summary(np.array([card.stability]), np.array([card.difficulty]))
    found = moved(memory, reviewed, due, settings=then)
    assert bool(found.earlier[0] or found.later[0]) == (row is not None)
    if row is not None and after.due != card.due:
        assert found.earlier[0] == (after.due < card.due) or then.easy_days != (100,) * 7
    assert scheduling.fold(after, [*logs, row] if row else logs, settings=then) == after


def test_days_are_the_learners_own_over_a_change_of_the_clocks() -> None:
    day = Day(ZoneInfo("Europe/Berlin"))
    times = [datetime(2026, 3, 27, 22, tzinfo=UTC) + timedelta(minutes=13 * n) for n in range(400)]
    plain = np.array([time.replace(tzinfo=None) for time in times], dtype="datetime64[us]")
    found = rescheduling.day_numbers(plain, day)
    assert found.tolist() == [day.of(time).toordinal() for time in times]


class PageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.now = timezone.now()
        self.cards = [
            answer(stored_card(self.alice), Rating.EASY, now=self.now - timedelta(days=5))
            for _ in range(3)
        ]

    def set(self, deck: Deck | None = None, **values: Any) -> None:
        study_settings.save(owner_id=self.alice.pk, deck=deck, values=values, now=self.now)

    def days(self) -> list[int]:
        found = [get_card(owner_id=self.alice.pk, card_id=c.id) for c in self.cards]
        return [(card.due - (card.last_review or card.due)).days for card in found]

    def test_with_nothing_changed_nothing_moves(self) -> None:
        self.assertContains(self.client.get(URL), "Nothing to reschedule")
        self.assertRedirects(self.client.post(URL), URL)
        self.assertFalse(BulkChange.objects.exists())

    def test_it_shows_first_then_moves_and_can_be_undone(self) -> None:
        before = self.days()
        self.set(desired_retention=0.97)
        response = self.client.get(URL)
        self.assertContains(response, "<strong>3</strong> cards would come earlier")
        self.assertContains(response, "about <strong>3</strong> due today instead of 0")
        self.assertEqual(self.days(), before)
        self.assertRedirects(self.client.post(URL), URL)
        self.assertTrue(all(a < b for a, b in zip(self.days(), before, strict=True)))
        self.assertTrue(check.check().is_clean)
        kinds = [log.kind for log in review_logs.for_owner(self.alice)]
        self.assertEqual(kinds.count(LogKind.MANUAL), 3)
        self.assertContains(self.client.get(URL), "Nothing to reschedule")
        change = BulkChange.objects.get()
        self.client.post(f"/cards/change/{change.id}/undo/")
        self.assertEqual(self.days(), before)
        self.assertTrue(check.check().is_clean)

    def test_a_deck_follows_its_own_settings(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Exam")
        card = stored_card(self.alice, deck_ids=(deck.id,))
        answer(card, Rating.EASY, now=self.now - timedelta(days=5))
        self.set(deck, desired_retention=0.97)
        found = self.client.get(URL).context["effect"]
        self.assertEqual((found.card_ids, found.earlier, found.later), ([card.id], 1, 0))

    def test_a_shorter_longest_pause_and_a_longer_one_are_told_apart(self) -> None:
        self.set(desired_retention=0.8)
        found = self.client.get(URL).context["effect"]
        self.assertEqual((found.earlier, found.later, found.due_then), (0, 3, 0))
        self.assertContains(self.client.get(URL), "<strong>3</strong> cards would come later")

    def test_many_are_left_to_the_worker_and_the_page_shows_how_far_it_is(self) -> None:
        self.set(desired_retention=0.97)
        at_once, bulk_actions.AT_ONCE_CARDS = bulk_actions.AT_ONCE_CARDS, 2
        self.addCleanup(setattr, bulk_actions, "AT_ONCE_CARDS", at_once)
        self.client.post(URL)
        response = self.client.get(URL)
        self.assertContains(response, "Rescheduling cards by your settings")
        self.assertContains(response, "<progress")
        self.client.post(URL)
        change = BulkChange.objects.get()
        bulk_actions.run(change_id=change.id, clock=timezone.now)
        change.refresh_from_db()
        self.assertEqual((change.status, change.changed), ("done", 3))

    def test_it_is_linked_from_the_settings_and_nobody_elses_cards_are_meant(self) -> None:
        self.assertContains(self.client.get("/settings/study/"), URL)
        self.set(desired_retention=0.97)
        self.log_in(self.bob)
        self.assertContains(self.client.get(URL), "Nothing to reschedule")
        self.client.logout()
        self.assertRedirects(
            self.client.get(URL), f"/accounts/login/?next={URL}", fetch_redirect_response=False
        )
