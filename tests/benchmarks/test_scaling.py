"""A deployment of several processes: `make bench` prints how it does with few learners."""

import json
import subprocess
import sys


def test_no_review_is_lost_or_doubled_by_four_web_processes_and_two_workers() -> None:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.scaling",
        "--learners",
        "4",
        "--seconds",
        "5",
    ]
    finished = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1_200)
    sys.stdout.write(finished.stdout)
    figures = json.loads(finished.stdout.splitlines()[-1])
    assert figures["load"]["ratings"] > 0
    assert figures["load"]["errors"] == 0
    assert (figures["load"]["lost"], figures["load"]["doubled"], figures["findings"]) == (0, 0, 0)
