"""Invitations: links that let one person each sign up where sign-up is not open."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from accounts import services
from accounts.models import Invitation, User
from accounts.results import AccountError

LIFETIME = timedelta(days=7)
_SALT = "accounts.invitation"


class StaleInvitation(AccountError):
    pass


def make(*, note: str, created_by: User | None, now: datetime, lifetime: timedelta) -> Invitation:
    """Make an invitation that can be used once, until its lifetime is over."""
    return Invitation.objects.create(
        note=note, created_by=created_by, created_at=now, expires_at=now + lifetime
    )


def link(invitation: Invitation, *, base_url: str) -> str:
    """Return the address to send. `base_url` has no slash at its end."""
    token = signing.dumps(str(invitation.pk), salt=_SALT)
    return f"{base_url}{reverse('accounts:sign_up')}?{urlencode({'invitation': token})}"


def find(token: str, *, now: datetime) -> Invitation | None:
    """Return the invitation of a link if it can be used. One SQL query for a link of ours."""
    try:
        invitation_id = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return Invitation.objects.filter(
        id=invitation_id, expires_at__gt=now, used_at__isnull=True
    ).first()


@sensitive_variables("password")
def sign_up(
    token: str, *, email: str, password: str, name: str, time_zone: str, now: datetime
) -> User:
    """Create a learner and use the invitation up. Raises StaleInvitation or AddressTaken."""
    with transaction.atomic():
        invitation = find(token, now=now)
        # Of two who use one link at once, the second waits here and finds it used.
        taken = invitation and Invitation.objects.filter(
            pk=invitation.pk, used_at__isnull=True
        ).update(used_at=now)
        if not invitation or not taken:
            raise StaleInvitation("This invitation was used already or has expired.")
        user = services.sign_up(email=email, password=password, name=name, time_zone=time_zone)
        Invitation.objects.filter(pk=invitation.pk).update(used_by=user)
    return user
