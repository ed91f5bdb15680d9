"""The demo's learner: a simulated memory, so that the demo's reviews are believable.

The chance of recall follows the scheduler's forgetting curve, with two differences: some cards are
easier or harder for this person than the scheduler assumes, and on some days they are tired.
Ratings are drawn from that chance.
"""

import heapq
import random
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flashcards import scheduling
from flashcards.domain.records import Flashcard, Rating, ReviewLog, State
from flashcards.review import leeches

NEW_A_DAY = 4
REVIEWS_A_DAY = 120
# A session also does learning cards that come back within this time.
STAYS_FOR = timedelta(minutes=20)
STUDIES_ON_WEEKDAYS = 0.9
STUDIES_ON_WEEKENDS = 0.75
# Again, Hard, Good, Easy for a card never seen before.
FIRST_RATINGS = (0.28, 0.14, 0.5, 0.08)
HARDEST_APTITUDE = 0.05
# On the day itself, after its answer was seen, a card is nearly always known.
RECALL_WITHIN_A_DAY = 0.92


@dataclass
class Learner:
    """Cards and their reviews as they grow; `steps` is every image with the log that made it."""

    rng: random.Random
    # A card that this person forgets again and again, until it is a leech.
    hardest: uuid.UUID | None = None
    cards: dict[uuid.UUID, Flashcard] = field(default_factory=dict)
    # How much longer (or shorter) than FSRS believes this person keeps a card.
    aptitude: dict[uuid.UUID, float] = field(default_factory=dict)
    steps: list[tuple[Flashcard, ReviewLog]] = field(default_factory=list)

    def add(self, card: Flashcard) -> None:
        self.cards[card.id] = card
        self.aptitude[card.id] = self.rng.lognormvariate(0.2, 0.35)
        if card.id == self.hardest:
            self.aptitude[card.id] = HARDEST_APTITUDE

    def live_through(self, day_begins: datetime) -> None:
        """Study on this day, or not."""
        weekend = day_begins.weekday() >= 5
        if self.rng.random() > (STUDIES_ON_WEEKENDS if weekend else STUDIES_ON_WEEKDAYS):
            return
        # At breakfast or after dinner; the day begins at 04:00.
        hour = self.rng.gauss(4, 0.7) if self.rng.random() < 0.6 else self.rng.gauss(15.5, 1.2)
        tiredness = self.rng.uniform(0.96, 1.0)
        self._study(day_begins + timedelta(hours=min(max(hour, 1.0), 19.0)), tiredness)

    def _study(self, begins: datetime, tiredness: float) -> None:
        waiting = [(card.due, card.id.int) for card in self._due(begins)]
        heapq.heapify(waiting)
        now = begins
        while waiting:
            due, number = heapq.heappop(waiting)
            if due > now + STAYS_FOR:
                break
            card = self.cards[uuid.UUID(int=number)]
            spent = self._spend(card)
            # Waits for a card still in its steps, as learn-ahead would not be believable.
            now = max(now, due) + spent
            card = self._answer(card, now, spent, tiredness)
            if card.state in (State.LEARNING, State.RELEARNING):
                heapq.heappush(waiting, (card.due, card.id.int))

    def _due(self, now: datetime) -> list[Flashcard]:
        ready = sorted((c for c in self.cards.values() if c.due <= now), key=lambda card: card.due)
        seen = [card for card in ready if card.state is not State.NEW][:REVIEWS_A_DAY]
        new = [card for card in ready if card.state is State.NEW][:NEW_A_DAY]
        return seen + new

    def _spend(self, card: Flashcard) -> timedelta:
        seconds = self.rng.lognormvariate(1.8 + 0.03 * len(card.question) / 10, 0.45)
        return timedelta(seconds=min(max(seconds, 1.5), 55))

    def _answer(
        self, card: Flashcard, now: datetime, spent: timedelta, tiredness: float
    ) -> Flashcard:
        card, log = scheduling.review(
            card,
            self._rating(card, now, tiredness),
            now,
            review_id=uuid.UUID(int=self.rng.getrandbits(128), version=4),
            duration_ms=round(spent.total_seconds() * 1_000),
        )
        if card.lapses > self.cards[card.id].lapses:
            card = leeches.marked(card)
        self.cards[card.id] = card
        self.steps.append((card, log))
        return card

    def _rating(self, card: Flashcard, now: datetime, tiredness: float) -> Rating:
        if card.state is State.NEW:
            return self.rng.choices(list(Rating), FIRST_RATINGS)[0]
        chance = self._chance(card, now) * tiredness
        if self.rng.random() >= chance:
            return Rating.AGAIN
        hard = 0.06 + 0.35 * (1 - chance)
        easy = 0.14 * max(0.0, chance - 0.75) * 4 if card.state is State.REVIEW else 0.03
        return self.rng.choices(
            [Rating.HARD, Rating.GOOD, Rating.EASY], [hard, 1 - hard - easy, easy]
        )[0]

    def _chance(self, card: Flashcard, now: datetime) -> float:
        """Return this person's chance of recall."""
        if card.last_review is None or now - card.last_review < timedelta(hours=12):
            return RECALL_WITHIN_A_DAY
        # An aptitude of 2 makes a memory fade half as fast.
        as_felt = card.last_review + (now - card.last_review) / self.aptitude[card.id]
        return scheduling.retrievability(card, as_felt) or 0.0
