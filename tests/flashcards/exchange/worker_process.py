"""The background worker for tests that kill it: slices are short, and its death is soon noticed.

python -m tests.flashcards.exchange.worker_process
"""

from unittest import mock

import django

# Of imports, so that small packages take several steps and slices.
CHUNK_NOTES = 40
SLICE_SECONDS = 0.2


def main() -> None:
    django.setup()
    from django.core.management import call_command

    from flashcards.exchange.anki import collection
    from flashcards.exchange.text import reader
    from memoryloop.server import job_slots, queues

    queues.SLICE_SECONDS = SLICE_SECONDS
    for module in (collection, reader):
        mock.patch.object(module, "CHUNK_NOTES", CHUNK_NOTES).start()
    job_slots.HEARTBEAT_SECONDS, job_slots.DEAD_SECONDS = 0.2, 1.0
    job_slots.TAKE_OVER_SECONDS = 0.2
    call_command("worker")


if __name__ == "__main__":
    main()
