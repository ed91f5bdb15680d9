"""Views to sign up, log in and log out, and to delete an account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import invitations, services, throttling
from accounts.http import AnonymousHttpRequest, HtmxHttpRequest
from accounts.models import User
from accounts.web.forms.accounts import ConfirmPasswordForm, LogInForm, SignUpForm
from memoryloop.web.address import next_url

# login() needs a back end for a user who did not come from authenticate().
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def next_page(request: HttpRequest, default: str) -> str:
    """Return the `next` address of a form or query, else that of the view named `default`."""
    return next_url(request) or resolve_url(default)


def form_data(request: HttpRequest) -> QueryDict | None:
    """Return the data of a POST, which may be empty; None for another method."""
    return request.POST if request.method == "POST" else None


def render_too_many(
    request: HttpRequest, template: str, form: BaseForm, error: throttling.TooManyAttempts
) -> HttpResponse:
    """Show the form with the time of the next attempt, and answer 429."""
    form.add_error(None, error.sentence)
    kept = {name: request.POST.get(name, "") for name in ("next", "invitation")}
    response = render(request, template, {"form": form, **kept})
    response.status_code = 429
    response.headers["Retry-After"] = str(error.seconds)
    return response


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: AnonymousHttpRequest) -> HttpResponse:
    """Create an account and log in.

    A taken address is told. Hiding that would need a mail server, which a self-hosted MemoryLoop
    seldom has, and people who forgot their account would wait for a mail. Instead, asking about
    many addresses is throttled.
    """
    if request.user.is_authenticated:
        return redirect(next_page(request, settings.LOGIN_REDIRECT_URL))
    invitation = request.POST.get("invitation") or request.GET.get("invitation", "")
    if refused := _sign_up_refused(request, invitation):
        return refused
    form = SignUpForm(form_data(request))
    if request.method == "POST" and form.is_valid():
        place = throttling.client_place(request)
        try:
            throttling.SIGN_UP_REFUSED.count(place, now=timezone.now())
            user = _create_account(invitation, form.cleaned_data)
        except throttling.TooManyAttempts as error:
            return render_too_many(request, "accounts/sign_up.html", form, error)
        except invitations.StaleInvitation:
            return _render_refused(request, "stale", 410)
        except services.AddressTaken as error:
            form.add_error("email", error.sentence)
        else:
            throttling.SIGN_UP_REFUSED.uncount(place)
            login(request, user, backend=BACKEND)
            return redirect(next_page(request, settings.LOGIN_REDIRECT_URL))
    context = {
        "form": form,
        "next": next_url(request),
        "invitation": invitation,
    }
    return render(request, "accounts/sign_up.html", context, status=422 if form.errors else 200)


def _sign_up_refused(request: HttpRequest, invitation: str) -> HttpResponse | None:
    """Return the page that says why nobody, or not this visitor, can sign up; None if they can."""
    if settings.SIGNUP == "open":
        return None
    if settings.SIGNUP == "closed":
        return _render_refused(request, "closed", 403)
    if not invitation:
        return _render_refused(request, "uninvited", 403)
    if invitations.find(invitation, now=timezone.now()) is None:
        return _render_refused(request, "stale", 410)
    return None


def _render_refused(request: HttpRequest, reason: str, status: int) -> HttpResponse:
    return render(request, "accounts/sign_up_refused.html", {"reason": reason}, status=status)


def _create_account(invitation: str, typed: dict[str, str]) -> User:
    if settings.SIGNUP == "invitation":
        return invitations.sign_up(invitation, **typed, now=timezone.now())
    return services.sign_up(**typed)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: AnonymousHttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(next_page(request, settings.LOGIN_REDIRECT_URL))
    form = LogInForm(form_data(request), request=request)
    if request.method == "POST":
        try:
            valid = form.is_valid()
        except throttling.TooManyAttempts as error:
            return render_too_many(request, "accounts/login.html", form, error)
        if valid and form.user is not None:
            login(request, form.user)  # gives the session a new key
            return redirect(next_page(request, settings.LOGIN_REDIRECT_URL))
    context = {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")}
    return render(request, "accounts/login.html", context, status=422 if form.errors else 200)


@require_POST
def log_out(request: AnonymousHttpRequest) -> HttpResponse:
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete_account(request: HtmxHttpRequest) -> HttpResponse:
    """Delete the account and everything in it, after the password was given again."""
    form = ConfirmPasswordForm(form_data(request), user=request.user)
    if request.method == "POST":
        try:
            valid = form.is_valid()
        except throttling.TooManyAttempts as error:
            return render_too_many(request, "accounts/delete.html", form, error)
        if valid:
            services.delete_account(user=request.user)
            logout(request)
            messages.success(request, "Your account and everything in it is deleted.")
            return redirect("home")
    return render(
        request, "accounts/delete.html", {"form": form}, status=422 if form.errors else 200
    )
