"""The settings page: who answers, and the learner's own key."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from accounts import services
from accounts.forms import ApiKeyForm, ProfileForm
from memoryloop.http import HtmxHttpRequest
from memoryloop.llm.detect import forget
from memoryloop.llm.openai_compatible import SUGGESTED_OLLAMA_MODEL

_LEVELS = {
    services.KeyState.WORKING: messages.SUCCESS,
    services.KeyState.UNTESTED: messages.WARNING,
    services.KeyState.REFUSED: messages.ERROR,
    services.KeyState.UNREADABLE: messages.ERROR,
    services.KeyState.NONE: messages.INFO,
}


@never_cache
@login_required
@require_safe
def home(request: HtmxHttpRequest) -> HttpResponse:
    return render(request, "accounts/settings.html", _context(request))


@never_cache
@login_required
@require_safe
def tutor(request: HtmxHttpRequest) -> HttpResponse:
    """Look again for who answers: the fragment, or the whole page without htmx."""
    forget()
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
        except services.InvalidKey as error:
            form.add_error("api_key", error.sentence)
        else:
            return _answer(request, result)
    template = "accounts/_tutor.html" if request.htmx else "accounts/settings.html"
    return render(request, template, _context(request, key_form=form), status=422)


@never_cache
@login_required
@require_POST
def test_key(request: HtmxHttpRequest) -> HttpResponse:
    try:
        result = services.test_api_key(user=request.user, now=timezone.now())
    except services.NoKey as error:
        # Removed in another tab.
        result = services.KeyTest(services.KeyState.NONE, error.sentence)
    return _answer(request, result)


@never_cache
@login_required
@require_POST
def remove_key(request: HtmxHttpRequest) -> HttpResponse:
    services.remove_api_key(user=request.user)
    return _answer(request, services.KeyTest(services.KeyState.NONE, "Your Claude key is deleted."))


def _answer(request: HtmxHttpRequest, result: services.KeyTest) -> HttpResponse:
    """Show how it went: in the section for htmx, else as a message after a redirect."""
    if request.htmx:
        return render(request, "accounts/_tutor.html", _context(request, result=result))
    messages.add_message(request, _LEVELS[result.state], result.sentence)
    return redirect("settings:home")


def _context(request: HtmxHttpRequest, **more: Any) -> dict[str, Any]:
    return {
        "tutor": services.describe_tutor(request.user),
        "key_form": ApiKeyForm(),
        "profile_form": ProfileForm(instance=request.user),
        "suggested_model": SUGGESTED_OLLAMA_MODEL,
        **more,
    }
