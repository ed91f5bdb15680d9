"""What learners send: messages, and titles of conversations."""

from django import forms
from django.core.exceptions import ValidationError

from chat.conversations.conversations import MessageError, check_content, check_words_for_cards
from chat.models import MESSAGE_MAX_CHARACTERS, TITLE_MAX_CHARACTERS

ASK, CARDS = "ask", "cards"


class MessageForm(forms.Form):
    """A message, and what is wanted with it: an answer, or cards without asking anybody."""

    content = forms.CharField(
        label="Message",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 1, "data-limit": MESSAGE_MAX_CHARACTERS}),
    )
    # What the page shows as the newest message: its branch is gone on with.
    after = forms.UUIDField(required=False)
    action = forms.ChoiceField(choices=[(ASK, "Ask"), (CARDS, "Make cards")], required=False)

    def clean_content(self) -> str:
        try:
            return check_content(self.cleaned_data["content"])
        except MessageError as error:
            raise ValidationError(error.sentence) from error

    def clean_action(self) -> str:
        return self.cleaned_data["action"] or ASK

    def clean(self) -> None:
        super().clean()
        content = self.cleaned_data.get("content")
        if content and self.cleaned_data.get("action") == CARDS:
            try:
                check_words_for_cards(content)
            except MessageError as error:
                self.add_error("content", error.sentence)

    @property
    def wants_cards(self) -> bool:
        return bool(self.cleaned_data["action"] == CARDS)


class EditForm(forms.Form):
    """A message of the learner's in other words."""

    content = forms.CharField(
        label="Message",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-limit": MESSAGE_MAX_CHARACTERS}),
    )

    clean_content = MessageForm.clean_content


class TitleForm(forms.Form):
    title = forms.CharField(
        label="Title",
        max_length=TITLE_MAX_CHARACTERS,
        error_messages={"required": "A conversation needs a title."},
    )
