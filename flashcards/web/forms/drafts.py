"""The form of a draft: its question and answer."""

from typing import Any

from django import forms

from flashcards.domain import card_sides
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.domain.validation import CARDS_A_NOTE
from flashcards.models import Draft


class DraftForm(forms.ModelForm[Draft]):
    """The text of a draft; a text with gaps must keep one."""

    question = forms.CharField(
        max_length=QUESTION_MAX_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Write the question."},
    )
    answer = forms.CharField(
        max_length=ANSWER_MAX_CHARACTERS, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    class Meta:
        model = Draft
        fields = ["question", "answer"]

    def __init__(self, data: Any = None, *, instance: Draft) -> None:
        # Several forms may be open on one page.
        super().__init__(data, instance=instance, auto_id=f"draft-{instance.pk}-%s")
        if self.instance.kind == Kind.CLOZE:
            self.fields["question"].label = "Text with a gap"
            self.fields["question"].help_text = "{{c1::the hidden words}} is a gap."
            self.fields["answer"].label = "Shown with the answer (optional)"

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        question = data.get("question")
        if self.instance.kind != Kind.CLOZE and question and not data.get("answer"):
            self.add_error("answer", "Write the answer.")
        if self.instance.kind == Kind.CLOZE and question:
            count = len(card_sides.cloze_ordinals(question))
            if not count:
                self.add_error(
                    "question", "Keep a gap in it: put {{c1:: and }} around the words to hide."
                )
            elif count > CARDS_A_NOTE:
                self.add_error(
                    "question", f"A note can have gaps with {CARDS_A_NOTE} numbers at most."
                )
        return data
