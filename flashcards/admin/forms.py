"""The form of a card in the admin, with the rules of the learner's form."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget

from flashcards.models.admin_rows import StoredFlashcard
from flashcards.web.forms.cards import (
    TAGS_MAX_CHARACTERS,
    CardForm,
    EditCardForm,
    MarkdownField,
    split_tags,
)


class TagsField(forms.Field):
    """Tags separated by commas: a tuple in Python."""

    widget = AdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else ", ".join(value or ())

    def to_python(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, str) and len(value) > TAGS_MAX_CHARACTERS:
            raise forms.ValidationError(f"Tags take {TAGS_MAX_CHARACTERS} characters at most.")
        return split_tags(value) if isinstance(value, str) else tuple(value or ())


class StoredFlashcardForm(forms.ModelForm[StoredFlashcard]):
    # Not required here: `clean` asks the learner's form what is.
    question = MarkdownField(required=False, widget=AdminTextareaWidget)
    answer = MarkdownField(required=False, widget=AdminTextareaWidget)
    extra = MarkdownField(
        label="Note", required=False, widget=AdminTextareaWidget(attrs={"rows": 4})
    )
    tags = TagsField(required=False, help_text=CardForm.base_fields["tags"].help_text)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        card = self.instance
        words = EditCardForm({**data, "tags": ""}, kind=card.kind, ordinal=card.ordinal)
        for field, errors in words.errors.items():
            for error in errors:
                self.add_error(field, error)
        return data
