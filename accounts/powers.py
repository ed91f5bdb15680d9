"""Powers: what of another person's account a member of staff may change in the admin."""

from django.contrib.auth.models import Permission
from django.db.models import Q

from accounts.models import User


def reaches(staff: User, other: User) -> bool:
    """Tell whether the first may do all that the second may, as far as permissions say.

    Whoever changes an account can log in to it: by a new password, or by a new address that a
    reset is mailed to. So nobody changes an account that may do more than they may. What an
    inactive account was given counts, too: it can be made active. At most two SQL queries.
    """
    if staff.is_superuser or staff.pk == other.pk:
        return True
    return not other.is_superuser and _permissions(other) <= _permissions(staff)


def _permissions(user: User) -> set[int]:
    given = Permission.objects.filter(Q(user=user) | Q(group__user=user))
    return set(given.values_list("pk", flat=True))
