"""The form of a text file's columns: what separates them, and what each of them holds."""

from collections import Counter
from typing import Any

from django import forms

from flashcards.exchange.text.layout import (
    NAMED_SEPARATORS,
    SEPARATOR_MOST_CHARACTERS,
    SEVERAL,
    Layout,
    Role,
    named_separator,
)

OTHER = "other"
ROLES = (
    (Role.FRONT, "Front"),
    (Role.BACK, "Back"),
    (Role.EXTRA, "Note or source"),
    (Role.TAGS, "Tags"),
    (Role.DECK, "Deck"),
    (Role.TYPE, "Note type"),
    (Role.GUID, "Anki’s ID (GUID)"),
    (Role.ID, "Row number or ID"),
    (Role.IGNORED, "Ignore"),
)
_NAMES = {char: name for name, char in NAMED_SEPARATORS.items()}


class ColumnsForm(forms.Form):
    """How a file is read; `layout` is how it was read last."""

    separator = forms.ChoiceField(
        choices=[*((name, name.capitalize()) for name in NAMED_SEPARATORS), (OTHER, "Other")]
    )
    other_separator = forms.CharField(
        label="Other separator",
        required=False,
        strip=False,
        max_length=SEPARATOR_MOST_CHARACTERS,
        help_text="One or more characters, such as ;;",
    )
    fields_are = forms.ChoiceField(
        label="Fields contain",
        choices=[("text", "Plain text"), ("html", "HTML")],
    )
    has_names_row = forms.BooleanField(label="The first row has the names", required=False)

    def __init__(self, *args: Any, layout: Layout, **kwargs: Any) -> None:
        self.layout = layout
        name = _NAMES.get(layout.separator, OTHER)
        kwargs["initial"] = {
            "separator": name,
            "other_separator": layout.separator if name == OTHER else "",
            "fields_are": "html" if layout.is_html else "text",
            "has_names_row": layout.has_names_row,
            **{_field(at): role for at, role in enumerate(layout.roles)},
        }
        super().__init__(*args, **kwargs)
        for at in range(len(layout.roles)):
            self.fields[_field(at)] = forms.ChoiceField(
                label=f"Column {at + 1}", choices=[(str(role), name) for role, name in ROLES]
            )

    @property
    def columns(self) -> list[forms.BoundField]:
        return [self[_field(at)] for at in range(len(self.layout.roles))]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("separator") == OTHER and not named_separator(data.get("other_separator", "")):
            self.add_error("other_separator", "Write the characters that separate the columns.")
        if not self.errors and not self.is_cut_anew:
            counts = Counter(self.chosen().roles)
            if not counts[Role.FRONT]:
                self.add_error(None, "Choose which column is the front.")
            names = dict(ROLES)
            for role, count in counts.items():
                if count > 1 and role not in SEVERAL:
                    self.add_error(None, f"Only one column can be “{names[role]}”.")
        return data

    @property
    def is_cut_anew(self) -> bool:
        """Whether another separator makes other columns, of which nothing was chosen yet."""
        return self._separator() != self.layout.separator

    def _separator(self) -> str:
        data = self.cleaned_data
        if data["separator"] == OTHER:
            return named_separator(data["other_separator"])
        return NAMED_SEPARATORS[data["separator"]]

    def chosen(self) -> Layout:
        """Return the chosen layout; with another separator its roles are to be guessed."""
        data = self.cleaned_data
        return Layout(
            self._separator(),
            data["fields_are"] == "html",
            data["has_names_row"],
            tuple(Role(data[_field(at)]) for at in range(len(self.layout.roles))),
        )


def _field(at: int) -> str:
    return f"column_{at}"
