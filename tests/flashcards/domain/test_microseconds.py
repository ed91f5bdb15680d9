"""Times as whole microseconds, and back."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from flashcards.domain.study_day import DAY_MICROS, EPOCH, from_micros, micros

TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis takes naive bounds


@given(TIMES)
def test_a_time_comes_back_to_the_microsecond(time: datetime) -> None:
    assert from_micros(micros(time)) == time
    assert from_micros(micros(time)).tzinfo is UTC


def test_the_zone_of_a_time_makes_no_difference_and_none_is_zero() -> None:
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert micros(noon.astimezone(timezone(timedelta(hours=5)))) == micros(noon)
    assert micros(noon + timedelta(days=1)) == micros(noon) + DAY_MICROS
    assert (micros(None), micros(EPOCH)) == (0, 0)
