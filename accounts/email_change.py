"""Change a learner's address: asked for with the password, done when both addresses agree.

The state is a row of EmailChange; a link names the row and the side that it was sent to, signed.
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
    # The other address has yet to say yes.
    WAITING = "waiting"
    DONE = "done"
    # Used up, too old, replaced by a later request, or never ours.
    STALE = "stale"
    # Somebody signed up with the new address meanwhile.
    TAKEN = "taken"


@dataclass(frozen=True)
class Link:
    """What a link that is still good leads to."""

    change: EmailChange
    side: Side


def pending(user: User, *, now: datetime) -> EmailChange | None:
    """Return the change that this learner has asked for and that can still be confirmed."""
    return EmailChange.objects.filter(owner=user, expires_at__gt=now).first()


def request(*, user: User, new_email: str, base_url: str, now: datetime) -> EmailChange:
    """Ask both addresses, by way of the worker; the links of an earlier request are void.

    Does and takes the same whether or not the new address has an account. `base_url` has no slash
    at its end.
    """
    with transaction.atomic():
        EmailChange.objects.filter(owner=user).delete()
        change = EmailChange.objects.create(
            owner=user,
            old_email=user.email,
            new_email=new_email,
            created_at=now,
            expires_at=now + email_tokens.LASTS,
        )
        for side in Side:
            tasks.send_email_change.defer(
                change_id=str(change.id), side=side.value, base_url=base_url
            )
    return change


def cancel(*, user: User) -> None:
    EmailChange.objects.filter(owner=user).delete()


def open_link(token: str, *, now: datetime) -> Link | None:
    """Return what a link leads to; None if it is stale or not ours. One SQL query."""
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
    """Note that one side agrees, and change the address once both do. Safe to do twice."""
    try:
        with transaction.atomic():
            return _confirm(token, base_url=base_url, now=now)
    except IntegrityError:
        # The address was free when it was asked for, and is not any more.
        link = open_link(token, now=now)
        if link is not None:
            link.change.delete()
        return State.TAKEN


def _confirm(token: str, *, base_url: str, now: datetime) -> State:
    link = open_link(token, now=now)
    if link is None:
        return State.STALE
    # Two links clicked at once take turns, and the second sees what the first did.
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
