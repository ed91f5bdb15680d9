"""The time that our layer adds to the first streamed token: `make bench` prints it."""

import json
import subprocess
import sys


def test_our_layer_adds_little_to_the_first_token() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.first_token"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    sys.stdout.write(finished.stdout)
    figures = json.loads(finished.stdout)
    for provider in figures["first_token_ms"].values():
        assert provider["added"]["median"] <= figures["aim_ms"]
