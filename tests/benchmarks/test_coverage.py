"""Coverage: `make bench` prints which cards are taken for saying an idea."""

import json
import subprocess
import sys


def test_cards_that_say_an_idea_are_told_from_others_on_its_topic() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.coverage"]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    sys.stdout.write(finished.stdout)
    figures = json.loads(finished.stdout)
    assert figures["found"] >= 0.9 * figures["ideas"]
    assert figures["wrongly_found"] == 0
