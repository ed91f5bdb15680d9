"""Forms for messages and for titles of conversations."""

from django import forms
from django.core.exceptions import ValidationError

from chat.conversations.conversations import MessageError, check_content
from chat.models import MESSAGE_MAX_CHARACTERS, TITLE_MAX_CHARACTERS
from chat.web import extensions

ASK = "ask"


def _actions() -> list[tuple[str, str]]:
    return [(value, value) for value in (ASK, *extensions.values())]


class MessageForm(forms.Form):
    """A message, and what it is sent for: an answer, or an action that another app registered."""

    content = forms.CharField(
        label="Message",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 1, "data-limit": MESSAGE_MAX_CHARACTERS}),
    )
    # The newest message that the page shows: the new one is added to its branch.
    after = forms.UUIDField(required=False)
    action = forms.ChoiceField(choices=_actions, required=False)

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
        action = extensions.find(self.cleaned_data.get("action", ASK))
        if content and action is not None:
            try:
                action.check(content)
            except MessageError as error:
                self.add_error("content", error.sentence)

    @property
    def send_action(self) -> extensions.SendAction | None:
        """Return what the message is sent for; None for an answer."""
        return extensions.find(self.cleaned_data["action"])


class EditForm(forms.Form):
    """An edited version of a learner's message."""

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
        widget=forms.TextInput(attrs={"autofocus": True}),
        error_messages={"required": "A conversation needs a title."},
    )
