"""Measure the processor time and memory of importing and exporting an Anki package.

    .venv/bin/python -m tests.benchmarks.exchange_speed [--cards 20000] [--reviews 5]
        [--anki PYTHON] [--profile import|export]

A package with so many cards of so many reviews each is imported and exported as the worker does it,
with the checkpoints but without the embedding, in a database of its own. With `--anki`, which names
the Python of an environment where the package `anki` is installed, Anki does the same with the file
that was exported. Prints one line of JSON: processor seconds, and the most memory that the process
has had by then, in MB.
"""

import argparse
import concurrent.futures
import cProfile
import gc
import json
import multiprocessing
import os
import pstats
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.benchmarks import filled
from tests.benchmarks.deployment import usage

AIM_TIMES_ANKI = 4
# Run by the Python that has Anki: FILE OUT.
_ANKI = """
import json, os, sys, time
from anki.collection import (
    Collection, ExportAnkiPackageOptions, ImportAnkiPackageOptions, ImportAnkiPackageRequest
)
source, folder = sys.argv[1:]
seconds = {}
collection = Collection(os.path.join(folder, "collection.anki2"))
begun = time.process_time()
options = ImportAnkiPackageOptions(with_scheduling=True)
collection.import_anki_package(ImportAnkiPackageRequest(package_path=source, options=options))
seconds["import_s"] = time.process_time() - begun
seconds["cards"] = collection.card_count()
begun = time.process_time()
collection.export_anki_package(
    out_path=os.path.join(folder, "out.apkg"), limit=None,
    options=ExportAnkiPackageOptions(with_scheduling=True, with_media=True, legacy=True),
)
seconds["export_s"] = time.process_time() - begun
print(json.dumps(seconds))
"""
_WORDS = (
    *("cell", "membrane", "protein", "energy", "enzyme", "water", "light", "growth", "plant"),
    *("animal", "tissue", "organ", "blood", "nerve", "signal", "receptor", "hormone", "gene"),
)


def main() -> int:
    parser = filled.arguments(__doc__, cards=20_000, reviews=5)
    parser.add_argument("--anki", default=os.environ.get("ANKI_PYTHON"))
    parser.add_argument("--profile", choices=["import", "export"])
    result = filled.run(_measure, parser.parse_args())
    return 0 if max(result.get("times_anki", {"": 0}).values()) <= AIM_TIMES_ANKI else 1


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.core.files import File
    from django.utils import timezone

    from flashcards import store
    from flashcards.exchange import export_job, import_job, uploads
    from flashcards.exchange.import_choice import Choice
    from flashcards.models import CardExport, CardImport
    from flashcards.store import cards, review_logs
    from memoryloop.management.commands import worker
    from memoryloop.server import free_memory

    # As in the worker (manage.py).
    free_memory.limit()
    gc.freeze()
    gc.set_threshold(*worker.COLLECTING)
    gc.enable()
    # What is loaded at the first use is not counted.
    filled.fill(first := filled.learner("first@example.org"), filled.studied(first, 10, 1))
    user = filled.learner()
    folder = Path(tempfile.mkdtemp(prefix="exchange-"))
    # Another process writes the package, so that its memory is not counted.
    with concurrent.futures.ProcessPoolExecutor(
        1, mp_context=multiprocessing.get_context("spawn")
    ) as writing:
        package = writing.submit(_package, folder, options.cards, options.reviews).result()
    result: dict[str, Any] = {"benchmark": "exchange_speed", "cards": options.cards}
    with package.open("rb") as file:
        upload = File(file, "deck.apkg")
        row = uploads.receive(owner_id=user.pk, upload=upload, now=timezone.now())
    import_job.start(owner_id=user.pk, import_id=row.id, choice=Choice(), now=timezone.now())
    result["before_mb"] = _most_mb()

    def import_() -> None:
        # In slices, as the worker does it.
        while CardImport.objects.get(id=row.id).status == "working":
            import_job.run(import_id=row.id, clock=timezone.now, seconds=3)

    result["import_s"] = _seconds(import_, profiled=options.profile == "import")
    result["import_mb"] = _most_mb()
    result["imported"] = cards.for_owner(user).count()
    result["reviews"] = review_logs.for_owner(user).count()
    # As the worker does after its checkpoints.
    result["optimize_s"] = _seconds(store.optimize_if_due, profiled=False)
    ids = [UUID(card_id) for card_id in cards.for_owner(user).columns("id")["id"]]
    export = CardExport.objects.create(
        owner_id=user.pk,
        format="apkg",
        options={"schedule": True, "media": True},
        card_ids=b"".join(card_id.bytes for card_id in ids),
        total=len(ids),
    )
    result["export_s"] = _seconds(
        lambda: export_job.run(export_id=export.id, clock=timezone.now),
        profiled=options.profile == "export",
    )
    result["export_mb"] = _most_mb()
    free_memory.give_back()
    result["kept_mb"] = round(usage(os.getpid()).rss_mb)
    if options.anki:
        result["anki"] = _with_anki(options.anki, export_job.file_of(export), folder)
        result["times_anki"] = {
            name: round(result[name] / result["anki"][name], 1) for name in ("import_s", "export_s")
        }
    shutil.rmtree(folder)
    return result


