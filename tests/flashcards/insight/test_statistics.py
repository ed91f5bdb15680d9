"""Each statistic is what a plain recount of the log gives, whatever the log and the clock are."""

import contextlib
import dataclasses
import random
import uuid
from datetime import datetime, timedelta
from uuid import UUID

from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import User
from flashcards import store, study_settings
from flashcards.cards.cards import delete_card, get_card
from flashcards.domain.answer_codes import QUARTER_MICROS
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from flashcards.domain.study_day import micros
from flashcards.insight import statistics
from flashcards.insight.statistics import Reading, Span
from flashcards.models import Deck
from flashcards.review import scope as scopes
from flashcards.review.ratings import NothingToUndo, review_card, undo_review
from flashcards.review.scope import Scope
from tests.base import PASSWORD, HypothesisTestCase, TestCase
from tests.factories import NOW, flashcard, stored_card
from tests.factories import store as store_cards
from tests.flashcards.insight.histories import NOWS, ZONES, answers, undo_of
from tests.flashcards.insight.recount import Recount

DAY = timedelta(days=1)


def _quarter(log: ReviewLog) -> int:
    return micros(log.reviewed_at) // QUARTER_MICROS


class Recounted:
    """What compares a reading with a recount of the same log."""

    def assert_agrees(self, reading: Reading, recount: Recount) -> None:
        found = statistics.reviews(reading)
        assert (found.answers, found.seconds) == recount.kinds()
        assert found.studied_days == len(recount.studied())
        for bar in found.bars:
            assert (bar.answers, bar.seconds) == recount.kinds(bar.period)
        retention = statistics.retention(reading)
        assert (retention.young, retention.mature) == recount.recalls()
        for each in retention.bars:
            assert (each.young, each.mature) == recount.recalls(each.period)
        hours = [(each.reviews, each.recall) for each in statistics.hours(reading).hours]
        assert hours == recount.hours()
        buttons = statistics.buttons(reading)
        assert [buttons.learning, buttons.young, buttons.mature] == recount.buttons()
        new = statistics.new_cards(reading)
        assert sum(each.learnt for each in new.bars) == new.learnt
        for one in new.bars:
            assert one.learnt == recount.learnt(one.period)
        self._assert_forgetting_agrees(reading, recount)
        self._assert_calendar_agrees(reading, recount)

    def _assert_forgetting_agrees(self, reading: Reading, recount: Recount) -> None:
        tests = recount.after_lapses()
        bars = statistics.forgetting(reading).bars
        for bar in bars:
            last = bar.last_day or 100_000
            within = {key: count for key, count in tests.items() if bar.first_day <= key[0] <= last}
            assert bar.recall.tested == sum(within.values())
            known = sum(count for (_, recalled), count in within.items() if recalled)
            assert bar.recall.recalled == known
        assert sum(bar.recall.tested for bar in bars) == tests.total()

    def _assert_calendar_agrees(self, reading: Reading, recount: Recount) -> None:
        calendar = statistics.calendar(reading)
        first = calendar.days[0].date
        whole = dataclasses.replace(recount, first=first)
        assert {each.date for each in calendar.days if each.answers} == whole.studied()
        assert sum(each.answers for each in calendar.days) == len(whole.answers())
        assert calendar.days[-1].date == reading.today


