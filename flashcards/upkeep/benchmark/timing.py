"""How long operations take: each one's median and 99th percentile."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass

Report = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """One operation: how often it ran, in milliseconds unless its name says otherwise."""

    n: int
    median_ms: float
    p99_ms: float


class Timings:
    """The figures of a run, each reported as it comes."""

    def __init__(self, report: Report) -> None:
        self.figures: dict[str, Figure] = {}
        self._report = report

    def time(self, name: str, n: int, operation: Callable[[int], object]) -> None:
        """Time an operation that gets the number of its run."""
        times = []
        for number in range(n):
            started = time.perf_counter()
            operation(number)
            times.append(time.perf_counter() - started)
        self.record(name, times)

    def record(self, name: str, seconds: list[float]) -> None:
        ordered = sorted(seconds)
        figure = Figure(
            n=len(ordered),
            median_ms=round(1000 * ordered[len(ordered) // 2], 3),
            p99_ms=round(1000 * ordered[min(int(len(ordered) * 0.99), len(ordered) - 1)], 3),
        )
        self.figures[name] = figure
        self._report(f"{name:<22} {figure.median_ms:9.2f} ms   p99 {figure.p99_ms:9.2f} ms")

    def ratio(self, one: str, other: str) -> float:
        """Return how many times as long the median of one operation takes."""
        return self.figures[one].median_ms / self.figures[other].median_ms

    def as_json(self) -> dict[str, dict[str, float]]:
        return {name: dataclasses.asdict(figure) for name, figure in self.figures.items()}
