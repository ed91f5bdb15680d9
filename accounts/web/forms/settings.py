"""Forms of the settings page: the learner's Claude key, their own server, and the models."""

from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from accounts import endpoints, services
from accounts.models import Endpoint
from accounts.results import AccountError, clean_model
from accounts.web.forms.accounts import AS_TYPED, FocusedForm
from memoryloop.llm.windows import LARGEST_WINDOW, LEAST_WINDOW

# Above the limits of the services, whose sentences are plainer than the form's.
_MAX_CHARACTERS = 10_000


def _key_field(label: str, **attributes: Any) -> forms.CharField:
    # A key is never rendered (render_value is False), also in a form with errors.
    return forms.CharField(
        label=label,
        max_length=_MAX_CHARACTERS,
        required=False,
        widget=forms.PasswordInput(
            attrs={
                "autocomplete": "off",
                "data-1p-ignore": "",
                "data-lpignore": "true",
                **AS_TYPED,
                **attributes,
            }
        ),
    )


class ApiKeyForm(FocusedForm, forms.Form):
    api_key = _key_field("Claude API key", placeholder="sk-ant-…")

    @sensitive_variables("api_key")
    def clean_api_key(self) -> str:
        return str(_cleaned(services.clean_api_key, self.cleaned_data["api_key"]))


class ModelForm(FocusedForm, forms.Form):
    """A choice of the listed models, with a field for a model that is not listed."""

    model = forms.CharField(label="Model", required=False, max_length=_MAX_CHARACTERS)
    other_model = forms.CharField(
        label="Another model, by its name",
        required=False,
        max_length=_MAX_CHARACTERS,
        widget=forms.TextInput(attrs={"autocomplete": "off", **AS_TYPED}),
    )

    def __init__(
        self, *args: Any, models: Sequence[str] = (), current: str = "", default: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("model", current)
        if not models:
            # Without a list there is one text field.
            self.fields["model"].widget = forms.TextInput(
                attrs={"autocomplete": "off", "placeholder": default, **AS_TYPED}
            )
            del self.fields["other_model"]
            return
        names = list(dict.fromkeys([*([current] if current else []), *models]))
        choices = [("", default), *((name, name) for name in names)]
        self.fields["model"].widget = forms.Select(choices=choices)

    def clean_model(self) -> str:
        return str(_cleaned(clean_model, self.cleaned_data["model"]))

    def clean_other_model(self) -> str:
        return str(_cleaned(clean_model, self.cleaned_data["other_model"]))

    @property
    def chosen(self) -> str:
        """Return the typed model, else the chosen one; blank for the default."""
        return str(self.cleaned_data.get("other_model") or self.cleaned_data["model"])


class EndpointForm(ModelForm):
    base_url = forms.CharField(
        label="Address of the server",
        max_length=_MAX_CHARACTERS,
        required=False,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "inputmode": "url",
                "placeholder": "http://localhost:11434/v1",
                **AS_TYPED,
            }
        ),
    )
    api_key = _key_field("API key, if it needs one")
    context_length = forms.IntegerField(
        label="Context length in tokens",
        help_text="How much the model takes at once. Leave it blank to use what the server "
        "reports, as Ollama, LM Studio, vLLM and OpenRouter do. For Ollama, a larger number takes "
        "more memory there.",
        required=False,
        min_value=LEAST_WINDOW,
        max_value=LARGEST_WINDOW,
    )

    field_order = ("base_url", "api_key", "model", "other_model", "context_length")

    def __init__(self, *args: Any, endpoint: Endpoint | None, **kwargs: Any) -> None:
        super().__init__(
            *args,
            models=endpoint.listed_models if endpoint else (),
            current=endpoint.model if endpoint else "",
            default="The first chat model",
            **kwargs,
        )
        if endpoint is None:
            self.fields["model"].label = "Model, if you know its name"
            return
        self.initial.setdefault("base_url", endpoint.base_url)
        self.initial.setdefault("context_length", endpoint.context_length)
        if endpoint.hint:
            self.fields["api_key"].help_text = "Leave it empty to keep the one that is saved."

    @sensitive_variables()
    def clean_base_url(self) -> str:
        typed = self.cleaned_data["base_url"]
        shown = endpoints.without_secrets(typed)
        if shown != typed:
            # The field shows what was typed, without a key in it.
            self.data = {**dict(self.data.items()), "base_url": shown}
        return str(_cleaned(endpoints.clean_url, typed))

    @sensitive_variables("api_key")
    def clean_api_key(self) -> str:
        return str(_cleaned(endpoints.clean_key, self.cleaned_data["api_key"]))


@sensitive_variables("value")
def _cleaned(clean: Any, value: str) -> str:
    """Return a value cleaned by a service, whose error becomes the field's."""
    try:
        return cast("str", clean(value))
    except AccountError as error:
        raise ValidationError(error.sentence, code="invalid") from None
