"""Measure how a MemoryLoop of several processes grows with its learners.

    .venv/bin/python -m tests.benchmarks.scaling [--store local|s3|postgresql]
        [--learners 30,60] [--seconds 30] [--webs 4] [--workers 2]

A learner has 1,000 cards and 5,000 reviews. A store of its own (LanceDB in a folder or in a bucket
of moto's server, or PostgreSQL) grows to each number of learners in turn, and each time a line of
JSON is printed: what filling, checkpoints, `optimize` and each index took, with their memory; then,
with so many web processes and workers, what learners wait for whom no process knows yet, how many
ratings a second the web processes take from 100 learners who each ask all of them in turn, the
memory of the processes, the requests to the bucket, and whether a review was lost or doubled. The
client runs on the same machine. docs/scaling.md has the figures; `scaling_model` fits them.
"""

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import filled
from tests.benchmarks.deployment import Browser, Reviewer, installation, session_of, usage
from tests.benchmarks.scaling_care import BUCKET_LOG, REQUEST
from tests.flashcards.store.buckets import BUCKET, s3_server
from tests.live import free_port

COLD, BUSY = 20, 100
START_SECONDS = 120


def main() -> int:
    parser = filled.arguments(__doc__, seconds=30, webs=4, workers=2)
    parser.add_argument("--store", choices=("local", "s3", "postgresql"), default="local")
    parser.add_argument("--learners", default="30,60")
    options = parser.parse_args()
    failed = False
    with contextlib.ExitStack() as stack:
        requests = stack.enter_context(_store(options.store))
        stack.enter_context(installation())
        from tests.flashcards.store.processes import database_url

        environment = {**os.environ, "DATABASE_URL": database_url(), "DATABASE_POOL": "8"}
        _run(environment, "manage.py", "collectstatic", "--no-input", "--verbosity=0")
        for learners in map(int, options.learners.split(",")):
            result = _measure(learners, environment, requests, options)
            faults = result["load"]["lost"], result["load"]["doubled"], result["findings"]
            failed = failed or any(faults)
            sys.stdout.write(json.dumps(result) + "\n")
            sys.stdout.flush()
    return 1 if failed else 0


class Requests:
    """The requests to the bucket, counted by their method in the log of its server."""

    def __init__(self, log: Path | None) -> None:
        self._log = log
        self._at = 0

    def since(self) -> dict[str, int]:
        """Return how many there were since this was asked last."""
        if self._log is None:
            return {}
        with self._log.open() as log:
            log.seek(self._at)
            text = log.read()
            self._at = log.tell()
        return dict(Counter(REQUEST.findall(text)))


@contextlib.contextmanager
def _store(kind: str) -> Iterator[Requests]:
    if kind == "postgresql":
        os.environ["CARD_STORE"] = kind
    if kind != "s3":
        yield Requests(None)
        return
    with tempfile.TemporaryDirectory(prefix="memoryloop-scaling-") as folder:
        log = Path(folder) / "bucket.log"
        with s3_server(log) as environment:
            os.environ.update(environment, LANCEDB_URI=f"s3://{BUCKET}/scaling")
            os.environ[BUCKET_LOG] = str(log)
            yield Requests(log)


