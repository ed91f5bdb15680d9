"""Tokens of the links in the mails of a change of address."""

from datetime import timedelta

from django.core import signing

LIFETIME = timedelta(hours=24)
_SALT = "accounts.email-change"


def make(change_id: str, side: str) -> str:
    """Return a signed token that names a change and the side ("old" or "new") it is sent to."""
    return signing.dumps([change_id, side], salt=_SALT)


def read(token: str) -> tuple[str, str] | None:
    """Return the change and the side; None if the token is not signed by us or expired."""
    try:
        change_id, side = signing.loads(token, salt=_SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return None
    return str(change_id), str(side)
