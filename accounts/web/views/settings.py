"""The settings page: the provider that answers, the learner's key, and their own server."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import endpoints, services, throttling
from accounts.http import HtmxHttpRequest
from accounts.results import InvalidEndpoint, InvalidKey, InvalidModel, KeyState, KeyTest, NoKey
from accounts.web.forms.accounts import ProfileForm
from accounts.web.forms.settings import ApiKeyForm, EndpointForm, ModelForm
from memoryloop.llm import guard
from memoryloop.llm.detect import clear_cache
from memoryloop.llm.server_names import SUGGESTED_OLLAMA_MODEL
from memoryloop.web.address import next_url

# Two forms of the page have fields of the same name.
_ENDPOINT_ID = "endpoint_%s"
_LEVELS = {
    KeyState.WORKING: messages.SUCCESS,
    KeyState.UNTESTED: messages.WARNING,
    KeyState.REFUSED: messages.ERROR,
    KeyState.NO_MODEL: messages.ERROR,
    KeyState.UNREADABLE: messages.ERROR,
    KeyState.OFF: messages.ERROR,
    KeyState.NONE: messages.INFO,
}


@never_cache
@login_required
@require_safe
def home(request: HtmxHttpRequest) -> HttpResponse:
    context = {**_context(request), "back": next_url(request)}
    return render(request, "accounts/settings.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HtmxHttpRequest) -> HttpResponse:
    """Save the name and the time zone, which are a section of the settings page."""
    if request.method != "POST":
        return redirect(f"{resolve_url('settings:home')}#profile")
    form = ProfileForm(request.POST, instance=request.user)
    if not form.is_valid():
        return render(
            request, "accounts/settings.html", _context(request, profile_form=form), status=422
        )
    form.instance.save(update_fields=form.changed_data)
    messages.success(request, "Your profile is saved.")
    return redirect(next_url(request) or "settings:home")


@never_cache
@login_required
@require_safe
def tutor(request: HtmxHttpRequest) -> HttpResponse:
    """Probe for a local server again and show who answers: a fragment for htmx, else the page."""
    clear_cache()
    if not request.htmx:
        return redirect("settings:home")
    return render(request, "accounts/_tutor.html", _context(request))


@never_cache
@sensitive_post_parameters("api_key")
@login_required
@require_POST
def save_key(request: HtmxHttpRequest) -> HttpResponse:
    form = ApiKeyForm(request.POST)
    if form.is_valid():
        try:
            result = services.save_api_key(
                user=request.user, api_key=form.cleaned_data["api_key"], now=timezone.now()
            )
        except InvalidKey as error:
            form.add_error("api_key", error.sentence)
        else:
            return _render_result(request, result)
    return _render_invalid(request, key_form=form)


@never_cache
@login_required
@require_POST
def test_key(request: HtmxHttpRequest) -> HttpResponse:
    try:
        result = services.test_api_key(user=request.user, now=timezone.now())
    except NoKey as error:
        # Removed in another tab.
        result = KeyTest(KeyState.NONE, error.sentence)
    return _render_result(request, result)


@never_cache
@login_required
@require_POST
def choose_model(request: HtmxHttpRequest) -> HttpResponse:
    form = _model_form(services.describe_tutor(request.user), request.POST)
    if form.is_valid():
        try:
            result = services.choose_model(user=request.user, model=form.chosen, now=timezone.now())
        except NoKey as error:
            return _render_result(request, KeyTest(KeyState.NONE, error.sentence))
        except InvalidModel as error:
            named = bool(form.cleaned_data.get("other_model"))
            form.add_error("other_model" if named else "model", error.sentence)
        else:
            return _render_result(request, result)
    return _render_invalid(request, model_form=form)


@never_cache
@login_required
@require_POST
def remove_key(request: HtmxHttpRequest) -> HttpResponse:
    services.remove_api_key(user=request.user)
    return _render_result(request, KeyTest(KeyState.NONE, "Your Claude key is deleted."))


@never_cache
@sensitive_post_parameters("api_key", "base_url")
@login_required
@require_POST
def save_endpoint(request: HtmxHttpRequest) -> HttpResponse:
    saved = endpoints.saved_endpoint(request.user)
    form = EndpointForm(request.POST, endpoint=saved, auto_id=_ENDPOINT_ID)
    if form.is_valid():
        try:
            throttling.ENDPOINT.count(str(request.user.pk), now=timezone.now())
            result = endpoints.save_endpoint(
                user=request.user,
                base_url=form.cleaned_data["base_url"],
                api_key=form.cleaned_data["api_key"],
                model=form.chosen,
                now=timezone.now(),
                context_length=form.cleaned_data["context_length"],
            )
        except throttling.TooManyAttempts as error:
            form.add_error(None, error.sentence)
        except InvalidEndpoint as error:
            form.add_error("base_url", error.sentence)
        except InvalidKey as error:
            form.add_error("api_key", error.sentence)
        else:
            return _render_result(request, endpoint_result=result)
    return _render_invalid(request, endpoint_form=form)


@never_cache
@login_required
@require_POST
def test_endpoint(request: HtmxHttpRequest) -> HttpResponse:
    try:
        throttling.ENDPOINT.count(str(request.user.pk), now=timezone.now())
        result = endpoints.test_endpoint(user=request.user, now=timezone.now())
    except throttling.TooManyAttempts as error:
        result = KeyTest(KeyState.UNTESTED, error.sentence)
    except NoKey as error:
        result = KeyTest(KeyState.NONE, error.sentence)
    except InvalidEndpoint as error:
        result = KeyTest(KeyState.OFF, error.sentence)
    return _render_result(request, endpoint_result=result)


@never_cache
@login_required
@require_POST
def remove_endpoint(request: HtmxHttpRequest) -> HttpResponse:
    endpoints.remove_endpoint(user=request.user)
    result = KeyTest(KeyState.NONE, "Your server and its key are deleted.")
    return _render_result(request, endpoint_result=result)


@never_cache
@login_required
@require_POST
def ask_first(request: HtmxHttpRequest) -> HttpResponse:
    """Choose whether Claude or the learner's server answers first."""
    endpoints.set_first(user=request.user, endpoint=request.POST.get("first") == "endpoint")
    if request.htmx:
        return render(request, "accounts/_tutor.html", _context(request))
    return redirect("settings:home")


