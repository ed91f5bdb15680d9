"""The map of cards: `make bench` prints which neighbours it keeps, and what it costs."""

import json
import subprocess
import sys


def test_the_map_keeps_neighbours_and_stays_within_the_workers_memory() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.card_map"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1_200)
    sys.stdout.write(finished.stdout)
    figures = json.loads(finished.stdout)
    assert figures["kept_of_cards"] > 0.6
    assert figures["kept_of_many"] > 0.6
    assert figures["many_peak_mb"] < 700
