"""Times as whole microseconds since 1970, the form in which the store's arrays hold them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MICROS = timedelta(days=1) // MICROSECOND


def micros(time: datetime | None) -> int:
    """Return an aware time as microseconds since 1970; 0 for None."""
    return (time - EPOCH) // MICROSECOND if time else 0


def from_micros(number: int) -> datetime:
    """Return microseconds since 1970 as an aware time, UTC."""
    return EPOCH + timedelta(microseconds=number)
