"""Views to change the email address: the request, and the links in the mails."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import email_change, throttling
from accounts.email_change import State
from accounts.http import AnonymousHttpRequest, HtmxHttpRequest
from accounts.web.forms.accounts import EmailChangeForm
from accounts.web.views.sign_in import form_data, render_too_many
from memoryloop.web.address import base_url

_TEMPLATE = "accounts/email_change.html"
_STATUS = {State.STALE: 410, State.TAKEN: 409}


@never_cache
@sensitive_post_parameters("password")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: HtmxHttpRequest) -> HttpResponse:
    """Request another address. The answer is the same whether or not that has an account."""
    now = timezone.now()
    form = EmailChangeForm(form_data(request), user=request.user)
    if request.method == "POST":
        try:
            valid = form.is_valid()
            if valid:
                throttling.EMAIL_CHANGE.count(str(request.user.pk), now=now)
                throttling.RESET.count(form.cleaned_data["new_email"], now=now)
        except throttling.TooManyAttempts as error:
            return render_too_many(request, _TEMPLATE, form, error)
        if valid:
            email_change.request(
                user=request.user,
                new_email=form.cleaned_data["new_email"],
                base_url=base_url(request),
                now=now,
            )
            return redirect("accounts:email")
    context = {"form": form, "pending": email_change.pending(request.user, now=now)}
    return render(request, _TEMPLATE, context, status=422 if form.errors else 200)


@login_required
@require_POST
def cancel(request: HtmxHttpRequest) -> HttpResponse:
    email_change.cancel(user=request.user)
    messages.success(request, "Your address stays as it is.")
    return redirect("settings:home")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: AnonymousHttpRequest, token: str) -> HttpResponse:
    """Say yes for one address. A button, because mail programs open links by themselves.

    Needs no log-in: whoever reads the mail is the one asked, on whatever device.
    """
    now = timezone.now()
    template = "accounts/email_confirm.html"
    if request.method == "POST":
        state = email_change.confirm(token, base_url=base_url(request), now=now)
        return render(request, template, {"state": state}, status=_STATUS.get(state, 200))
    link = email_change.open_link(token, now=now)
    if link is None:
        return render(request, template, {"state": State.STALE}, status=410)
    return render(request, template, {"link": link})