def _package(folder: Path, cards: int, reviews: int) -> Path:
    from tests.flashcards.exchange import anki_packages
    from tests.flashcards.exchange.anki_packages import CREATED, Package

    draw = random.Random(1)

    def words(count: int) -> str:
        return " ".join(draw.choices(_WORDS, k=count))

    package = Package()
    number = 0
    while len(package.cards) < cards:
        number += 1
        deck = f"Biology::Chapter {number % 20}"
        # Due after the last review's interval, counted from CREATED.
        due = 10 + 2 * reviews - 1
        values = {"type": 2, "queue": 2, "due": due, "ivl": reviews, "factor": 2300}
        if number % 5 == 0:
            text = f"The {{{{c1::{words(2)}}}}} of the {words(3)} {number} is {words(4)}."
            made = [package.note(anki_packages.CLOZE, text, words(6), tags="chapter::one")]
            ordinals = [0]
        elif number % 5 == 1:
            made = [package.note(anki_packages.REVERSED, f"{words(2)} {number}", words(3))]
            ordinals = [0, 1]
        elif number % 5 == 2:
            front = f"<div>What is the <b>{words(2)}</b> of {words(3)}&nbsp;{number}?</div>"
            back = f"<ul><li>{words(4)}</li><li><i>{words(3)}</i></li></ul><br>{words(5)}"
            made = [package.note(anki_packages.BASIC, front, back, tags="marked chapter::two")]
            ordinals = [0]
        else:
            made = [package.note(anki_packages.BASIC, f"{words(6)} {number}?", words(12))]
            ordinals = [0]
        for ordinal in ordinals:
            card = package.card(made[0], ordinal, deck, **values)
            at = CREATED + timedelta(days=10, milliseconds=len(package.cards))
            for turn in range(reviews):
                when, kind = at + timedelta(days=turn), int(turn > 0)
                package.review(card, when, 3, turn + 1, turn, factor=2300 * kind, kind=kind)
    return package.write(folder / "deck.apkg")


def _with_anki(python: str, package: Path, folder: Path) -> dict[str, float]:
    done = subprocess.run(
        [python, "-c", _ANKI, str(package), str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    known: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return known


def _seconds(operation: Callable[[], object], *, profiled: bool) -> float:
    profiler = cProfile.Profile() if profiled else None
    begun = time.process_time()
    if profiler:
        profiler.runcall(operation)
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(60)
        pstats.Stats(profiler, stream=sys.stderr).sort_stats("cumtime").print_stats(60)
    else:
        operation()
    return round(time.process_time() - begun, 2)


def _most_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
