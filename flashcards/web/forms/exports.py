"""The form of an export: the format, what to include, and the cards."""

from django import forms

from flashcards.exchange import export_job

SEARCH_MAX_CHARACTERS = 2_000


class ExportForm(forms.Form):
    """The format of a file, and what it includes; the cards are ids or a search."""

    format = forms.ChoiceField(
        choices=list(export_job.FORMATS.items()),
        initial="apkg",
        error_messages={
            "required": "Choose a format.",
            "invalid_choice": "Choose one of these formats.",
        },
    )
    schedule = forms.BooleanField(required=False)
    images = forms.BooleanField(required=False)
    q = forms.CharField(required=False, max_length=SEARCH_MAX_CHARACTERS)

    def options(self) -> dict[str, bool]:
        """Return what the file includes, as CardExport keeps it."""
        data = self.cleaned_data
        return {"schedule": data["schedule"], "media": data["images"]}
