"""Views to change a password, and to set a new one through a link sent by email."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlsafe_base64_decode
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts import known_devices, services, throttling
from accounts.http import AnonymousHttpRequest, HtmxHttpRequest
from accounts.models import User
from accounts.web.forms.accounts import NewPasswordForm, PasswordChangeForm, PasswordResetForm
from accounts.web.views.sign_in import form_data, render_too_many
from memoryloop.web.address import base_url

# The token moves from the address into the session at once, so that the page which asks for a
# password has no secret in its address, its history entry or its Referer.
SESSION_TOKEN = "accounts.reset-token"  # noqa: S105 (the name of a session entry)
TOKEN_IN_SESSION = "set"  # noqa: S105 (stands in the address for the token)


@never_cache
@sensitive_post_parameters()
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: HtmxHttpRequest) -> HttpResponse:
    form = PasswordChangeForm(form_data(request), user=request.user)
    if request.method == "POST":
        try:
            valid = form.is_valid()
        except throttling.TooManyAttempts as error:
            return render_too_many(request, "accounts/password_change.html", form, error)
        if valid:
            services.set_password(user=request.user, password=form.cleaned_data["new_password"])
            # This session continues under a new key; all others end.
            update_session_auth_hash(request, request.user)
            messages.success(request, "Your password is changed. Other devices are logged out.")
            return redirect("settings:home")
    return render(
        request, "accounts/password_change.html", {"form": form}, status=422 if form.errors else 200
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def password_reset(request: AnonymousHttpRequest) -> HttpResponse:
    """Request a link. The answer is the same whether or not the address has an account."""
    form = PasswordResetForm(form_data(request))
    if request.method == "POST" and form.is_valid():
        email = form.cleaned_data["email"]
        try:
            throttling.RESET.count(email, now=timezone.now())
            throttling.RESET_FROM_ONE_PLACE.count(
                throttling.client_place(request), now=timezone.now()
            )
        except throttling.TooManyAttempts as error:
            return render_too_many(request, "accounts/password_reset.html", form, error)
        services.request_password_reset(email=email, base_url=base_url(request))
        return redirect("accounts:password_reset_done")
    return render(
        request, "accounts/password_reset.html", {"form": form}, status=422 if form.errors else 200
    )


@require_safe
def password_reset_done(request: AnonymousHttpRequest) -> HttpResponse:
    return render(request, "accounts/password_reset_done.html")


@never_cache
@sensitive_variables("token")
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password_reset_confirm(request: AnonymousHttpRequest, uidb64: str, token: str) -> HttpResponse:
    user = _user_of_link(uidb64)
    if token != TOKEN_IN_SESSION:
        if user is not None and default_token_generator.check_token(user, token):
            request.session[SESSION_TOKEN] = token
            return redirect("accounts:password_reset_confirm", uidb64, TOKEN_IN_SESSION)
        user = None
    elif not default_token_generator.check_token(user, request.session.get(SESSION_TOKEN)):
        user = None
    if user is None:
        # Used, expired, or not signed by us.
        return render(request, "accounts/password_reset_stale.html", status=410)
    form = NewPasswordForm(form_data(request), user=user)
    if request.method == "POST" and form.is_valid():
        services.set_password(user=user, password=form.cleaned_data["new_password"])
        del request.session[SESSION_TOKEN]
        throttling.LOG_IN.clear(user.email, throttling.client_place(request))
        response = redirect("accounts:password_reset_complete")
        # Whoever reads the account's mail is not held up by those who guess.
        known_devices.remember(request, response, user.email)
        return response
    return render(
        request,
        "accounts/password_reset_confirm.html",
        {"form": form, "email": user.email},
        status=422 if form.errors else 200,
    )


@require_safe
def password_reset_complete(request: AnonymousHttpRequest) -> HttpResponse:
    return render(request, "accounts/password_reset_complete.html")


def _user_of_link(uidb64: str) -> User | None:
    try:
        return User.objects.get(pk=urlsafe_base64_decode(uidb64).decode())
    except (ValueError, ValidationError, User.DoesNotExist):
        return None
