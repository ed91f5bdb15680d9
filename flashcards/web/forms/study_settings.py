"""The forms of the review settings, for all cards and for one deck."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms

from flashcards.models.study import PRESET_NAME_MAX_CHARACTERS
from flashcards.study_settings.settings import (
    FIELDS,
    PRESET_FIELDS,
    EffectiveSettings,
    NewCards,
    Order,
)

STEPS_MOST = 10
STEP_MOST_SECONDS = 23 * 3_600
LIMIT_MOST = 9_999
_UNITS = {"s": 1, "m": 60, "h": 3_600}
_STEP = re.compile(r"(\d{1,6})\s*(s|m|h)[a-z]*", re.IGNORECASE)
NO_STEPS = "none"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EASY_DAYS = ((100, "Normal"), (50, "Fewer"), (0, "Minimum"))


def steps_in_words(seconds: Sequence[int]) -> str:
    """Return steps as they are typed: "1m 10m"."""
    if not seconds:
        return NO_STEPS
    return " ".join(
        next(f"{n // size}{unit}" for unit, size in reversed(_UNITS.items()) if n % size == 0)
        for n in seconds
    )


# As a form says them, where the model's own words are older.
ORDERS = {
    Order.OVERDUENESS: "Most overdue for its interval first",
    Order.RANDOM: "In random order",
}


class StepsField(forms.CharField):
    """Steps such as "1m 10m", as seconds; "none" for no steps, None for an empty field."""

    def prepare_value(self, value: Any) -> Any:
        return steps_in_words(value) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        text = (value or "").strip().lower()
        if not text:
            return None
        if text == NO_STEPS:
            return ()
        rest = re.sub(r"[\s,;]+", "", _STEP.sub("", text))
        steps = tuple(int(n) * _UNITS[unit.lower()] for n, unit in _STEP.findall(text))
        if rest or not steps:
            raise forms.ValidationError(
                "Write each step with its unit, such as 1m 10m or 30s 5m 1h, or “none”."
            )
        if any(not 1 <= step <= STEP_MOST_SECONDS for step in steps):
            raise forms.ValidationError(
                "A step is between a second and 23 hours: for a day or more, FSRS chooses the time."
            )
        if len(steps) > STEPS_MOST:
            raise forms.ValidationError(f"The maximum is {STEPS_MOST} steps.")
        return steps


def _number(label: str, low: int, high: int, what: str, help_text: str) -> forms.IntegerField:
    wrong = f"Choose {what} from {low:,} to {high:,}."
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        help_text=help_text,
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
    )


class DeckStudyForm(forms.Form):
    """The settings that a preset may set, too."""

    names: Sequence[str] = PRESET_FIELDS

    desired_retention = _number(
        "Desired retention, in percent",
        70,
        99,
        "a percentage",
        "How likely you are to recall a card when it is due. 90 suits most people: more costs "
        "many more reviews, less means forgetting more.",
    )
    new_per_day = _number(
        "New cards a day",
        0,
        LIMIT_MOST,
        "a number",
        "How many cards you meet for the first time on one day.",
    )
    reviews_per_day = _number(
        "Reviews a day",
        0,
        LIMIT_MOST,
        "a number",
        "Further cards wait for tomorrow; cards in learning always come.",
    )
    learning_steps_seconds = StepsField(
        label="Learning steps",
        required=False,
        help_text="When a card comes again on the day you first see it, such as 1m 10m. "
        "With “none” it comes again after a day or more.",
    )
    relearning_steps_seconds = StepsField(
        label="Relearning steps",
        required=False,
        help_text="When a card that you forgot comes again, such as 10m, or “none”.",
    )
    maximum_interval_days = _number(
        "Maximum interval, in days",
        1,
        36_500,
        "a number",
        "No card waits longer than this. 365 days are a year.",
    )
    fuzz = forms.BooleanField(
        label="Balance the workload",
        required=False,
        help_text="Moves a review by a few days (up to 15% of a week, 5% of a year) to a day "
        "with fewer reviews and away from similar cards. Off: exact intervals.",
    )

    def __init__(self, *args: Any, present: EffectiveSettings, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present = present

    def values(self) -> dict[str, Any]:
        """Return what `study_settings.save` takes; None for a default."""
        data = self.cleaned_data
        found = {name: data[name] for name in self.names if name in data}
        if found.get("desired_retention") is not None:
            found["desired_retention"] = found["desired_retention"] / 100
        return found


class StudyForm(DeckStudyForm):
    """The settings for all of a learner's cards."""

    names = FIELDS

    order = forms.ChoiceField(
        label="Review order",
        choices=[(each.value, ORDERS.get(each, each.label)) for each in Order],
        help_text="It matters on days with more reviews than your limit: the rest have to wait. "
        "Starting with the cards closest to being forgotten keeps the most in memory.",
    )
    new_cards = forms.ChoiceField(
        label="Order of new cards",
        choices=NewCards.choices,
        help_text="Before the reviews, after them, or spread evenly between them.",
    )
    bury_siblings = forms.BooleanField(
        label="Bury siblings",
        required=False,
        help_text="After one card of a note its other cards wait until tomorrow, so that they do "
        "not give the answer away.",
    )
    keep_apart = forms.BooleanField(
        label="Keep similar cards apart",
        required=False,
        help_text="Where possible, they do not follow one another or come on adjacent days.",
    )
    type_answers = forms.BooleanField(
        label="Type the answers",
        required=False,
        help_text="You write the answer before you see it, and are shown where yours differs. "
        "You still choose the rating. Press t to switch it for one session.",
    )
    play_sounds = forms.BooleanField(
        label="Play sounds",
        required=False,
        help_text="The sounds of a side are played when it is shown. Press r to hear them again.",
    )
    rollover_hour = forms.TypedChoiceField(
        label="New day starts at",
        coerce=int,
        choices=[(hour, f"{hour:02}:00") for hour in range(24)],
        help_text="In your time zone. Reviews before that time count for the day before.",
    )
    learn_ahead_minutes = _number(
        "Learn ahead, in minutes",
        0,
        240,
        "a number",
        "When nothing else is left, cards in learning may come this much early.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, weekday in enumerate(WEEKDAYS):
            self.fields[f"easy_{number}"] = forms.TypedChoiceField(
                label=weekday, choices=EASY_DAYS, coerce=int
            )
        if not self.is_bound:
            self.initial = _initial(self.present, self.names)

    @property
    def weekdays(self) -> list[forms.BoundField]:
        return [self[f"easy_{number}"] for number in range(7)]

    def clean_learning_steps_seconds(self) -> tuple[int, ...]:
        return self.cleaned_data["learning_steps_seconds"] or ()

    def clean_relearning_steps_seconds(self) -> tuple[int, ...]:
        return self.cleaned_data["relearning_steps_seconds"] or ()

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        easy = [data.get(f"easy_{number}") for number in range(7)]
        if None not in easy:
            if not any(easy):
                self.add_error("easy_6", "Leave at least one day for your reviews.")
            data["easy_days"] = easy
        return data

    def values(self) -> dict[str, Any]:
        plain = EffectiveSettings()
        return {
            name: None if _same(value, getattr(plain, name)) else value
            for name, value in super().values().items()
        }


class OwnDeckStudyForm(DeckStudyForm):
    """The settings of a preset: empty fields use the settings for all cards."""

    def __init__(self, *args: Any, own: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        usual = _initial(self.present, self.names)
        # Three choices: yes, no, or the same as for all cards.
        self.fields["fuzz"] = forms.TypedChoiceField(
            label="Balance the workload",
            required=False,
            coerce=lambda value: value == "on",
            empty_value=None,
            choices=[
                ("", f"Same as all cards: {'yes' if self.present.fuzz else 'no'}"),
                ("on", "Yes"),
                ("off", "No"),
            ],
            help_text=self.fields["fuzz"].help_text,
        )
        for name in self.names:
            field = self.fields[name]
            field.required = False
            if name != "fuzz":
                field.widget.attrs["placeholder"] = field.prepare_value(usual[name])
        if not self.is_bound:
            self.initial = _shown({name: own.get(name) for name in self.names})
            fuzz = self.initial.get("fuzz")
            self.initial["fuzz"] = "" if fuzz is None else "on" if fuzz else "off"


class PresetForm(OwnDeckStudyForm):
    """A preset: its name and its settings."""

    name = forms.CharField(label="Name", max_length=PRESET_NAME_MAX_CHARACTERS)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_bound:
            self.initial["name"] = name


def _initial(study: EffectiveSettings, names: Sequence[str]) -> dict[str, Any]:
    initial = _shown({name: getattr(study, name) for name in names})
    initial |= {f"easy_{n}": percent for n, percent in enumerate(study.easy_days)}
    return initial


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    if values.get("desired_retention") is not None:
        values["desired_retention"] = round(values["desired_retention"] * 100)
    return values


def _same(value: Any, plain: Any) -> bool:
    if isinstance(plain, tuple):
        return tuple(value) == plain
    return bool(value == plain)
