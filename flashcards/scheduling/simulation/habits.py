"""Habits: how often a learner presses each button, and how long an answer takes them."""

from dataclasses import dataclass

# One number for each rating: Again, Hard, Good, Easy.
Four = tuple[float, float, float, float]


@dataclass(frozen=True)
class Answers:
    """The share of each rating, and the seconds that such an answer takes."""

    shares: Four
    seconds: Four


@dataclass(frozen=True)
class Habits:
    """A learner's answers, by what is answered."""

    # A card that was never seen.
    first: Answers
    # A card in its learning or relearning steps.
    steps: Answers
    # A card in review. How often it is Again, the memory model says.
    review: Answers


# Rounded from what the simulators of the FSRS project assume of somebody they know nothing of.
TYPICAL = Habits(
    first=Answers((0.24, 0.09, 0.50, 0.17), (30.0, 22.0, 14.0, 7.0)),
    steps=Answers((0.15, 0.10, 0.70, 0.05), (14.0, 11.0, 7.0, 5.0)),
    review=Answers((0.10, 0.20, 0.57, 0.13), (22.0, 12.0, 7.5, 5.5)),
)
