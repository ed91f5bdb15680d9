"""By default nobody watches: nothing is loaded, recorded or connected to."""

import json
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpResponse
from django.test import Client, TestCase, override_settings

from memoryloop.watching import gauges, measures, prometheus, spans, telemetry
from memoryloop.web.watching import MetricsMiddleware, WatchMiddleware
from tests.live import REPOSITORY, environment

# Starts a web process as an ASGI server does, and says what it has loaded and connected to.
START = """
import json, sys
connected = []
def hook(event, arguments):
    if event == "socket.connect":
        connected.append(repr(arguments[1]))
    if event == "socket.getaddrinfo":
        connected.append(repr(arguments[0]))
sys.addaudithook(hook)
from memoryloop import asgi
from memoryloop.watching import telemetry
begun = telemetry.begin("web")
loaded = [name for name in ("prometheus_client", "opentelemetry.sdk") if name in sys.modules]
print(json.dumps({"begun": begun, "loaded": loaded, "connected": connected}))
"""


def start(data: Path, **variables: str) -> tuple[dict[str, object], str]:
    done = subprocess.run(
        [sys.executable, "-c", START],
        env={**environment(data, variables), "PYTHONPATH": str(REPOSITORY)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found, done.stderr


def test_nothing_is_loaded(tmp_path: Path) -> None:
    found, _ = start(tmp_path)
    assert found == {"begun": False, "loaded": [], "connected": []}


def test_nothing_is_connected_to_before_there_is_something_to_send(tmp_path: Path) -> None:
    found, _ = start(
        tmp_path,
        OTEL_EXPORTER_OTLP_ENDPOINT="http://collector.example:4318",
        MEMORYLOOP_METRICS="on",
    )
    assert found == {
        "begun": True,
        "loaded": ["prometheus_client", "opentelemetry.sdk"],
        "connected": [],
    }
    token = tmp_path / "secrets" / "metrics-token"
    assert len(token.read_text().strip()) >= 40
    assert token.stat().st_mode & 0o777 == 0o600


def test_a_token_that_could_be_guessed_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        start(tmp_path, MEMORYLOOP_METRICS="secret")
    assert "MEMORYLOOP_METRICS must be off, on, or a token of 16 or more" in failed.value.stderr


class PageTests(TestCase):
    def test_there_is_no_page(self) -> None:
        with self.assertLogs("django.request"):
            response = self.client.get("/metrics", headers={"authorization": "Bearer "})
        self.assertEqual(response.status_code, 404)

    @override_settings(METRICS_TOKEN="a-token-for-the-tests")
    def test_with_a_token_it_needs_neither_a_session_nor_a_known_host(self) -> None:
        # Whoever listens once goes on to.
        self.enterContext(mock.patch.object(measures, "_listeners", []))
        self.addCleanup(prometheus.begin.cache_clear)
        client = Client()
        headers = {"host": "10.1.2.3", "authorization": "Bearer a-token-for-the-tests"}
        response = client.get("/metrics", headers=headers)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response["Cache-Control"], "no-store")
        self.assertIn(b"memoryloop_request_duration_seconds", response.content)
        with self.assertLogs("django.request"):
            self.assertEqual(client.post("/metrics", headers=headers).status_code, 405)


@pytest.mark.parametrize("middleware", [MetricsMiddleware, WatchMiddleware])
def test_requests_pass_no_middleware_of_it(
    middleware: type[MetricsMiddleware | WatchMiddleware],
) -> None:
    with pytest.raises(MiddlewareNotUsed):
        middleware(lambda _: HttpResponse())


def test_a_span_says_only_what_is_allowed() -> None:
    assert spans.dotted({"memoryloop__view": "home"}) == {"memoryloop.view": "home"}
    with pytest.raises(ValueError, match=r"does not say user\.id"):
        spans.dotted({"user__id": "7"})


def test_gauges_of_the_installation_are_read_once_for_all_who_ask(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gauge, read = gauges.Gauge("one", "One."), []

    def count() -> list[gauges.Reading]:
        read.append(1)
        return [gauges.Reading(gauge, len(read))]

    monkeypatch.setattr(gauges, "_of_installation", {(gauge,): count})
    gauges.forget()
    values = [gauges.of_installation()[1].value for _ in range(5)]
    gauges.forget()
    assert values == [1] * 5


def test_gauges_that_cannot_be_read_cost_themselves_alone(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> list[gauges.Reading]:
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr(gauges, "_of_installation", {(): fail})
    gauges.forget()
    assert gauges.of_installation() == [gauges.Reading(gauges.POSTGRESQL_ANSWERS, 0)]
    gauges.forget()
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    ("protocol", "sentence"),
    [("http/protobuf", "install memoryloop[telemetry]"), ("grpc", "speaks http/protobuf")],
)
def test_what_is_missing_for_telemetry_is_said_in_a_sentence(
    protocol: str,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: object,
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    monkeypatch.setattr(settings, "TELEMETRY_TRACES", True)
    monkeypatch.setattr(settings, "TELEMETRY_PROTOCOL", protocol)
    assert telemetry.begin.__wrapped__("web") is False
    assert sentence in caplog.text
