"""Measure searching 100,000 messages, and opening a conversation of 2,000.

    python -m tests.benchmarks.message_search [--messages 100000] [--rounds 40]
        [--skip-search]

In a database of its own. Four learners: one has as many
messages as said, the others a fifth of that, a twentieth, and two hundred. Texts are made from a
vocabulary with the frequencies of a language (Zipf); vectors vary as those of sentences do. The
rows go in by COPY. Of fewer than 4,000 messages the long conversation has half. Reports medians,
p95 and how much of the exact result the index finds.
"""

import argparse
import functools
import itertools
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tests.benchmarks import filled

if TYPE_CHECKING:
    from accounts.models import User

VOCABULARY = 30_000
TOPICS = 2_000
# The directions in which meaning varies, and what is a vector's own, as a part of its length.
DIRECTIONS = 48
OWN = 0.3
MODEL = "minilm-l6+use-multilingual-3"
WIDTH = 896
LONG = 2_000
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_medians: dict[str, float] = {}
_random = random.Random(7)
_numbers = np.random.default_rng(7)
_projection = _numbers.standard_normal((DIRECTIONS, WIDTH), dtype=np.float32)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def words() -> list[str]:
    """Return made-up words that no stemmer shortens, the commonest first."""
    syllables = [c + v for c in "bdfgklmnprtvz" for v in "aiou"]
    made = ("".join(parts) for n in (2, 3) for parts in itertools.product(syllables, repeat=n))
    return [f"{word}x" for word in itertools.islice(made, VOCABULARY)]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)


