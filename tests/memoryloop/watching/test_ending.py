"""A collector that never answers does not keep a process from ending; nobody else is told."""

import socket
import subprocess
import sys
from pathlib import Path

from tests.live import REPOSITORY, environment

RUN = """
import django
django.setup()
from opentelemetry.propagate import inject
from memoryloop.watching import measures, spans, telemetry
assert telemetry.begin("worker")
measures.record(measures.CHECKPOINT, 1.0)
try:
    with spans.span("checkpoint"):
        inject(headers := {})
        print(f"sent to others: {headers}")
        raise ValueError("What somebody wrote.")
except ValueError:
    telemetry.end()
print("ended")
"""


def test_it_is_waited_for_two_seconds_and_no_hour(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        variables = {
            "DJANGO_SETTINGS_MODULE": "memoryloop.settings",
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "3600",
        }
        done = subprocess.run(
            [sys.executable, "-c", RUN],
            env=environment(tmp_path, variables),
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
            timeout=240,
        )
        # It was asked.
        silent.settimeout(5)
        silent.accept()[0].close()
    assert done.stdout == "sent to others: {}\nended\n"
