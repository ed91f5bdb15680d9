"""A year of ten thousand cards, simulated: `make bench` prints what it takes."""

import json
import subprocess
import sys


def test_a_year_of_ten_thousand_cards_is_simulated_in_three_seconds() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.simulator"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    sys.stdout.write(finished.stdout)
    assert json.loads(finished.stdout)["one_run_s"]["wall"] <= 3
