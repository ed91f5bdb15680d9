"""The card store's part of GET /healthz."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from flashcards import store
from flashcards.models import BackupStatus
from flashcards.store import OtherSchema, OtherStore, StoreError
from memoryloop.server.health import FailingError

# One failed night is tried again each hour, and is no reason to take a web server out of service.
_BACKUPS_MAY_FAIL_FOR = timedelta(days=1)


def check_card_store() -> None:
    """Raise FailingError unless cards and reviews can be read, as PostgreSQL recorded them."""
    try:
        store.check_readable()
    except OtherSchema as error:
        raise FailingError(str(error)) from error
    except OtherStore as error:
        raise FailingError(
            "the card store is not the one that was recorded; what was saved is kept: "
            "run check_store, and see docs/backup.md"
        ) from error
    except StoreError as error:
        raise FailingError("the card store cannot be read; what was saved is kept") from error


def count_pending() -> int:
    """Return how many changes wait for the next checkpoint."""
    return store.count_pending()


def check_backup() -> str:
    """Return how the scheduled backups go. Raises FailingError once they have failed for a day."""
    if not settings.BACKUPS_SCHEDULED:
        return "off"
    status = BackupStatus.objects.filter(id=1).first()
    if status is None or (status.made_at is None and status.failing_since is None):
        return "none yet"
    if status.failing_since is None:
        return "ok"
    since = f"failed since {status.failing_since:%Y-%m-%d %H:%M} UTC"
    if status.failing_since < timezone.now() - _BACKUPS_MAY_FAIL_FOR:
        # The reason may name a folder or a bucket: administrators see it in the admin.
        raise FailingError(since)
    return since
