"""Views to sign up, log in and log out, of the profile, and to delete an account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render, resolve_url
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import services, throttling
from accounts.http import AnonymousHttpRequest, HtmxHttpRequest
from accounts.web.forms.accounts import ConfirmPasswordForm, LogInForm, ProfileForm, SignUpForm

# login() needs a back end for a user who did not come from authenticate().
BACKEND = settings.AUTHENTICATION_BACKENDS[0]


def next_page(request: HttpRequest, default: str) -> str:
    """Return the `next` address of a form or query if it is on this host, else the default."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    # Without a slash, redirect() would take it for the name of a view.
    if "/" in target and url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return target
    return resolve_url(default)


def form_data(request: HttpRequest) -> QueryDict | None:
    """Return the data of a POST, which may be empty; None for another method."""
    return request.POST if request.method == "POST" else None


def render_too_many(
    request: HttpRequest, template: str, form: BaseForm, error: throttling.TooManyAttempts
) -> HttpResponse:
    """Show the form with the time of the next attempt, and answer 429."""
    form.add_error(None, error.sentence)
    response = render(request, template, {"form": form, "next": request.POST.get("next", "")})
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
    form = SignUpForm(form_data(request))
    if request.method == "POST" and form.is_valid():
        place = throttling.client_place(request)
        try:
            throttling.SIGN_UP_REFUSED.count(place, now=timezone.now())
            user = services.sign_up(**form.cleaned_data)
        except throttling.TooManyAttempts as error:
            return render_too_many(request, "accounts/sign_up.html", form, error)
        except services.AddressTaken as error:
            form.add_error("email", error.sentence)
        else:
            throttling.SIGN_UP_REFUSED.uncount(place)
            login(request, user, backend=BACKEND)
            return redirect(next_page(request, settings.LOGIN_REDIRECT_URL))
    context = {"form": form, "next": next_page(request, "") if "next" in request.GET else ""}
    return render(request, "accounts/sign_up.html", context, status=422 if form.errors else 200)


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
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HtmxHttpRequest) -> HttpResponse:
    form = ProfileForm(form_data(request), instance=request.user)
    if request.method == "POST" and form.is_valid():
        form.instance.save(update_fields=form.changed_data)
        messages.success(request, "Your profile is saved.")
        return redirect(next_page(request, "accounts:profile"))
    return render(
        request,
        "accounts/profile.html",
        {"form": form, "next": request.POST.get("next", "")},
        status=422 if form.errors else 200,
    )


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
