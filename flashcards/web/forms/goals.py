"""The form of a goal: its name and its lines."""

from django import forms

from flashcards.insight import goals
from flashcards.insight.goals import BadGoal


class GoalForm(forms.Form):
    """A goal. Lengths are checked here alone: a browser would cut off what is pasted."""

    # The goal's own check refuses what is empty, and drops NUL.
    name = forms.CharField(
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    lines = forms.CharField(
        required=False,
        strip=False,
        label="Headings or questions, one per line",
        help_text="Paste a syllabus, a table of contents or exam questions. Bullets and numbers "
        f"before a line do not count. Up to {goals.LINES_MOST} lines.",
        widget=forms.Textarea(attrs={"rows": 12}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for field in self.fields.values():
            # NUL is dropped, not refused.
            field.validators = []

    def clean_name(self) -> str:
        try:
            return goals.check_name(self.cleaned_data["name"])
        except BadGoal as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal

    def clean_lines(self) -> str:
        try:
            return goals.check_lines(self.cleaned_data["lines"])
        except BadGoal as refusal:
            raise forms.ValidationError(refusal.sentence) from refusal
