"""The form of a deck."""

from django import forms

from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.validation import CardError


class DeckForm(forms.Form):
    """A deck's name, and the search of a smart deck."""

    name = forms.CharField(
        max_length=500,
        help_text="Write Biology::Cells for a deck inside another.",
        error_messages={"required": "Give the deck a name."},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    search = forms.CharField(
        required=False,
        max_length=QUERY_MAX_CHARACTERS,
        label="Search",
        help_text="For a smart deck: it always contains the cards that this search finds. "
        "Leave it blank for an ordinary deck.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def refuse(self, error: CardError | BadQuery) -> None:
        """Show why the deck was not saved, at the field that is wrong."""
        if isinstance(error, BadQuery):
            place = self.data.get("search", "")[error.position : error.position + 20]
            at = f" (At “{place}”.)" if place else ""
            self.add_error("search", f"{error.sentence}{at}")
        else:
            self.add_error("name", error.sentence)
