"""Fit a + b * cards to what `scaling` measured, and print what that gives for ten million cards.

    .venv/bin/python -m tests.benchmarks.scaling_model FILE [FILE…]

The files hold its lines of JSON. Of each figure: what was measured at each size, a, b for a million
cards, and the extrapolation. With two sizes the fit goes through both of them; what the figure does
beyond the largest is a guess, which docs/scaling.md discusses.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.scaling_fill import CARDS_EACH

CARDS = 10_000_000


def main() -> int:
    import numpy as np

    lines = [
        json.loads(line)
        for name in sys.argv[1:]
        for line in Path(name).read_text().split("\n")
        if line.startswith("{")
    ]
    for store in sorted({line["store"] for line in lines}):
        measured: dict[str, list[tuple[float, float]]] = {}
        for line in lines:
            if line["store"] == store:
                for name, value in _figures(line):
                    measured.setdefault(name, []).append((line["learners"] * CARDS_EACH, value))
        sys.stdout.write(f"\n{store}\n")
        for name, points in measured.items():
            sizes, values = zip(*sorted(points), strict=True)
            if len(points) < 2:
                continue
            slope, start = np.polyfit(sizes, values, 1)
            shown = " ".join(f"{value:>10,.4g}" for value in values)
            sys.stdout.write(
                f"{name:<44} {shown}   a {start:>10,.4g}   b {slope * 1e6:>10,.4g}"
                f"   at 10 million {start + slope * CARDS:>12,.5g}\n"
            )
    return 0


def _figures(found: Any, name: str = "") -> Iterator[tuple[str, float]]:
    """Yield the numbers in a result by their path."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield from _figures(value, f"{name}.{key}" if name else key)
    elif isinstance(found, int | float):
        yield name, float(found)


if __name__ == "__main__":
    sys.exit(main())
