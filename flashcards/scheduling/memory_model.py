"""The memory model: what a review does to a memory, and how the memory fades.

FSRS-6 is one (`fsrs_adapter.FSRS6`); `settings.MODELS` lists them all. A model is bound to its
parameters, however many it has, and keeps no other state.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np

from flashcards.domain.records import Flashcard, Rating

Numbers = np.ndarray[Any, np.dtype[Any]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]
# 48 bits: a learner has a few sets of parameters, and two of them must not be taken for one.
FINGERPRINT_CHARACTERS = 12
# A single number, or an array of them.
N = TypeVar("N", float, Numbers)


@dataclass(frozen=True, slots=True)
class Memory(Generic[N]):
    """What a model knows of one card, or of many cards as arrays.

    Pages, sorting and the due queue read stability and difficulty, which every model gives.
    """

    # Days until retrievability falls to 90%.
    stability: N
    # 1 (easy) to 10 (hard).
    difficulty: N
    # What the model needs besides, in an order of its own.
    extra: tuple[N, ...] = ()

    @property
    def numbers(self) -> tuple[N, ...]:
        return (self.stability, self.difficulty, *self.extra)  # type: ignore[arg-type]  # it is N


class MemoryModel(Protocol):
    """One way to model memory, bound to its parameters.

    Called with no parameters it takes its own defaults; it raises ValueError for parameters that
    are not its own. Methods of `N` take single numbers or arrays.
    """

    # Named in the settings; a model that computes otherwise has another name.
    name: ClassVar[str]
    # Stored with each card: the name with its parameters, as `key_of` gives it.
    key: str
    # Whether `next` is given whole days of the learner (how often the day rolled over), or the
    # exact time in days.
    whole_days: ClassVar[bool]

    def __init__(self, parameters: tuple[float, ...] = ()) -> None: ...

    def next(
        self, memory: Memory[float] | None, rating: Rating, elapsed_days: float
    ) -> Memory[float]:
        """Return the memory after a rating; `memory` is None for the first one."""
        ...

    def from_summary(self, stability: N, difficulty: N) -> Memory[N]:
        """Return the memory that best stands for these two, and has exactly these two.

        For memories from Anki, cards of another model, and estimates.
        """
        ...

    def from_sm2(self, ease: float, interval_days: float) -> Memory[float]:
        """Return the memory of an interval and an ease factor (2.5 is SM-2's first).

        It is `from_summary` of its own stability and difficulty.
        """
        ...

    def retrievability(self, memory: Memory[N], elapsed_days: N) -> N:
        """Return the chance of recall, 0 to 1, so many days after the last review."""
        ...

    def days_until(self, memory: Memory[N], level: float | Numbers) -> N:
        """Return the days after the last review at which the chance has fallen to a level.

        Of many memories each may have a level of its own.
        """
        ...

    def after(
        self, memory: Memory[Numbers], elapsed_days: Numbers, ratings: Numbers
    ) -> Memory[Numbers]:
        """Return `next` of many cards, for simulations; `ratings` are whole numbers, 1 to 4."""
        ...


def key_of(name: str, parameters: tuple[float, ...], defaults: tuple[float, ...]) -> str:
    """Return what a card stores of the model that wrote its memory.

    The name alone for the model's own parameters; for others with a fingerprint of them.
    """
    if parameters == defaults:
        return name
    numbers = ",".join(repr(float(each)) for each in parameters)
    return f"{name}:{hashlib.sha256(numbers.encode()).hexdigest()[:FINGERPRINT_CHARACTERS]}"


def memory_of(card: Flashcard, model: MemoryModel) -> Memory[float] | None:
    """Return a card's memory; None for a new card.

    A card that another model or other parameters have written, until it is folded again, has the
    memory that its stability and difficulty stand for.
    """
    if card.stability is None or card.difficulty is None:
        return None
    if card.memory_model != model.key:
        return model.from_summary(card.stability, card.difficulty)
    return Memory(card.stability, card.difficulty, card.memory)


def memory_fields(memory: Memory[float], model: MemoryModel) -> dict[str, Any]:
    """Return the fields of a card that hold a memory, for `dataclasses.replace`."""
    return {
        "stability": memory.stability,
        "difficulty": memory.difficulty,
        "memory": memory.extra,
        "memory_model": model.key,
    }


def each_column(function: Callable[..., Numbers], *memories: Memory[Any]) -> Memory[Numbers]:
    """Return the memory whose columns are a function of the same columns of these memories."""
    columns = zip(*(memory.numbers for memory in memories), strict=True)
    stability, difficulty, *extra = (function(*column) for column in columns)
    return Memory(stability, difficulty, tuple(extra))


def ratings_of(recalled: Mask) -> Numbers:
    """Return Good for each card that was recalled, and Again for the others."""
    return np.where(recalled, int(Rating.GOOD), int(Rating.AGAIN))