def _tell(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")


def _run(environment: dict[str, str], *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def _step(environment: dict[str, str], requests: Requests, *step: str) -> dict[str, Any]:
    requests.since()
    _tell(" ".join(step))
    printed = _run(environment, "-m", "tests.benchmarks.scaling_care", *step)
    result: dict[str, Any] = json.loads(printed.splitlines()[-1])
    result["requests"] = requests.since()
    return result


def _measure(
    learners: int, environment: dict[str, str], requests: Requests, options: argparse.Namespace
) -> dict[str, Any]:
    from flashcards import store
    from flashcards.maintenance import check

    result: dict[str, Any] = {"store": options.store, "learners": learners}
    result["fill"] = _step(environment, requests, "fill", str(learners))
    result["care"] = _step(environment, requests, "care")
    with _deployment(environment, options) as (ports, webs, workers):
        _tell(f"{learners} learners are served")
        result["idle"] = {"web_mb": _memory(webs), "worker_mb": _memory(workers)}
        requests.since()
        result["cold"] = asyncio.run(_cold(ports, _sessions(0, COLD)))
        result["cold"]["requests"] = requests.since()
        _tell("learners rate as fast as they can")
        before = _stored_reviews()
        requests.since()
        web_before, worker_before = _seconds_of(webs), _seconds_of(workers)
        load, taken = asyncio.run(_load(ports, _sessions(-BUSY, None), options.seconds))
        each = 1_000 / max(len(taken), 1)
        load["web_processor_ms"] = round((_seconds_of(webs) - web_before) * each, 2)
        load["worker_processor_ms"] = round((_seconds_of(workers) - worker_before) * each, 2)
        load["requests"] = requests.since()
        load["web_mb"], load["worker_mb"] = _memory(webs), _memory(workers)
    store.clear_cache()
    written = _stored_reviews() - before
    # Each that was acknowledged is stored, and each that is stored is so once.
    load["lost"] = len(set(taken) - written.keys())
    load["doubled"] = written.total() - len(written)
    result["load"] = load
    _tell("the store is checked")
    begun = time.perf_counter()
    report = check.check()
    result["findings"] = len(report.findings)
    result["check_s"] = time.perf_counter() - begun
    return result


def _sessions(begin: int, end: int | None) -> list[str]:
    from accounts.models import User

    users = list(User.objects.filter(email__startswith="scale").order_by("date_joined"))
    return [session_of(user) for user in users[begin:end]]


def _stored_reviews() -> Counter[str]:
    """Return how often each review of all learners is stored; none waits for a checkpoint then."""
    from flashcards import store
    from flashcards.store import review_logs

    store.checkpoint_all()
    store.clear_cache()
    return Counter(review_logs.all_owners().columns("id")["id"].tolist())


@contextlib.contextmanager
def _deployment(
    environment: dict[str, str], options: argparse.Namespace
) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Yield the ports of web processes, and the process ids of these and of the workers."""
    ports = [free_port() for _ in range(options.webs)]
    # Longer than a learner pauses here: who is told that a connection ended asks again, as
    # browsers do, which would be measured with it.
    serving = ["-m", "uvicorn", "memoryloop.asgi:application", "--timeout-keep-alive=300"]
    commands = [[*serving, f"--port={port}", "--log-level=warning"] for port in ports]
    commands += [["manage.py", "worker"]] * options.workers
    processes = [
        subprocess.Popen([sys.executable, *command], env=environment) for command in commands
    ]
    try:
        for port in ports:
            _wait_for(port)
        ids = [process.pid for process in processes]
        yield ports, ids[: options.webs], ids[options.webs :]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait()


def _wait_for(port: int) -> None:
    import http.client

    deadline = time.monotonic() + START_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        connection.close()
        if time.monotonic() > deadline:
            raise SystemExit("A web process did not start.")
        time.sleep(0.2)


def _memory(ids: list[int]) -> int:
    """Return the proportional share of memory of one of these processes, the median, in MB."""
    return round(statistics.median(usage(pid).pss_mb for pid in ids))


def _seconds_of(ids: list[int]) -> float:
    return sum(usage(pid).seconds for pid in ids)


async def _cold(ports: list[int], sessions: list[str]) -> dict[str, Any]:
    """Return what learners wait for whom no process has seen, each in turn: medians in ms."""
    times: dict[str, list[float]] = {}

    async def time_it(name: str, answer: Any) -> None:
        begun = time.perf_counter()
        await answer
        times.setdefault(name, []).append((time.perf_counter() - begun) * 1_000)

    for number, session in enumerate(sessions):
        reviewer = Reviewer(Browser(ports[number % len(ports)], session))
        await time_it("review_page", reviewer.begin())
        await time_it("first_rating", reviewer.rate(3))
        await time_it("second_rating", reviewer.rate(3))
        await time_it("cards_page", reviewer.browser.get("/cards/"))
        await time_it("search", reviewer.browser.get("/cards/?q=banor"))
        await time_it("search_again", reviewer.browser.get("/cards/?q=celan"))
        reviewer.browser.close()
    return {name: round(statistics.median(each), 1) for name, each in times.items()}


async def _load(
    ports: list[int], sessions: list[str], seconds: int
) -> tuple[dict[str, Any], list[str]]:
    """Have learners rate as fast as they are answered, each in turn at every web process."""
    taken: list[str] = []
    times: list[float] = []
    errors: list[str] = []

    async def begin(session: str) -> tuple[Reviewer, list[Browser]]:
        browsers = [Browser(port, session) for port in ports]
        reviewer = Reviewer(browsers[0])
        for browser in browsers:
            reviewer.browser = browser
            await reviewer.begin()
        return reviewer, browsers

    learners = [await begin(session) for session in sessions]
    begun = time.perf_counter()

    async def review(reviewer: Reviewer, browsers: list[Browser]) -> None:
        turn = 0
        # Until there is nothing left to rate, where learners are few.
        while time.perf_counter() < begun + seconds and reviewer.review_id:
            reviewer.browser = browsers[turn % len(browsers)]
            turn += 1
            asked, review_id = time.perf_counter(), reviewer.review_id
            try:
                await reviewer.rate(3)
            except OSError as error:
                errors.append(str(error))
                return
            times.append((time.perf_counter() - asked) * 1_000)
            taken.append(review_id)

    await asyncio.gather(*(review(*learner) for learner in learners))
    took = time.perf_counter() - begun
    for _, browsers in learners:
        for browser in browsers:
            browser.close()
    return {
        "learners": len(learners),
        "ratings": len(taken),
        "per_second": round(len(taken) / took, 1),
        "median_ms": round(statistics.median(times or [0]), 1),
        "p95_ms": round(statistics.quantiles(times or [0, 0], n=20)[18], 1),
        "errors": len(errors),
        "first_error": next(iter(errors), "")[:200],
    }, taken


if __name__ == "__main__":
    sys.exit(main())
