"""The forms of the study modes: which cards, in which mode, for how long; and an exam's."""

import enum
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django import forms

from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.validation import CardError
from flashcards.models import Deck
from flashcards.review import exam, scope
from flashcards.review.begin_session import CARDS_MOST, Order
from flashcards.review.scope import EVERYTHING, FORGOTTEN, Scope

MINUTES_MOST = 240


class How(enum.StrEnum):
    DUE = "due"
    CRAM = "cram"
    EXAM = "exam"


HOW = (
    (How.DUE, "Review due cards"),
    (How.CRAM, "Practise all cards without changing their schedule"),
    (How.EXAM, "Prepare for an exam"),
)
ORDERS = (
    (Order.RANDOM, "Random order"),
    (Order.HARDEST, "Hardest first"),
    (Order.ADDED, "In the order added"),
)


class ScopeForm(forms.Form):
    """Which cards: those of a deck, or what a search finds."""

    scope = forms.ChoiceField(label="Cards", required=False)
    search = forms.CharField(
        required=False,
        label="Or a search",
        max_length=QUERY_MAX_CHARACTERS,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "off",
                "spellcheck": "false",
                "placeholder": "tag:verbs, prop:r<0.8, added:7",
            }
        ),
    )

    def __init__(self, *args: Any, owner_id: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner_id = owner_id
        decks = Deck.objects.filter(owner_id=owner_id)
        self.fields["scope"].choices = [  # type: ignore[attr-defined]  # a ChoiceField's
            (EVERYTHING.key, "All cards"),
            (FORGOTTEN.key, "Forgotten today"),
            *((scope.deck_key(deck.id), deck.name) for deck in decks),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = self._named(data)
        if named is not None:
            data["named"] = named
        return data

    def _named(self, data: dict[str, Any]) -> Scope | None:
        try:
            if data.get("search", "").strip():
                return scope.of_search(data["search"])
            return scope.read(self.owner_id, data.get("scope") or EVERYTHING.key)
        except BadQuery as error:
            self.add_error("search", error.sentence)
        except CardError as error:
            self.add_error("scope", error.sentence)
        return None


class StudyModeForm(ScopeForm):
    """Which cards, in which mode, for how long."""

    how = forms.ChoiceField(
        label="How", choices=HOW, widget=forms.RadioSelect, initial=How.DUE, required=False
    )
    order = forms.ChoiceField(
        label="Order",
        choices=ORDERS,
        required=False,
        help_text="A card you get wrong comes back a few cards later; any other is done. "
        f"{CARDS_MOST:,} cards at most.",
    )
    minutes = forms.IntegerField(
        label="Minutes",
        required=False,
        min_value=1,
        max_value=MINUTES_MOST,
        help_text="Leave it blank for no time limit.",
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), f"Choose from 1 to {MINUTES_MOST} minutes."
        ),
    )
    on = forms.DateField(
        label="Day of the exam",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Choose a day."},
    )
    typed = forms.BooleanField(label="Type the answers", required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_how(self) -> How:
        return How(self.cleaned_data["how"] or How.DUE)

    def clean_order(self) -> Order:
        return Order(self.cleaned_data["order"] or Order.RANDOM)

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        problem = day_problem(data.get("on"), self.today)
        if data.get("how") is How.EXAM and "on" not in self.errors and problem:
            self.add_error("on", problem)
        return data


class ExamForm(forms.Form):
    """The day of an exam, the target, and the cards."""

    scope = forms.CharField(max_length=QUERY_MAX_CHARACTERS + 50, widget=forms.HiddenInput)
    on = forms.DateField(
        label="Day of the exam",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages=dict.fromkeys(("invalid", "required"), "Choose a day."),
    )
    target = forms.IntegerField(
        label="Target: known on that day, in percent",
        min_value=50,
        max_value=99,
        initial=exam.TARGET_PERCENT,
        required=False,
        error_messages=dict.fromkeys(
            ("invalid", "min_value", "max_value"), "Choose from 50 to 99 percent."
        ),
    )
    typed = forms.CharField(max_length=1, required=False, widget=forms.HiddenInput)
    cards = forms.IntegerField(
        label="Cards today", min_value=1, max_value=CARDS_MOST, required=False
    )

    def __init__(self, *args: Any, owner_id: UUID, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner_id, self.today = owner_id, today

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if problem := day_problem(on, self.today):
            raise forms.ValidationError(problem)
        return on

    def clean_target(self) -> int:
        return self.cleaned_data["target"] or exam.TARGET_PERCENT

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            data["named"] = scope.read(self.owner_id, data.get("scope", ""))
        except (BadQuery, CardError) as error:
            raise forms.ValidationError(error.sentence) from None
        return data


def day_problem(on: date | None, today: date) -> str:
    """Return what is wrong with the day of an exam; empty if nothing is."""
    if on is None:
        return "Say which day the exam is on."
    if on <= today:
        return "Choose a day after today."
    if on > today + timedelta(days=exam.DAYS_MOST):
        return "That is more than two years away."
    return ""
