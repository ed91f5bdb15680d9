"""What the background worker does for accounts."""

from datetime import UTC, datetime
from importlib import import_module

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import throttling
from accounts.models import User


@app.task(
    name="accounts.send_password_reset",
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def send_password_reset(*, email: str, base_url: str) -> None:
    """Send a link that sets a new password, if the address has an account.

    Asked for here and not in the request, so that the request takes as long for an address
    nobody has. Tried again when the mail server fails; `base_url` has no slash at its end.
    """
    user = User.objects.filter(email=email, is_active=True).first()
    if user is None or not user.has_usable_password():
        return
    link = reverse(
        "accounts:password_reset_confirm",
        args=[
            urlsafe_base64_encode(force_bytes(str(user.pk))),
            default_token_generator.make_token(user),
        ],
    )
    context = {
        "user": user,
        "link": base_url + link,
        "base_url": base_url,
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    subject = render_to_string("accounts/password_reset_subject.txt", context)
    EmailMessage(
        subject=" ".join(subject.split()),
        body=render_to_string("accounts/password_reset_email.txt", context),
        to=[user.email],
    ).send()


@app.periodic(cron="17 * * * *")
@app.task(name="accounts.tidy", pass_context=False)
def tidy(timestamp: int) -> None:
    """Delete sessions and counts of attempts whose time is over, every hour.

    `timestamp` is the second for which this run was planned.
    """
    throttling.forget_expired(now=datetime.fromtimestamp(timestamp, UTC))
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