class GeneratedHistoryTests(Recounted, HypothesisTestCase):
    @settings(max_examples=20, deadline=None)
    @given(data=st.data())
    def test_statistics_equal_a_recount_of_the_log(self, data: st.DataObject) -> None:
        now = data.draw(st.sampled_from(NOWS))
        # The order within a quarter of an hour, in which days do not change, is not kept.
        rows = data.draw(st.lists(answers(now), max_size=25, unique_by=_quarter))
        settle = data.draw(st.sets(st.integers(0, 30), max_size=4), "checkpoints before these rows")
        undone = data.draw(st.sets(st.integers(0, 24), max_size=5), "rows that are taken back")
        of_card = data.draw(st.lists(st.integers(0, 3), min_size=25, max_size=25), "whose they are")
        alice = User.objects.create_user("alice@example.org", PASSWORD)
        alice.time_zone = data.draw(st.sampled_from(ZONES))
        alice.save(update_fields=["time_zone"])
        rollover = data.draw(st.integers(0, 23), "the hour at which a day begins")
        study_settings.save(
            owner_id=alice.pk, deck=None, values={"rollover_hour": rollover}, now=timezone.now()
        )
        deck = Deck.objects.create(owner=alice, name="Half")
        cards = [
            flashcard(alice, deck_ids=(deck.pk,) if n < 2 else (), created_at=now - 9 * DAY)
            for n in range(4)
        ]
        store_cards(*cards)
        logs = self.write(alice, cards, rows, of_card, undone, settle, now)
        span = data.draw(st.sampled_from(Span))
        in_deck = {card.id for card in cards[:2]}
        for _ in range(2):
            self.compare(alice, scopes.EVERYTHING, span, now, logs, {card.id for card in cards})
            self.compare(alice, scopes.of_deck(deck), span, now, logs, in_deck)
            store.checkpoint()
        store.clear_cache()
        self.compare(alice, scopes.EVERYTHING, span, now, logs, {card.id for card in cards})
        self.compare(alice, scopes.of_deck(deck), span, now, logs, in_deck)

    def write(
        self,
        owner: User,
        cards: list[Flashcard],
        rows: list[ReviewLog],
        of_card: list[int],
        undone: set[int],
        settle: set[int],
        now: datetime,
    ) -> list[ReviewLog]:
        """Write rows to the journal, some of them taken back at once and some after all others."""
        written: list[ReviewLog] = []
        late: list[ReviewLog] = []
        for number, row in enumerate(rows):
            card = cards[of_card[number]]
            log = dataclasses.replace(row, owner_id=owner.pk, flashcard_id=card.id)
            if number in settle:
                store.checkpoint()
                statistics.reviews(statistics.read(owner.pk, scopes.EVERYTHING, Span.ALL, now))
            self.put(card, log, written)
            if number in undone:
                back = undo_of(log, now)
                if number % 2:
                    self.put(card, back, written)
                else:
                    late.append(back)
        for back in late:
            self.put(next(c for c in cards if c.id == back.flashcard_id), back, written)
        return written

    def put(self, card: Flashcard, log: ReviewLog, written: list[ReviewLog]) -> None:
        row = dataclasses.replace(log, sequence=len(written))
        store_cards(card, logs=(row,))
        written.append(row)

    def compare(
        self,
        owner: User,
        scope: Scope,
        span: Span,
        now: datetime,
        logs: list[ReviewLog],
        cards: set[UUID],
    ) -> None:
        reading = statistics.read(owner.pk, scope, span, now)
        day = reading.learner.settings.day
        recount = Recount.of(logs, day, reading.first, day.of(now), cards.__contains__)
        if span is Span.ALL:
            known = [day.of(log.reviewed_at) for log in recount.every]
            assert reading.first == min([*known, day.of(now)])
        self.assert_agrees(reading, recount)


class StatisticsTests(Recounted, TestCase):
    def test_they_agree_with_the_log_that_a_learner_leaves(self) -> None:
        draw = random.Random(3)
        cards = [stored_card(self.alice) for _ in range(4)]
        now = NOW
        for step in range(60):
            now += timedelta(hours=draw.choice([1, 5, 30, 300]) / 4)
            choice = draw.random()
            if choice < 0.2:
                with contextlib.suppress(NothingToUndo):
                    undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=now)
            else:
                # One in five comes late: it was given offline before another.
                at = now - timedelta(days=draw.choice([0, 0, 0, 0, 2]))
                self.rate(draw.choice(cards).id, draw.randint(1, 4), at)
            if step % 7 == 0:
                store.checkpoint()
            if step % 20 == 0:
                self.compare(now)
        store.clear_cache()
        self.compare(now)
        delete_card(owner_id=self.alice.pk, card_id=cards[0].id, now=now)
        self.compare(now)

    def compare(self, now: datetime) -> None:
        logs = list(store.review_logs.for_owner(self.alice))
        for span in Span:
            reading = statistics.read(self.alice.pk, scopes.EVERYTHING, span, now)
            day = reading.learner.settings.day
            self.assert_agrees(reading, Recount.of(logs, day, reading.first, reading.today))

    def rate(self, card_id: UUID, rating: int, now: datetime) -> None:
        card = get_card(owner_id=self.alice.pk, card_id=card_id)
        review_card(
            owner_id=self.alice.pk,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating(rating),
            now=now,
            duration_ms=1_500,
        )
