"""The form of a plan of study: one, and perhaps another beside it."""

from typing import Any

from django import forms

from flashcards.insight.plan import Choice
from flashcards.models import StudySettings
from flashcards.web.forms.study_settings import EASY_DAYS, LIMIT_MOST, ORDERS, WEEKDAYS

RETENTION_LEAST, RETENTION_MOST = 70, 97


def _number(label: str, low: int, high: int, what: str) -> forms.IntegerField:
    wrong = f"Choose {what} from {low:,} to {high:,}."
    return forms.IntegerField(
        label=label,
        min_value=low,
        max_value=high,
        # It comes with the address: a browser's number field shows nothing of what is no number.
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages=dict.fromkeys(("required", "invalid", "min_value", "max_value"), wrong),
    )


class PlanForm(forms.Form):
    """What one plan sets. Its fields have the prefix of the plan, "a" or "b"."""

    desired_retention = _number(
        "Desired retention (%)", RETENTION_LEAST, RETENTION_MOST, "a percentage"
    )
    new_per_day = _number("New cards a day", 0, LIMIT_MOST, "a number")
    reviews_per_day = _number("Reviews a day", 0, LIMIT_MOST, "a number")
    order = forms.ChoiceField(
        label="Review order",
        choices=[(each.value, ORDERS.get(each, each.label)) for each in StudySettings.Order],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose an order."),
    )

    def __init__(self, *args: Any, is_deck: bool, present: Choice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.present = present
        if is_deck:
            # A deck has no order and no easy days of its own.
            del self.fields["order"]
            return
        for number, weekday in enumerate(WEEKDAYS):
            self.fields[f"easy_{number}"] = forms.TypedChoiceField(
                label=weekday,
                choices=EASY_DAYS,
                coerce=int,
                error_messages={"invalid_choice": "Choose how much a day should get."},
            )

    @property
    def weekdays(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith("easy_")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        easy = [data.get(f"easy_{number}") for number in range(len(WEEKDAYS))]
        if self.weekdays and not any(easy) and None not in easy:
            self.add_error("easy_6", "Leave at least one day for your reviews.")
        return data

    def choice(self) -> Choice:
        """Return the plan; what is no field of it is as it is set."""
        data = self.cleaned_data
        easy = tuple(data[name] for name in self.fields if name.startswith("easy_"))
        return Choice(
            desired_retention=data["desired_retention"] / 100,
            new_per_day=data["new_per_day"],
            reviews_per_day=data["reviews_per_day"],
            order=data.get("order", self.present.order),
            easy_days=easy or self.present.easy_days,
        )

    @classmethod
    def of(cls, given: Any, prefix: str, *, is_deck: bool, present: Choice) -> "PlanForm":
        """Return the form of what was typed; what was not named at all is as it is set."""
        typed = {name: given[name] for name in given if name.startswith(f"{prefix}-")}
        return cls(
            typed_out(present, prefix) | typed, prefix=prefix, is_deck=is_deck, present=present
        )


def typed_out(choice: Choice, prefix: str) -> dict[str, Any]:
    """Return a plan as a form sends it."""
    percent = round(100 * choice.desired_retention)
    fields = {
        "desired_retention": min(max(percent, RETENTION_LEAST), RETENTION_MOST),
        "new_per_day": choice.new_per_day,
        "reviews_per_day": choice.reviews_per_day,
        "order": choice.order,
        **{f"easy_{n}": percent for n, percent in enumerate(choice.easy_days)},
    }
    return {f"{prefix}-{name}": str(value) for name, value in fields.items()}
