"""The card store's part of GET /healthz."""

from flashcards import store
from flashcards.store import OtherSchema, OtherStore, StoreError
from memoryloop.server.health import FailingError


def check_lancedb() -> None:
    """Raise FailingError unless LanceDB can be read at the versions PostgreSQL recorded."""
    try:
        store.check_readable()
    except OtherSchema as error:
        raise FailingError(str(error)) from error
    except OtherStore as error:
        raise FailingError(
            "the card store is not the one that was recorded; reviews are still kept: "
            "run check_store, and see docs/backup.md"
        ) from error
    except StoreError as error:
        raise FailingError("the card store cannot be read; reviews are still kept") from error


def count_pending() -> int:
    """Return how many changes wait for the next checkpoint."""
    return store.count_pending()
