"""Fit a + b * n to what `scaling` measured, and print what that gives for ten million cards.

    .venv/bin/python -m tests.benchmarks.scaling_model FILE [FILE…]

The files hold its lines of JSON. Of each figure: what was measured at each size, a, b for a million
cards, and the extrapolation. With two sizes the fit goes through both of them; what the figure does
beyond the largest is a guess, which docs/scaling.md discusses.

Checkpoints grow with their entries, of which each size of the store had others: their figures are
fitted over the entries, at each size by itself.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.scaling_fill import CARDS_EACH

CARDS = 10_000_000
# Of a minute of the busiest hour with ten million cards: docs/scaling.md.
ENTRIES = 840


@dataclass(frozen=True)
class Fit:
    """A figure at some sizes, as a + b * n."""

    name: str
    # n and the figure, by n.
    points: tuple[tuple[float, float], ...]
    a: float
    b: float

    def at(self, number: float) -> float:
        return self.a + self.b * number


def main() -> int:
    lines = [
        json.loads(line)
        for name in sys.argv[1:]
        for line in Path(name).read_text().split("\n")
        if line.startswith("{")
    ]
    for store in sorted({line["store"] for line in lines}):
        of_store = [line for line in lines if line["store"] == store]
        sys.stdout.write(f"\n{store}, b for a million cards\n")
        for fit in by_cards(of_store):
            _print(fit, 1e6, f"at 10 million {fit.at(CARDS):>12,.5g}")
        sys.stdout.write(f"\n{store}, checkpoints, b for a thousand entries\n")
        for fit in by_entries(of_store):
            _print(fit, 1e3, f"of {ENTRIES} {fit.at(ENTRIES):>12,.5g}")
    return 0


def by_cards(lines: list[dict[str, Any]]) -> Iterator[Fit]:
    """Yield the figures of a store that were measured at two sizes or more."""
    measured: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        _, others = _parted(line)
        for name, value in _figures(others):
            measured.setdefault(name, []).append((line["learners"] * CARDS_EACH, value))
    yield from _fits(measured)


def by_entries(lines: list[dict[str, Any]]) -> Iterator[Fit]:
    """Yield the figures of checkpoints at each size, over how many entries they moved."""
    measured: dict[str, list[tuple[float, float]]] = {}
    for line in sorted(lines, key=lambda line: line["learners"]):
        checkpoints, _ = _parted(line)
        for entries, taken in checkpoints.items():
            for name, value in _figures(taken):
                named = f"{name} with {line['learners'] * CARDS_EACH:,} cards"
                measured.setdefault(named, []).append((float(entries), value))
    yield from _fits(measured)


def _fits(measured: dict[str, list[tuple[float, float]]]) -> Iterator[Fit]:
    import numpy as np

    for name, points in measured.items():
        if len({size for size, _ in points}) < 2:
            continue
        sizes, values = zip(*sorted(points), strict=True)
        b, a = np.polyfit(sizes, values, 1)
        yield Fit(name, tuple(sorted(points)), float(a), float(b))


def _parted(line: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the checkpoints of a result by their entries, and the result without them."""
    care = dict(line.get("care", {}))
    checkpoints = care.pop("checkpoints", {})
    return checkpoints, {**line, "care": care}


def _figures(found: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers in a result by their path."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _figures(value, f"{name}.{key}" if name else key)
    elif isinstance(found, int | float):
        yield name, float(found)


def _print(fit: Fit, unit: float, extrapolated: str) -> None:
    shown = " ".join(f"{value:>10,.4g}" for _, value in fit.points)
    sys.stdout.write(
        f"{fit.name:<44} {shown}   a {fit.a:>10,.4g}   b {fit.b * unit:>10,.4g}   {extrapolated}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
