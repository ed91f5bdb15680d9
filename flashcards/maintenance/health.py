"""The card store's part of GET /healthz."""

from flashcards.models import JournalEntry
from flashcards.store import OtherSchema, StoreError, check_readable
from memoryloop.server.health import FailingError


def check_lancedb() -> None:
    """Raise FailingError unless LanceDB can be read at the versions PostgreSQL recorded."""
    try:
        check_readable()
    except OtherSchema as error:
        raise FailingError(str(error)) from error
    except StoreError as error:
        raise FailingError("the card store cannot be read; reviews are still kept") from error


def count_pending() -> int:
    """Return how many changes wait for the next checkpoint."""
    return JournalEntry.objects.count()
