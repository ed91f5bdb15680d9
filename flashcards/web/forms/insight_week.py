"""The form of the weekly report: where it comes."""

from typing import Any

from django import forms

from flashcards.insight import weekly_mail
from flashcards.models import WeeklyReport


class WeekForm(forms.Form):
    wanted = forms.ChoiceField(
        label="Weekly report",
        choices=WeeklyReport.Wanted.choices,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choose where the report comes."
        ),
    )

    def clean_wanted(self) -> Any:
        wanted = self.cleaned_data["wanted"]
        # Who has it set may keep it: it begins once a mail server is there.
        is_new = wanted != self.initial.get("wanted")
        if wanted == WeeklyReport.Wanted.MAIL and is_new and not weekly_mail.can_send():
            raise forms.ValidationError(
                "This MemoryLoop sends no mail: its administrator has set no mail server."
            )
        return wanted
