"""OpenTelemetry: traces and metrics to a collector, where the environment names one.

The packages are those of `memoryloop[telemetry]`, and are imported only then. Everything else that
OpenTelemetry's variables say (sampling, headers, intervals) its SDK reads by itself. Nothing is
sent before there is something to send.

The providers are not made OpenTelemetry's global ones: other packages (Anthropic's among them)
would then add spans of their own, which may hold what people wrote.
"""

import contextlib
import functools
import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Literal

from django.conf import settings

from memoryloop.watching import gauges, measures, spans

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.trace import Span as OtelSpan

logger = logging.getLogger(__name__)

_NAME = "memoryloop"
_MISSING = (
    "OpenTelemetry’s variables name a collector, but its packages are not installed, so nothing is "
    "sent there: install memoryloop[telemetry] (docs/hosting.md)."
)
_PROTOCOL = (
    "OTEL_EXPORTER_OTLP_PROTOCOL asks for %s, so nothing is sent to the collector: MemoryLoop "
    "speaks http/protobuf, for which collectors listen on port 4318."
)
Role = Literal["web", "worker"]
# So long the end of a process waits for the collector.
_END_SECONDS = 2.0
# Send what there is, and stop.
_endings: list[Callable[[], None]] = []


def are_wanted() -> bool:
    return settings.TELEMETRY_TRACES or settings.TELEMETRY_METRICS


@functools.cache
def begin(role: Role) -> bool:
    """Send traces and metrics from now on, once in a process, if the environment says where.

    Return whether it does. Where something is missing for it, a sentence is logged.
    """
    if not are_wanted():
        return False
    if settings.TELEMETRY_PROTOCOL != "http/protobuf":
        logger.warning(_PROTOCOL, settings.TELEMETRY_PROTOCOL)
        return False
    try:
        resource = _resource(role)
        if settings.TELEMETRY_TRACES:
            _begin_traces(resource)
        if settings.TELEMETRY_METRICS:
            _begin_metrics(resource, role)
    except ImportError:
        logger.warning(_MISSING)
        return False
    return True


def end() -> None:
    """Send what is left, 2 s at most, before the process ends. Not from an exit handler."""
    spans.trace_with(None)
    threads = [threading.Thread(target=each, daemon=True) for each in _endings]
    _endings.clear()
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + _END_SECONDS
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))


def _resource(role: Role) -> "Resource":
    from opentelemetry.sdk.resources import Resource

    told = Resource.create({"service.instance.id": str(uuid.uuid4()), "memoryloop.role": role})
    if str(told.attributes.get("service.name", "")).startswith("unknown_service"):
        return told.merge(Resource({"service.name": _NAME}))
    return told


def _begin_traces(resource: "Resource") -> None:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.propagate import set_global_textmap
    from opentelemetry.propagators.composite import CompositePropagator
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    # At exit the SDK would wait half a minute for a collector that does not answer: see `end`.
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _endings.append(provider.shutdown)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer(_NAME)
    # Anthropic's SDK would send the trace's id along with each question.
    set_global_textmap(CompositePropagator([]))

    @contextlib.contextmanager
    def trace(name: str) -> Iterator[spans.Span]:
        # An error's message and traceback may hold what somebody wrote.
        with tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as made:
            span = _Span(made)
            try:
                yield span
            except BaseException as error:
                span.fail(type(error).__name__)
                raise

    spans.trace_with(trace)


class _Span:
    def __init__(self, span: "OtelSpan") -> None:
        self._span = span

    def say(self, **attributes: spans.Value) -> None:
        self._span.set_attributes(spans.dotted(attributes))

    def fail(self, error_type: str) -> None:
        from opentelemetry.trace import StatusCode

        self._span.set_status(StatusCode.ERROR)
        self.say(error__type=error_type)


def _begin_metrics(resource: "Resource", role: Role) -> None:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader

    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    _endings.append(provider.shutdown)
    meter = provider.get_meter(_NAME)
    histograms = {
        measure: meter.create_histogram(
            f"{_NAME}.{measure.name}",
            unit="s",
            description=measure.about,
            explicit_bucket_boundaries_advisory=measure.bounds,
        )
        for measure in measures.ALL
    }

    def record(measure: measures.Measure, seconds: float, labels: tuple[str, ...]) -> None:
        histograms[measure].record(seconds, dict(zip(measure.labels, labels, strict=True)))

    measures.listen(record)
    shown = [(gauge, gauges.of_process) for gauge in gauges.all_of_process()]
    if role == "worker":
        # Web processes would all send the same.
        shown += [(gauge, gauges.of_installation) for gauge in gauges.all_of_installation()]
    for gauge, read in shown:
        meter.create_observable_gauge(
            f"{_NAME}.{gauge.name}", [_observe(gauge, read)], description=gauge.about
        )


def _observe(
    gauge: gauges.Gauge, read: Callable[[], list[gauges.Reading]]
) -> "Callable[[CallbackOptions], Iterable[Observation]]":
    from opentelemetry.metrics import Observation

    def observe(_: "CallbackOptions") -> "Iterable[Observation]":
        return [
            Observation(reading.value, dict(zip(gauge.labels, reading.labels, strict=True)))
            for reading in read()
            if reading.gauge == gauge
        ]

    return observe
