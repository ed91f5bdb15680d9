"""Anki's values of a memory and of FSRS, as its cards and its presets hold them."""

from collections.abc import Sequence

from flashcards.domain.records import Flashcard
from flashcards.scheduling.fsrs_adapter import FSRS6
from flashcards.scheduling.memory_model import memory_of
from flashcards.scheduling.settings import ScheduleSettings

# SM-2's first ease, and the bounds that Anki keeps it in.
FIRST_EASE, _LEAST_EASE, _MOST_EASE = 2.5, 1.3, 9.9


def decay_of(settings: ScheduleSettings) -> float | None:
    """Return the decay of the forgetting curve; None for a model that has another curve."""
    model = settings.model
    return model.decay if isinstance(model, FSRS6) else None


def parameters_of(settings: ScheduleSettings) -> tuple[float, ...]:
    """Return FSRS's parameters; none for the defaults, and for another model."""
    return settings.parameters if isinstance(settings.model, FSRS6) else ()


def ease_of(card: Flashcard, settings: ScheduleSettings) -> float:
    """Return the ease factor with which SM-2 lengthens a card's interval as FSRS would."""
    model, memory = settings.model, memory_of(card, settings.model)
    if memory is None or not isinstance(model, FSRS6):
        return FIRST_EASE
    return min(max(model.ease(memory), _LEAST_EASE), _MOST_EASE)


def from_preset(given: Sequence[float]) -> tuple[float, ...] | None:
    """Return FSRS-6's parameters for those of FSRS-4.5, 5 or 6, within its bounds.

    None for other parameters.
    """
    return FSRS6.parameters_from(given)
