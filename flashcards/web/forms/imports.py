"""The form of an import: which decks of the file, with or without their schedule, and where to."""

from typing import Any

from django import forms

from flashcards.exchange.import_choice import AUTOMATIC, NO_PRESET, Choice
from flashcards.exchange.import_presets import is_plain
from flashcards.models.decks import DECK_NAME_MAX_CHARACTERS


class ImportForm(forms.Form):
    """What is to be imported of a file; `contents` lists its decks."""

    decks = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one deck."},
    )
    schedule = forms.ChoiceField(choices=[("keep", "keep"), ("anew", "anew")], initial="keep")
    parent = forms.CharField(
        label="Parent deck (optional)",
        required=False,
        max_length=DECK_NAME_MAX_CHARACTERS,
        help_text="An existing or a new deck. Leave it blank to import at the top level.",
    )

    def __init__(self, *args: Any, contents: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        presets = [each for each in contents.get("presets", ()) if not is_plain(each)]
        self.fields["preset"] = forms.ChoiceField(
            choices=[(NO_PRESET, ""), *((each["id"], each["name"]) for each in presets)],
            required=False,
        )
        self.fields["decks"] = forms.MultipleChoiceField(
            choices=[(deck_id, name) for deck_id, name, _ in contents.get("decks", ())],
            error_messages={
                "required": "Choose at least one deck.",
                "invalid_choice": "One of these decks is not in the file.",
            },
        )

    def choice(self) -> Choice:
        """Return what was chosen; all decks are named as none in particular."""
        data = self.cleaned_data
        ids = frozenset(map(int, data["decks"]))
        every = len(ids) == len(self.fields["decks"].choices)  # type: ignore[attr-defined]
        return Choice(
            deck_ids=None if every else ids,
            keep_schedule=data["schedule"] == "keep",
            preset=data["preset"] or AUTOMATIC,
            parent=" ".join(data["parent"].replace("\x00", "").split()),
        )

    def chosen_decks(self) -> set[str]:
        """Return the ids of the decks that are ticked: all until something was sent."""
        if not self.is_bound:
            return {str(deck_id) for deck_id, _ in self.fields["decks"].choices}  # type: ignore[attr-defined]
        return set(self.data.getlist("decks"))  # type: ignore[attr-defined]
