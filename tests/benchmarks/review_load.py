"""Measure how a whole MemoryLoop stands many learners who review at once, over HTTP.

    .venv/bin/python -m tests.benchmarks.review_load [--learners 200] [--cards 100000]
        [--seconds 60] [--first-step-only] [--folder DIR]

`manage.py serve` with its worker on a data folder of its own, or on one that `bench_store --folder`
has filled; so many learners, who have so many cards in all, rate a card each four seconds over
connections of their own, with sessions and CSRF. Then the pace rises step by step until the 95th
percentile passes 250 ms. Prints one line of JSON: for each pace the ratings, milliseconds from
asking to the last byte of the next card, errors, and the processor time of a rating, which a busy
machine changes little. The client runs on the same machine.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import filled
from tests.benchmarks.deployment import (
    Browser,
    Reviewer,
    installation,
    serving,
    session_of,
    usage,
    worker_of,
)

LEARNERS, CARDS = 200, 100_000
REVIEWS_A_CARD = 3
SECONDS = 60
PACE_SECONDS = 4.0
AIM_MS, MOST_MS = 100, 250
# How much faster each step is than the one before.
FASTER = 1.25


@dataclass
class Step:
    """So many seconds at one pace."""

    pace_seconds: float
    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def p95_ms(self) -> float:
        return statistics.quantiles(self.times, n=20)[18] if len(self.times) > 1 else 0.0


def main() -> int:
    parser = filled.arguments(__doc__, learners=LEARNERS, cards=CARDS, seconds=SECONDS)
    parser.add_argument("--first-step-only", action="store_true")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with installation(options.folder) as data:
        sessions = _known(options.learners) or _fill(options.learners, options.cards)
        with serving(data) as live:
            result = asyncio.run(_drive(live, sessions, options))
        from flashcards.maintenance import check

        report = check.check()
    result["check_store_clean"] = report.is_clean
    result["findings"] = [f"{found.kind}: {found.count}" for found in report.findings]
    sys.stdout.write(json.dumps(result) + "\n")
    first = result["steps"][0]
    return 0 if first["p95_ms"] <= AIM_MS and report.is_clean and not first["errors"] else 1


def _known(learners: int) -> list[str]:
    """Return the sessions of learners who are there already."""
    from accounts.models import User

    users = User.objects.filter(email__startswith="bench").order_by("email")
    return [session_of(user) for user in users[:learners]]


def _fill(learners: int, cards: int) -> list[str]:
    """Store the learners' cards, two in five of them due, and return the learners' sessions."""
    from flashcards.store.maintenance import optimize

    sessions = []
    for number in range(learners):
        user = filled.learner(f"bench{number}@example.org")
        some = filled.studied(user, cards // learners, REVIEWS_A_CARD, due_every=2)
        filled.fill(user, some)
        sessions.append(session_of(user))
    optimize.optimize()
    return sessions


async def _drive(live: Any, sessions: list[str], options: Any) -> dict[str, Any]:
    reviewers = [Reviewer(Browser(live.port, session)) for session in sessions]
    for reviewer in reviewers:
        await reviewer.begin()
    web, worker = live.process.pid, worker_of(live.process.pid)
    steps = []
    pace = PACE_SECONDS
    while True:
        before, behind = usage(web), usage(worker)
        step = await _step(reviewers, pace, options.seconds)
        after, beyond = usage(web), usage(worker)
        count = max(len(step.times), 1)
        steps.append(
            {
                "wanted_per_second": round(len(reviewers) / pace, 1),
                "reached_per_second": round(len(step.times) / options.seconds, 1),
                "ratings": len(step.times),
                "median_ms": round(statistics.median(step.times or [0]), 1),
                "p95_ms": round(step.p95_ms, 1),
                "p99_ms": round(statistics.quantiles(step.times or [0, 0], n=100)[98], 1),
                "errors": len(step.errors),
                "first_error": next(iter(step.errors), ""),
                "web_processor_ms": round((after.seconds - before.seconds) * 1_000 / count, 2),
                "worker_processor_ms": round((beyond.seconds - behind.seconds) * 1_000 / count, 2),
                "web_rss_mb": round(after.rss_mb),
            }
        )
        sys.stderr.write(json.dumps(steps[-1]) + "\n")
        if step.p95_ms > MOST_MS or step.errors or options.first_step_only:
            break
        pace /= FASTER
    for reviewer in reviewers:
        reviewer.browser.close()
    return {
        "benchmark": "review_load",
        "learners": len(sessions),
        "cards": options.cards,
        "steps": steps,
        "aim_p95_ms": AIM_MS,
    }


async def _step(reviewers: list[Reviewer], pace: float, seconds: float) -> Step:
    """Have each learner rate a card each `pace` seconds, all of them spread over it."""
    step = Step(pace)
    begun = time.perf_counter()
    draw = random.Random(1)

    async def review(reviewer: Reviewer, at: float) -> None:
        while at < begun + seconds:
            await asyncio.sleep(max(at - time.perf_counter(), 0))
            asked = time.perf_counter()
            try:
                await reviewer.rate(draw.choices((1, 2, 3, 4), (10, 10, 70, 10))[0])
            except OSError as error:
                step.errors.append(f"{type(error).__name__}: {error}")
                return
            step.times.append((time.perf_counter() - asked) * 1_000)
            # Who was kept waiting does not catch up: people do not.
            at = max(at + pace, asked + pace)

    await asyncio.gather(
        *(review(one, begun + pace * n / len(reviewers)) for n, one in enumerate(reviewers))
    )
    return step


if __name__ == "__main__":
    sys.exit(main())
