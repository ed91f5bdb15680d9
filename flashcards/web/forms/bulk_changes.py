"""The form of the card browser: an action, what it needs, and the cards."""

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from flashcards.cards import decks
from flashcards.cards.card_actions import Verb
from flashcards.cards.labels import FLAGS, TAG_MAX_CHARACTERS
from flashcards.domain.study_day import Day
from flashcards.domain.validation import CardError
from flashcards.models import Deck

# A hundred years.
DAYS_MOST = 36_525
_NEEDS_TAG = {Verb.TAG, Verb.UNTAG}
_NEEDS_DECK = {Verb.PUT_IN, Verb.TAKE_OUT}


class ChangeForm(forms.Form):
    """An action and its argument; the cards are ids, or all that a search finds but for some."""

    verb = forms.ChoiceField(
        choices=[(verb.value, verb.value) for verb in Verb],
        error_messages={"required": "Choose an action.", "invalid_choice": "Choose an action."},
    )
    tag = forms.CharField(required=False, max_length=TAG_MAX_CHARACTERS)
    deck = forms.CharField(required=False, max_length=500)
    flag = forms.IntegerField(required=False, min_value=0, max_value=len(FLAGS) - 1)
    days = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=DAYS_MOST,
        error_messages={
            "invalid": "Write a whole number of days.",
            "min_value": "A card cannot become due in the past: write 0 for today.",
            "max_value": f"The maximum is {DAYS_MOST:,} days.",
        },
    )
    all = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        verb = Verb(data["verb"]) if data.get("verb") else None
        tag = " ".join((data.get("tag") or "").replace("\x00", "").split())
        if verb in _NEEDS_TAG and "tag" not in self.errors and not tag:
            raise ValidationError("Enter a tag.")
        if verb in _NEEDS_DECK and not (data.get("deck") or "").strip():
            raise ValidationError("Enter the name of a deck.")
        if verb is Verb.SET_DUE and "days" not in self.errors and data.get("days") is None:
            raise ValidationError("Enter a number of days.")
        if verb is Verb.FLAG and data.get("flag") is None:
            raise ValidationError("Choose a flag.")
        return {**data, "tag": tag}

    def argument(self, *, owner_id: uuid.UUID, now: datetime, day: Day) -> dict[str, Any]:
        """Return the argument of the action, as BulkChange keeps it. Raises CardError.

        Creates the deck to add cards to if there is none of this name.
        """
        data = self.cleaned_data
        match Verb(data["verb"]):
            case Verb.TAG | Verb.UNTAG:
                return {"tag": data["tag"]}
            case Verb.PUT_IN:
                deck = decks.deck_named(owner_id=owner_id, name=data["deck"], now=now)
                return {"deck": str(deck.id), "name": deck.name}
            case Verb.TAKE_OUT:
                found = Deck.objects.filter(owner_id=owner_id).named(data["deck"].strip())
                if found is None:
                    raise CardError(f"You have no deck called “{data['deck'].strip()}”.")
                return {"deck": str(found.id), "name": found.name}
            case Verb.FLAG:
                return {"flag": data["flag"]}
            case Verb.BURY:
                return {"until": day.start(now, days=1).isoformat()}
            case Verb.SET_DUE:
                days: int = data["days"]
                # From the beginning of that day on; for today from now on.
                due = day.start(now, days=days) if days else now
                return {"due": due.isoformat(), "days": days}
        return {}
