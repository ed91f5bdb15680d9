"""Background tasks of accounts: mails, and the deletion of what has expired."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.db import connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from accounts import email_tokens, throttling
from accounts.models import EmailChange, Invitation, User
from memoryloop.server import queues

# After it has expired, so that the admin can see who used it.
_KEPT_INVITATION = timedelta(days=90)

_DELETE_JOBS = """
DELETE FROM procrastinate_jobs WHERE status <> 'doing' AND (
    args->>'email' = %(email)s OR args->>'old_email' = %(email)s
    OR args->>'new_email' = %(email)s OR args->>'owner_id' = %(id)s OR lock LIKE '%%:' || %(id)s
)
"""


@app.task(
    name="accounts.send_password_reset",
    queue=queues.MAIL,
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def send_password_reset(*, email: str, base_url: str) -> None:
    """Send a link that sets a new password, if the address has an account.

    The account is looked up here and not in the request, so that the request takes as long for an
    unknown address. Retried when the mail server fails. `base_url` has no slash at its end.
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


@app.task(
    name="accounts.send_email_change",
    queue=queues.MAIL,
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def send_email_change(*, change_id: str, side: str, base_url: str) -> None:
    """Ask one of the two addresses of a change to confirm it.

    A new address that has an account is told so and gets no link. That is looked up here and not
    in the request, which would otherwise tell who has an account.
    """
    change = EmailChange.objects.select_related("owner").filter(id=change_id).first()
    if change is None:
        # Requested again, or cancelled, meanwhile.
        return
    token = email_tokens.make(change_id, side)
    link = base_url + reverse("accounts:email_confirm", args=[token])
    context = {"change": change, "user": change.owner, "link": link, "base_url": base_url}
    if side == "old":
        _send("email_change_old", [change.old_email], context)
    elif User.objects.filter(email=change.new_email).exists():
        _send("email_change_taken", [change.new_email], context)
    else:
        _send("email_change_new", [change.new_email], context)


@app.task(
    name="accounts.send_email_changed",
    queue=queues.MAIL,
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def send_email_changed(*, old_email: str, new_email: str, base_url: str) -> None:
    """Tell the old address that it is no longer the account's."""
    context = {"old_email": old_email, "new_email": new_email, "base_url": base_url}
    _send("email_changed", [old_email], context)


def delete_jobs_of(user: User) -> None:
    """Delete the waiting and failed jobs that name a learner whose account is deleted."""
    with connection.cursor() as cursor:
        cursor.execute(_DELETE_JOBS, {"email": user.email, "id": str(user.pk)})


def _send(template: str, to: list[str], context: dict[str, Any]) -> None:
    """Send templates/accounts/<template>.txt, whose first line is the subject."""
    text = render_to_string(f"accounts/{template}.txt", context)
    subject, _, body = text.lstrip().partition("\n")
    EmailMessage(subject=subject.strip(), body=body.lstrip(), to=to).send()


@app.periodic(cron="17 * * * *")
@app.task(name="accounts.tidy", queue=queues.UNSEEN, pass_context=False)
def tidy(timestamp: int) -> None:
    """Delete what has expired, every hour: sessions, counts, changes of address, invitations.

    `timestamp` is the second for which this run was planned.
    """
    now = datetime.fromtimestamp(timestamp, UTC)
    throttling.delete_expired(now=now)
    EmailChange.objects.filter(expires_at__lte=now).delete()
    Invitation.objects.filter(expires_at__lte=now - _KEPT_INVITATION).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
