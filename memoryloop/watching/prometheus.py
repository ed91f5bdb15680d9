"""The page of figures for Prometheus: what this process has measured, and the gauges.

`prometheus_client` is imported only where MEMORYLOOP_METRICS is set.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from memoryloop.watching import gauges, measures

if TYPE_CHECKING:
    from prometheus_client.core import Metric

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_PREFIX = "memoryloop_"


class Figures:
    """The figures of this process, from when it is made."""

    def __init__(self) -> None:
        from prometheus_client import (
            CollectorRegistry,
            Histogram,
            ProcessCollector,
            disable_created_metrics,
        )

        # A line for each histogram and each of its labels that nobody asks for.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        # Not the library's own registry, which any package may add to.
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._histograms: dict[measures.Measure, Histogram] = {
            measure: Histogram(
                _PREFIX + measure.name,
                measure.about,
                measure.labels,
                buckets=measure.bounds,
                registry=self.registry,
            )
            for measure in measures.OF_WEB
        }
        self.registry.register(_Gauges())

    def record(self, measure: measures.Measure, seconds: float, labels: tuple[str, ...]) -> None:
        histogram = self._histograms.get(measure)
        if histogram is not None:
            (histogram.labels(*labels) if labels else histogram).observe(seconds)

    def page(self) -> bytes:
        from prometheus_client import generate_latest

        return generate_latest(self.registry)


class _Gauges:
    """Shows the gauges to prometheus_client, which calls `collect` for each page."""

    def describe(self) -> Iterable["Metric"]:
        return []

    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.core import GaugeMetricFamily

        families = {
            gauge: GaugeMetricFamily(_PREFIX + gauge.name, gauge.about, labels=gauge.labels)
            for gauge in (*gauges.all_of_process(), *gauges.all_of_installation())
        }
        for reading in (*gauges.of_process(), *gauges.of_installation()):
            families[reading.gauge].add_metric(reading.labels, reading.value)
        yield from families.values()


@functools.cache
def begin() -> Figures:
    """Begin to count, once in a process."""
    figures = Figures()
    measures.listen(figures.record)
    return figures
