"""What the answers of this process show to whoever watches."""

from collections.abc import Iterator

from chat.answers import generation
from memoryloop.watching.gauges import Gauge, Reading, register_of_process

ANSWERS = Gauge("answers_in_progress", "Answers that this process is writing.")


def register() -> None:
    register_of_process(read, ANSWERS)


def read() -> Iterator[Reading]:
    yield Reading(ANSWERS, generation.live_count())
