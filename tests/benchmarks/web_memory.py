"""Measure the memory of one web process that has served a learner with a big collection.

    .venv/bin/python -m tests.benchmarks.web_memory [--cards 100000] [--reviews 500000]
        [--ratings 600] [--folder DIR]

`manage.py serve` serves ratings, browsing in every order, searches by words and by meaning, cards
and settings over HTTP, while its worker, a process of its own, checkpoints. `--folder` is one that
`bench_store --folder` has filled, with that learner; else the data is made first. Prints one line
of JSON: megabytes of the web process, resident and its proportional share, after each of these, and
of the worker at the end.
"""

import asyncio
import json
import random
import sys
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.benchmarks import filled
from tests.benchmarks.card_browser import SEARCHES as ALL_SEARCHES
from tests.benchmarks.deployment import (
    Browser,
    Reviewer,
    installation,
    serving,
    session_of,
    usage,
    worker_of,
)

CARDS, REVIEWS, RATINGS = 100_000, 500_000, 600
EMAIL = "bench@memoryloop.example"
AIM_MB = 500
CARDS_LOOKED_AT = 60
# What was freed meanwhile goes back to the system every now and then.
REST_SECONDS = 30
# There are no decks here.
SEARCHES = [text for text in ALL_SEARCHES.values() if not text.startswith('deck:"')]


def main() -> int:
    parser = filled.arguments(__doc__, cards=CARDS, reviews=REVIEWS, ratings=RATINGS)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with installation(options.folder) as data:
        from accounts.models import User

        user = User.objects.filter(email=EMAIL).first() or _fill(options)
        ids = _some_ids(user)
        with serving(data) as live:
            result = asyncio.run(_use(live, session_of(user), ids, options.ratings))
    sys.stdout.write(json.dumps(result) + "\n")
    return 0 if result["most_rss_mb"] <= AIM_MB else 1


def _fill(options: Any) -> Any:
    from flashcards.store.maintenance import optimize

    user = filled.learner(EMAIL)
    filled.fill(user, filled.studied(user, options.cards, options.reviews // options.cards))
    optimize.optimize()
    return user


def _some_ids(user: Any) -> list[uuid.UUID]:
    from flashcards.store import cards

    return [card.id for card in cards.for_owner(user)[:CARDS_LOOKED_AT]]


async def _use(live: Any, session: str, ids: list[uuid.UUID], ratings: int) -> dict[str, Any]:
    from flashcards.search.search import Order

    web, worker = live.process.pid, worker_of(live.process.pid)
    browser = Browser(live.port, session)
    reviewer = Reviewer(browser)
    draw = random.Random(1)
    after: dict[str, dict[str, int]] = {}

    def note(what: str) -> None:
        taken = usage(web)
        after[what] = {"rss_mb": round(taken.rss_mb), "pss_mb": round(taken.pss_mb)}
        sys.stderr.write(f"{what}: {after[what]}\n")

    async def rate(count: int) -> None:
        await reviewer.begin()
        for _ in range(count):
            await reviewer.rate(draw.choices((1, 2, 3, 4), (10, 10, 70, 10))[0])

    note("start")
    await rate(ratings // 2)
    note("ratings")
    for order in Order:
        await browser.get("/cards/?" + urlencode({"order": order}))
    note("sorting")
    for text in SEARCHES:
        await browser.get("/cards/?" + urlencode({"q": text}))
    note("searches")
    for card_id in ids:
        await browser.get(f"/cards/{card_id}/")
    for page in ("/settings/study/", "/decks/", "/cards/bin/"):
        await browser.get(page)
    note("cards and settings")
    # Beside checkpoints, which the worker makes each minute and each 300 ratings.
    await rate(ratings - ratings // 2)
    for text in SEARCHES:
        await browser.get("/cards/?" + urlencode({"q": text}))
    note("more of all after checkpoints")
    await asyncio.sleep(REST_SECONDS)
    note("a rest")
    browser.close()
    return {
        "benchmark": "web_memory",
        "after": after,
        "most_rss_mb": max(one["rss_mb"] for one in after.values()),
        "worker_rss_mb": round(usage(worker).rss_mb),
        "aim_mb": AIM_MB,
    }


if __name__ == "__main__":
    sys.exit(main())