def around(topics: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    """Return vectors that vary in few directions, as embeddings do, and a little in all."""
    latent = topics[_numbers.integers(0, len(topics), count)]
    latent = latent + 0.6 * _numbers.standard_normal(latent.shape, dtype=np.float32)
    own = unit(_numbers.standard_normal((count, WIDTH), dtype=np.float32))
    return unit(unit(latent @ _projection) + OWN * own).astype(np.float32)


def long_of(count: int) -> int:
    """Return how long the longest conversation is of a learner with so many messages."""
    return min(LONG, count // 2)


def fill(owners: list[tuple["User", int]], vocabulary: list[str], topics: Any) -> None:
    """Copy every owner's messages in, some twenty to a conversation."""
    from django.db import connection

    from chat.models import ServingModel
    from chat.recall import indexing, vectors

    weights = list(itertools.accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    conversations: list[tuple[Any, ...]] = []
    made: list[tuple[Any, ...]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        for owner, count in owners:
            # The one long conversation, then short ones.
            has_long = owner is owners[0][0] or count >= 10 * LONG
            lengths = itertools.chain([long_of(count)] if has_long else [], itertools.repeat(20))
            left = count
            for length in lengths:
                length = min(length, left)
                if not length:
                    break
                left -= length
                conversation_id = uuid.uuid4()
                begun = NOW - timedelta(minutes=_random.randrange(500_000))
                conversations.append((conversation_id, owner.id, f"About {length}", begun))
                vectors = around(topics, length)
                before = None
                for position in range(length):
                    message_id = uuid.uuid4()
                    text = _random.choices(
                        vocabulary, cum_weights=weights, k=_random.randrange(20, 200)
                    )
                    role = "assistant" if position % 2 else "user"
                    said = begun + timedelta(seconds=30 * position)
                    vector = "[" + ",".join(f"{x:.5f}" for x in vectors[position]) + "]"
                    made.append((message_id, conversation_id, owner.id, MODEL, vector))
                    yield (
                        message_id, conversation_id, before, 1, position, role, " ".join(text),
                        "", "complete", "", "", "Claude" if position % 2 else "", "", said, said,
                        MODEL,
                    )  # fmt: skip
                    before = message_id

    columns = (
        "id, conversation_id, parent_id, version, position, role, content, earlier_content, "
        "status, error, error_kind, provider, model, created_at, updated_at, embedding_model"
    )
    with connection.cursor() as cursor:
        # Conversations must be there first, for the trigger that writes the owner.
        messages = list(rows())
        with cursor.copy(
            "COPY chat_conversation (id, owner_id, title, created_at, updated_at, title_by) "
            "FROM STDIN"
        ) as copy:
            for id_, owner_id, title, begun in conversations:
                copy.write_row((id_, owner_id, title, begun, begun, "first"))
        with cursor.copy(f"COPY chat_message ({columns}) FROM STDIN") as copy:
            for row in messages:
                copy.write_row(row)
        with cursor.copy(
            "COPY chat_messagevector (message_id, conversation_id, owner_id, model, vector) "
            "FROM STDIN"
        ) as copy:
            for row in made:
                copy.write_row(row)
        ServingModel.objects.create(name=MODEL)
        began = time.process_time()
        while indexing.index_next():
            pass
        taken = (time.process_time() - began) / len(messages)
        say(f"search keys made in {taken * 1000:.2f} ms of the processor a message")
        began = time.perf_counter()
        cursor.execute("SET maintenance_work_mem = '512MB'")
        vectors.make_index(MODEL)
        say(f"index over {len(messages):,} vectors built in {time.perf_counter() - began:.0f} s")
        cursor.execute("VACUUM ANALYZE chat_messagevector")
        cursor.execute("VACUUM ANALYZE chat_searchword")
        cursor.execute("VACUUM ANALYZE chat_message")
        cursor.execute("VACUUM ANALYZE chat_conversation")


def timed(what: str, call: Callable[[int], object], rounds: int) -> None:
    for number in range(3):
        call(-1 - number)
    taken = []
    for number in range(rounds):
        began = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - began) * 1_000)
    taken.sort()
    _medians[what.strip()] = round(statistics.median(taken), 1)
    say(
        f"{what}: median {statistics.median(taken):.1f} ms, "
        f"p95 {taken[int(len(taken) * 0.95)]:.1f} ms"
    )


def measure(owner: "User", vocabulary: list[str], topics: Any, rounds: int) -> None:
    from chat.models import Message
    from chat.recall import asked, message_search, vectors, word_search

    count = Message.objects.filter(owner_id=owner.id).count()
    say(f"\n{owner.email}, {count:,} messages")
    texts: dict[str, Callable[[int], str]] = {
        "the commonest word": lambda n: vocabulary[n % 3],
        "a common and a rare word": lambda n: f"{vocabulary[50 + n]} {vocabulary[3_000 + n]}",
        "two rare words": lambda n: f"{vocabulary[9_000 + n]} {vocabulary[9_500 + n]}",
        "a question of eight words": lambda n: " ".join(
            vocabulary[20 * k + n] for k in (1, 4, 9, 16, 30, 90, 200, 400)
        ),
    }

    def whole(number: int, text: Callable[[int], str]) -> object:
        return message_search.search(owner_id=owner.id, text=text(number))

    def by_words(number: int, text: Callable[[int], str]) -> object:
        return word_search.find(owner_id=owner.id, asked=asked.read(text(number)))

    for name, text in texts.items():
        timed(f"  whole search, {name}", functools.partial(whole, text=text), rounds)
        timed(f"    of it the words, {name}", functools.partial(by_words, text=text), rounds)
    queries = around(topics, rounds + 3)

    def nearest(number: int, *, exactly: bool | None = None, limit: int = 40) -> set[uuid.UUID]:
        found = vectors.nearest(
            owner_id=owner.id, vector=queries[number], model=MODEL, limit=limit, exactly=exactly
        )
        return {item.id for item in found}

    timed("  nearest 40", nearest, rounds)
    for name, exactly in (("by the index", False), ("exactly", True)):
        timed(f"    {name}", functools.partial(nearest, exactly=exactly), min(rounds, 10))
    for limit in (10, 40):
        recalls = []
        for number in range(min(rounds, 20)):
            exact = nearest(number, exactly=True, limit=limit)
            recalls.append(len(nearest(number, exactly=False, limit=limit) & exact) / len(exact))
        say(f"  recall of the index at {limit}: {statistics.mean(recalls):.3f}")


def open_long(owner: "User", length: int, rounds: int) -> None:
    from django.conf import settings
    from django.test import Client, override_settings

    from chat.models import Conversation

    # Static files that nobody has collected are named all the same.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}).enable()
    client = Client(SERVER_NAME="localhost")
    client.force_login(owner)
    say("")

    def read(_: int, url: str) -> object:
        return client.get(url).content

    # fill() made both.
    for title in ("About 20", f"About {length}"):
        found = Conversation.objects.filter(owner=owner, title=title)[0]
        url = found.get_absolute_url()
        timed(f"opening “{title}”", functools.partial(read, url=url), rounds)
    timed("its middle", functools.partial(read, url=f"{url}?upto={length * 9 // 20}"), rounds)


def main() -> None:
    parser = filled.arguments(__doc__, messages=100_000, rounds=40)
    parser.add_argument("--skip-search", action="store_true", help="open conversations only")
    filled.run(run, parser.parse_args())


def run(options: argparse.Namespace) -> dict[str, Any]:
    from accounts.models import User

    owners = [
        (User.objects.create_user(f"{name}@example.org"), count)
        for name, count in (
            ("most", options.messages),
            ("a-fifth", options.messages // 5),
            ("a-twentieth", options.messages // 20),
            ("two-hundred", 200),
        )
    ]
    vocabulary = words()
    topics = _numbers.standard_normal((TOPICS, DIRECTIONS), dtype=np.float32)
    fill(owners, vocabulary, topics)
    for owner, _ in owners if not options.skip_search else []:
        measure(owner, vocabulary, topics, options.rounds)
    open_long(owners[0][0], long_of(options.messages), options.rounds)
    return {"benchmark": "message_search", "median_ms": _medians}


if __name__ == "__main__":
    main()
