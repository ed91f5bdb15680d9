"""The form of a catch-up plan."""

from typing import Any

from django import forms

from flashcards.models import StudySettings
from flashcards.review.backlog import MINUTES_MOST, Choice
from flashcards.scheduling.simulation.backlog import Order


class PlanForm(forms.Form):
    """What a learner chooses of a plan."""

    minutes = forms.IntegerField(
        label="Minutes a day",
        min_value=5,
        max_value=MINUTES_MOST,
        help_text="How long you want to review each day until you have caught up.",
        error_messages=dict.fromkeys(
            ("required", "invalid", "min_value", "max_value"),
            f"Choose a number of minutes from 5 to {MINUTES_MOST}.",
        ),
    )
    order = forms.ChoiceField(
        label="Review order",
        choices=[(each.value, StudySettings.Order(each.value).label) for each in Order],
        help_text="The table below compares the orders.",
    )
    hold_new = forms.BooleanField(
        label="No new cards until you have caught up",
        required=False,
        help_text="New cards start again automatically afterwards.",
    )

    def choice(self) -> Choice:
        data = self.cleaned_data
        return Choice(data["minutes"], Order(data["order"]), data["hold_new"])

    @classmethod
    def of(cls, data: Any, choice: Choice) -> "PlanForm":
        """Return the form of what was typed, or of a choice where nothing was."""
        if data:
            return cls(data)
        return cls(
            {
                "minutes": choice.minutes,
                "order": choice.order.value,
                **({"hold_new": "on"} if choice.hold_new else {}),
            }
        )
