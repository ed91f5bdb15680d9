"""Waiting: when a provider takes questions again, read from the headers of its refusal."""

import email.utils
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

_WEEK_SECONDS = 7 * 24 * 3600
# "6m0s", "1h2m3.5s", "120ms", as OpenAI and Groq write it.
_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:([\d.]+)s)?(?:([\d.]+)ms)?")
# Anthropic: "anthropic-ratelimit-input-tokens-reset". OpenAI: "x-ratelimit-reset-tokens".
_RESET = re.compile(
    r"(?:anthropic|x)-ratelimit-(?:(?P<first>[\w-]+)-reset|reset(?:-(?P<last>[\w-]+))?)"
)
# Numbers above this are a time since 1970, and above the second in milliseconds.
_EPOCH_SECONDS, _EPOCH_MILLISECONDS = 1e9, 1e12


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a provider asks to wait; None for nonsense and for past times.

    `retry-after` counts before the times at which the limits are reset.
    """
    named = {name.lower(): value.strip() for name, value in headers.items()}
    if "retry-after-ms" in named:
        return _within_reason(_seconds(f"{named['retry-after-ms']}ms"))
    if "retry-after" in named:
        return _within_reason(_seconds(named["retry-after"]))
    limits = list(_limits(named))
    # What is used up counts. Where it is not said which limit that is, all are waited for.
    used_up = [seconds for seconds, remaining in limits if remaining == "0"]
    return max(used_up or [seconds for seconds, _ in limits], default=None)


def duration(seconds: float) -> str:
    """Return a duration in words ("5 minutes")."""
    count, unit = (round(seconds), "second") if seconds < 90 else (round(seconds / 60), "minute")
    if count >= 90 and unit == "minute":
        count, unit = round(count / 60), "hour"
    count = max(count, 1)
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _limits(headers: Mapping[str, str]) -> Iterator[tuple[float, str]]:
    """Yield for each limit the seconds until it is reset, and what is left of it ("" if unsaid)."""
    for name, value in headers.items():
        found = _RESET.fullmatch(name)
        seconds = _within_reason(_seconds(value)) if found else None
        if found is None or seconds is None:
            continue
        maker = name.partition("-ratelimit-")[0]
        if found["first"]:
            remaining = f"{maker}-ratelimit-{found['first']}-remaining"
        else:
            remaining = "-".join(filter(None, (f"{maker}-ratelimit-remaining", found["last"])))
        yield seconds, headers.get(remaining, "")


def _within_reason(seconds: float | None) -> float | None:
    return seconds if seconds is not None and 0 < seconds < _WEEK_SECONDS else None


def _seconds(said: str) -> float | None:
    """Return the seconds that a header's value stands for, whichever way it is written."""
    try:
        number = float(said)
    except ValueError:
        pass
    else:
        if number < _EPOCH_SECONDS:
            return number
        since_1970 = number / 1000 if number > _EPOCH_MILLISECONDS else number
        return since_1970 - datetime.now(UTC).timestamp()
    parts = _DURATION.fullmatch(said)
    try:
        if parts and said:
            hours, minutes, seconds, milliseconds = (float(part or 0) for part in parts.groups())
            return hours * 3600 + minutes * 60 + seconds + milliseconds / 1000
        then = _time(said)
    except ValueError:
        return None
    # A date in "-0000" (UTC without a place) is parsed as naive.
    return (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _time(said: str) -> datetime:
    """Return a time in RFC 3339 or as HTTP writes it. Raises ValueError."""
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        return email.utils.parsedate_to_datetime(said)