def _render_result(
    request: HtmxHttpRequest,
    result: KeyTest | None = None,
    endpoint_result: KeyTest | None = None,
) -> HttpResponse:
    """Show a result: in the section for htmx, else as a message after a redirect."""
    if request.htmx:
        context = _context(request, result=result, endpoint_result=endpoint_result)
        return render(request, "accounts/_tutor.html", context)
    shown = result or endpoint_result
    if shown:
        messages.add_message(request, _LEVELS[shown.state], shown.sentence)
    return redirect("settings:home")


def _render_invalid(request: HtmxHttpRequest, **forms: Any) -> HttpResponse:
    template = "accounts/_tutor.html" if request.htmx else "accounts/settings.html"
    return render(request, template, _context(request, **forms), status=422)


def _model_form(tutor: services.Tutor, data: Any = None) -> ModelForm:
    return ModelForm(
        data,
        models=tutor.key.listed_models if tutor.key else (),
        current=tutor.key.model if tutor.key else "",
        default=f"{settings.CLAUDE_MODEL} (suggested)",
        auto_id="claude_%s",
    )


def _context(request: HtmxHttpRequest, **more: Any) -> dict[str, Any]:
    tutor = services.describe_tutor(request.user)
    return {
        "tutor": tutor,
        "key_form": ApiKeyForm(),
        "model_form": _model_form(tutor),
        "endpoint_form": EndpointForm(endpoint=tutor.endpoint, auto_id=_ENDPOINT_ID),
        "reach": guard.reach().value,
        "profile_form": ProfileForm(instance=request.user),
        "suggested_model": SUGGESTED_OLLAMA_MODEL,
        **more,
    }
