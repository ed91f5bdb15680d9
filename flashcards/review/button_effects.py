"""What each button would do to a card now: its next interval, and how its memory would fade."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flashcards import scheduling
from flashcards.domain.records import Flashcard, Rating
from flashcards.review.learner import Learner
from flashcards.scheduling.outcomes import outcomes

DAY = timedelta(days=1)
# The curves are drawn for so long at least, and until so much later than Good comes back.
LEAST_DAYS = 7.0
BEYOND_GOOD = 1.5
STEPS = 40


@dataclass(frozen=True)
class ButtonEffect:
    """One button: when the card would come back, and how likely it would be recalled by then."""

    rating: Rating
    interval: timedelta
    chance_when_due: float
    # In days, until the chance has fallen to 90%.
    stability: float
    # (days from now, chance), in even steps from now on.
    curve: tuple[tuple[float, float], ...]


def effects_of(learner: Learner, card: Flashcard, now: datetime) -> tuple[ButtonEffect, ...]:
    """Return what each of the four buttons would do to a card now.

    What else is due may cost a read of the vectors near to the card's, and a card whose memory is
    of other parameters one of its log.
    """
    card, settings = learner.up_to_date(card), learner.schedule_of(card)
    found = outcomes(card, now, settings, agenda=learner.agenda(card, now))
    days = max(LEAST_DAYS, BEYOND_GOOD * (found[Rating.GOOD].interval / DAY))
    steps = [days * step / STEPS for step in range(STEPS + 1)]

    def chance(after: Flashcard, later: float) -> float:
        then = now + timedelta(days=later)
        return scheduling.retrievability(after, then, settings=settings) or 0.0

    return tuple(
        ButtonEffect(
            rating=rating,
            interval=outcome.interval,
            chance_when_due=chance(outcome.card, outcome.interval / DAY),
            stability=outcome.card.stability or 0.0,
            curve=tuple((step, chance(outcome.card, step)) for step in steps),
        )
        for rating, outcome in found.items()
    )
