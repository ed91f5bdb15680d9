"""The change of a learner's email address: requested with the password, done when both agree.

The state is a row of EmailChange. A link holds the row and the side that it was sent to, signed.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import IntegrityError, transaction

from accounts import email_tokens, tasks
from accounts.models import EmailChange, User


class Side(StrEnum):
    OLD = "old"
    NEW = "new"


class State(StrEnum):
    # The other address has not confirmed yet.
    WAITING = "waiting"
    DONE = "done"
    # Used, expired, replaced by a later request, or not signed by us.
    STALE = "stale"
    # Another account has the new address by now.
    TAKEN = "taken"


@dataclass(frozen=True)
class Link:
    """The change and the side that a valid link stands for."""

    change: EmailChange
    side: Side


def pending(user: User, *, now: datetime) -> EmailChange | None:
    """Return the change that this learner has asked for and that can still be confirmed."""
    return EmailChange.objects.filter(owner=user, expires_at__gt=now).first()


def request(*, user: User, new_email: str, base_url: str, now: datetime) -> EmailChange:
    """Have the worker ask both addresses. The links of an earlier request become invalid.

    Takes the same time whether or not the new address has an account. `base_url` has no slash
    at its end.
    """
    with transaction.atomic():
        EmailChange.objects.filter(owner=user).delete()
        change = EmailChange.objects.create(
            owner=user,
            old_email=user.email,
            new_email=new_email,
            created_at=now,
            expires_at=now + email_tokens.LIFETIME,
        )
        for side in Side:
            tasks.send_email_change.defer(
                change_id=str(change.id), side=side.value, base_url=base_url
            )
    return change


def cancel(*, user: User) -> None:
    EmailChange.objects.filter(owner=user).delete()


def open_link(token: str, *, now: datetime) -> Link | None:
    """Return what a link stands for; None if it is stale or not signed by us. One SQL query."""
    named = email_tokens.read(token)
    if named is None:
        return None
    change_id, side = named
    change = (
        EmailChange.objects.select_related("owner")
        .filter(id=change_id, expires_at__gt=now, owner__is_active=True)
        .first()
    )
    if change is None or change.owner.email != change.old_email:
        return None
    return Link(change, Side(side))


def confirm(token: str, *, base_url: str, now: datetime) -> State:
    """Confirm one side, and change the address once both are confirmed. Idempotent."""
    try:
        with transaction.atomic():
            return _confirm(token, base_url=base_url, now=now)
    except IntegrityError:
        # The address was free when the change was requested, and is taken now.
        link = open_link(token, now=now)
        if link is not None:
            link.change.delete()
        return State.TAKEN


def _confirm(token: str, *, base_url: str, now: datetime) -> State:
    link = open_link(token, now=now)
    if link is None:
        return State.STALE
    # Locked, so that the second of two links opened at once sees the first one's change.
    change = EmailChange.objects.select_for_update().filter(id=link.change.id).first()
    if change is None:
        return State.STALE
    field = f"{link.side.value}_confirmed_at"
    if getattr(change, field) is None:
        setattr(change, field, now)
        change.save(update_fields=[field])
    if change.old_confirmed_at is None or change.new_confirmed_at is None:
        return State.WAITING
    User.objects.filter(pk=change.owner_id, email=change.old_email).update(email=change.new_email)
    change.delete()
    tasks.send_email_changed.defer(
        old_email=change.old_email, new_email=change.new_email, base_url=base_url
    )
    return State.DONE
