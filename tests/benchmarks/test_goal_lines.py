"""Coverage of a goal: `make bench` prints which lines are given a card that is about them."""

import json
import subprocess
import sys


def test_lines_are_given_cards_about_them_and_few_others() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.goal_lines"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    sys.stdout.write(finished.stdout)
    figures = json.loads(finished.stdout)
    assert figures["found"] >= 0.5 * figures["lines"]
    assert figures["wrongly_found"] <= 0.05 * figures["lines"]
