"""A server of S3's protocol on loopback, with an empty bucket, in a process of its own."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

from django.test import override_settings

from tests import forks
from tests.flashcards.store.processes import forget
from tests.live import free_port

_START_SECONDS = 60.0
BUCKET = "cards"


@contextlib.contextmanager
def s3_server(log: Path = Path(os.devnull)) -> Iterator[dict[str, str]]:
    """Give the environment with which MemoryLoop finds the bucket.

    The log gets a line for each request.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with (
        log.open("ab") as lines,
        subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=lines,
        ) as server,
    ):
        try:
            _make_bucket(f"{url}/{BUCKET}", server)
            yield {
                "LANCEDB_URI": f"s3://{BUCKET}/memoryloop",
                "AWS_ENDPOINT_URL": url,
                "AWS_ACCESS_KEY_ID": "an-id",
                "AWS_SECRET_ACCESS_KEY": "a-secret",
                "AWS_REGION": "us-east-1",
            }
        finally:
            server.kill()


def _make_bucket(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        request = urllib.request.Request(url, method="PUT")
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except URLError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def storage_options(environment: dict[str, str]) -> dict[str, str]:
    """Return what settings.py makes of an environment, read in a process of its own."""
    process = forks.start(
        [
            "-c",
            "import json; from memoryloop import settings;"
            "print(json.dumps([settings.LANCEDB_STORAGE_OPTIONS, settings.LANCEDB_CLOUD]))",
        ],
        {**os.environ, "DATABASE_URL": "postgresql://u@/d", **environment},
    )
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    options, cloud = json.loads(printed)
    return {**options, **{f"cloud.{name}": value for name, value in cloud.items()}}


@contextlib.contextmanager
def lancedb_in_bucket(server: dict[str, str]) -> Iterator[dict[str, str]]:
    """Have this process keep its LanceDB in an empty place of the bucket; give its environment."""
    bucket = {**server, "LANCEDB_URI": f"s3://{BUCKET}/{uuid.uuid4().hex}"}
    options = storage_options(bucket)
    with override_settings(LANCEDB_URI=bucket["LANCEDB_URI"], LANCEDB_STORAGE_OPTIONS=options):
        forget()
        try:
            yield bucket
        finally:
            forget()
