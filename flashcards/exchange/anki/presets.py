"""Presets of a collection: FSRS's parameters, the desired retention and the other options."""

import contextlib
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flashcards.exchange.anki import preset_options, protobuf
from flashcards.exchange.anki.preset_options import Options
from flashcards.scheduling import anki_values

ANKIS_RETENTION = 0.9
# What Anki and MemoryLoop allow.
_LEAST_RETENTION, _MOST_RETENTION = 0.70, 0.99
# The newest parameters first; in the JSON of the older schema, and in the messages of the newer.
_JSON_PARAMETERS = ("fsrsParams6", "fsrsParams5", "fsrsWeights")
_PARAMETERS = (6, 5, 3)
_RETENTION = 37
# In a deck: the kind, in it the number of the preset and the deck's own retention.
_NORMAL, _PRESET, _OWN_RETENTION = 1, 1, 10


@dataclass(frozen=True)
class Preset:
    id: int
    name: str
    # Of FSRS-6; none for its defaults.
    parameters: tuple[float, ...]
    # None where FSRS is not in use.
    desired_retention: float | None
    options: Options = Options()  # noqa: RUF009 - it is frozen

    @property
    def without_fsrs(self) -> "Preset":
        return replace(self, parameters=(), desired_retention=None)


@dataclass(frozen=True)
class DeckPreset:
    """The preset of a deck, and the desired retention that the deck has."""

    preset: int
    desired_retention: float | None = None


def from_json(options: Mapping[str, Any]) -> Iterator[Preset]:
    """Yield the presets of the older schema."""
    for key, each in options.items():
        if not isinstance(each, dict):
            continue
        given: Any = next((each[name] for name in _JSON_PARAMETERS if each.get(name)), [])
        with contextlib.suppress(ValueError, TypeError):
            yield Preset(
                int(each.get("id", key)),
                str(each.get("name", "")),
                _parameters(given),
                _retention(each.get("desiredRetention")) or ANKIS_RETENTION,
                preset_options.from_json(each),
            )


def from_message(number: int, name: str, data: bytes) -> Preset:
    """Return a preset of the newer schema. Raises BadMessage."""
    values = dict.fromkeys(_PARAMETERS, b"")
    for field, value in protobuf.fields(data):
        if field in values and isinstance(value, bytes):
            # Packed into one value, or one value each.
            values[field] += value
    given = next((values[field] for field in _PARAMETERS if values[field]), b"")
    floats = struct.unpack(f"<{len(given) // 4}f", given[: len(given) // 4 * 4])
    retention = _retention(_float(protobuf.first(data, _RETENTION)))
    options = preset_options.from_message(data)
    return Preset(number, name, _parameters(floats), retention or ANKIS_RETENTION, options)


def deck_from_json(deck: Mapping[str, Any]) -> DeckPreset:
    with contextlib.suppress(ValueError, TypeError):
        return DeckPreset(int(deck.get("conf") or 1), _retention(deck.get("desiredRetention")))
    return DeckPreset(1)


def deck_from_message(kind: bytes) -> DeckPreset:
    """Return the preset of a deck of the newer schema. Raises BadMessage."""
    normal = protobuf.first(kind, _NORMAL)
    if not isinstance(normal, bytes):
        return DeckPreset(1)
    retention = _retention(_float(protobuf.first(normal, _OWN_RETENTION)))
    return DeckPreset(protobuf.number(normal, _PRESET) or 1, retention)


def _parameters(given: Any) -> tuple[float, ...]:
    try:
        found = anki_values.from_preset(given) or ()
    except (ValueError, TypeError, OverflowError):
        return ()
    # The newer schema holds them with the precision of 32 bits.
    return tuple(round(value, 6) for value in found)


def _retention(value: Any) -> float | None:
    """Return a retention that can be set here; None for none."""
    try:
        number = float(value)
    except (ValueError, TypeError, OverflowError):
        return None
    # A deck's own is in percent in the older schema.
    number = number / 100 if number > 1 else number
    if not math.isfinite(number) or number <= 0:
        return None
    # Anki stores it with the precision of a float of 32 bits.
    return round(min(max(number, _LEAST_RETENTION), _MOST_RETENTION), 4)


def _float(value: protobuf.Value | None) -> float | None:
    if isinstance(value, bytes) and len(value) == 4:
        number: float = struct.unpack("<f", value)[0]
        return number
    return None
