"""Learning steps: the state of a card after a rating, and the short interval of its next step.

The rules are those of the fsrs package, which a test compares; they hold for every memory model.
"""

from datetime import timedelta

from flashcards.domain.records import Rating, State
from flashcards.scheduling.settings import ScheduleSettings

_GRADUATED = (State.REVIEW, None, None)


def after_rating(
    state: State, step: int | None, rating: Rating, settings: ScheduleSettings
) -> tuple[State, int | None, timedelta | None]:
    """Return a card's state and step after a rating, and the interval of that step.

    The interval is None for a card in review: the memory model says it.
    """
    if state is State.REVIEW:
        if rating is Rating.AGAIN and settings.relearning_steps:
            return State.RELEARNING, 0, settings.relearning_steps[0]
        return _GRADUATED
    relearning = state is State.RELEARNING
    steps = settings.relearning_steps if relearning else settings.learning_steps
    learning = State.RELEARNING if relearning else State.LEARNING
    done = step or 0
    # The settings may have had more steps when the card was rated last.
    if not steps or rating is Rating.EASY or (done >= len(steps) and rating is not Rating.AGAIN):
        return _GRADUATED
    if rating is Rating.AGAIN:
        return learning, 0, steps[0]
    if rating is Rating.HARD:
        return learning, done, _hard(steps, done)
    if done + 1 == len(steps):
        return _GRADUATED
    return learning, done + 1, steps[done + 1]


def _hard(steps: tuple[timedelta, ...], done: int) -> timedelta:
    """Return the interval of Hard: between Again and Good on the first step, else the step's."""
    if done:
        return steps[done]
    return steps[0] * 1.5 if len(steps) == 1 else (steps[0] + steps[1]) / 2.0
