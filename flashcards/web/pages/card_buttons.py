"""What each button would do to a card, as a card's page shows it; and what it is scheduled by."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.safestring import SafeString

from flashcards.charts import parts
from flashcards.charts import trend as charts
from flashcards.charts.trend import Point
from flashcards.domain import durations
from flashcards.domain.records import Flashcard, Rating
from flashcards.models import Deck
from flashcards.review.button_effects import ButtonEffect
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.study_settings.settings import EffectiveSettings

_LABEL_EVERY = 10


@dataclass(frozen=True)
class ButtonRow:
    name: str
    interval: str
    chance: str
    stability: str


@dataclass(frozen=True)
class ButtonsShown:
    """What each button would do: in a sentence, as a chart of the chance of recall, as a table."""

    sentence: str
    drawing: SafeString
    rows: tuple[ButtonRow, ...]


@dataclass(frozen=True)
class ScheduledBy:
    """The settings that a card follows: whose, the retention, and the memory model's parameters."""

    # The deck that has a preset, and the preset's name; None for the settings of all cards.
    deck: Deck | None
    preset: str
    retention: str
    is_fitted: bool
    parameters: tuple[str, ...]


def buttons(effects: Sequence[ButtonEffect]) -> ButtonsShown:
    """Return what each button would do to a card now."""
    words = dict(
        zip(
            (effect.rating for effect in effects),
            durations.told_apart([effect.interval for effect in effects]),
            strict=True,
        )
    )
    again, good = words[Rating.AGAIN], words[Rating.GOOD]
    sentence = f"Answered now, Good would bring it back in {good}, Again in {again}."
    points = []
    for step, (days, _) in enumerate(effects[0].curve):
        when = durations.interval(timedelta(days=days)) if days else "now"
        chances = ", ".join(
            f"{effect.rating.name.capitalize()} {effect.curve[step][1]:.0%}" for effect in effects
        )
        points.append(
            Point(
                label=when if step % _LABEL_EVERY == 0 else "",
                values=tuple(effect.curve[step][1] for effect in effects),
                title=f"{'Right after it' if not days else f'After {when}'}: {chances}",
            )
        )
    values = [chance for effect in effects for _, chance in effect.curve]
    return ButtonsShown(
        sentence=sentence,
        drawing=charts.trend(
            points,
            name=f"The chance of recall after each button. {sentence}",
            kinds=[effect.rating.name.lower() for effect in effects],
            scale=parts.percents(values),
        ),
        rows=tuple(
            ButtonRow(
                name=effect.rating.name.capitalize(),
                interval=words[effect.rating],
                chance=f"{effect.chance_when_due:.0%}",
                stability=durations.interval(timedelta(days=effect.stability)),
            )
            for effect in effects
        ),
    )


def scheduled_by(
    settings: EffectiveSettings, card: Flashcard, decks: Sequence[Deck], own: EffectiveSettings
) -> ScheduledBy:
    """Return what a card is scheduled by. `own` are the settings that hold for it."""
    deck_id = settings.governing_deck(card.deck_ids) if settings.decks else None
    parameters = own.parameters or DEFAULT_PARAMETERS
    return ScheduledBy(
        deck=next((deck for deck in decks if deck.id == deck_id), None),
        preset=own.preset_name,
        retention=f"{own.desired_retention:.0%}",
        is_fitted=bool(own.parameters),
        parameters=tuple(f"{value:.4f}" for value in parameters),
    )
