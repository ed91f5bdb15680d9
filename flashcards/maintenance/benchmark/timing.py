"""Timings: the median, the 99th percentile and the processor time of each operation."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

Report = Callable[[str], None]


@dataclass(frozen=True)
class Figure:
    """One operation: how often it ran, and how many milliseconds it took."""

    n: int
    median_ms: float
    p99_ms: float
    # Processor time of all threads of this process, which other processes do not affect.
    processor_ms: float


@dataclass(frozen=True)
class Span:
    """Elapsed seconds, and the processor seconds of this process."""

    seconds: float
    processor: float

    @classmethod
    def now(cls) -> Self:
        """Return the start of a span, for `since`."""
        return cls(time.perf_counter(), time.process_time())

    def since(self, begun: Self) -> "Span":
        return Span(self.seconds - begun.seconds, self.processor - begun.processor)


class Timings:
    """The figures of a run; each is reported at once."""

    def __init__(self, report: Report) -> None:
        self.figures: dict[str, Figure] = {}
        self._report = report

    def time(self, name: str, n: int, operation: Callable[[int], object]) -> None:
        """Time an operation that gets the number of its run."""
        spans = []
        for number in range(n):
            begun = Span.now()
            operation(number)
            spans.append(Span.now().since(begun))
        self.record(name, spans)

    def record(self, name: str, spans: Sequence[Span]) -> None:
        seconds = sorted(span.seconds for span in spans)
        processor = sorted(span.processor for span in spans)
        middle, last = len(spans) // 2, min(int(len(spans) * 0.99), len(spans) - 1)
        figure = Figure(
            n=len(spans),
            median_ms=round(1000 * seconds[middle], 3),
            p99_ms=round(1000 * seconds[last], 3),
            processor_ms=round(1000 * processor[middle], 3),
        )
        self.figures[name] = figure
        self._report(
            f"{name:<22} {figure.median_ms:9.2f} ms   p99 {figure.p99_ms:9.2f} ms"
            f"   processor {figure.processor_ms:9.2f} ms"
        )

    def ratio(self, one: str, other: str) -> float:
        """Return how many times as long the median of one operation takes."""
        return self.figures[one].median_ms / self.figures[other].median_ms

    def as_json(self) -> dict[str, dict[str, float]]:
        return {name: dataclasses.asdict(figure) for name, figure in self.figures.items()}
