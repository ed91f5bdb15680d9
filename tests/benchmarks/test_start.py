"""How long a person waits from `manage.py serve` until all is healthy."""

from pathlib import Path

from tests.live import LiveMemoryLoop

FIRST_SECONDS = 30.0
SECOND_SECONDS = 5.0


def test_the_first_and_the_second_start(tmp_path: Path) -> None:
    seconds = []
    for _ in range(2):
        with LiveMemoryLoop(data=tmp_path / "data") as live:
            seconds.append(live.started_in_seconds)
    print(f"\nfirst start {seconds[0]:.1f} s, second start {seconds[1]:.1f} s")  # noqa: T201
    assert seconds[0] < FIRST_SECONDS
    assert seconds[1] < SECOND_SECONDS
