"""The whole of it, watched: /metrics is read over HTTP, and a collector gets traces and metrics."""

import http.client
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.chat_first_token import LOG_IN, Browser
from tests.engines import by_engine
from tests.live import LiveMemoryLoop
from tests.servers.collector import Collector, attributes
from tests.servers.compatible import OpenAIServer

TOKEN = "a-token-for-the-tests"
PRIVATE = "Zygomycota"
CARD = f"""
from accounts.models import User
from tests.factories import flashcard, store
user = User.objects.get(email="bench0@example.org")
card = flashcard(user, question="What is {PRIVATE}?")
store(card)
print("card", card.id, "owner", user.pk)
"""
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@dataclass
class Watched:
    live: LiveMemoryLoop
    collector: Collector
    browser: Browser
    card: str
    owner: str

    def page(self, authorization: str = f"Bearer {TOKEN}") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.live.port, timeout=60)
        headers = {"Authorization": authorization, "Connection": "close"}
        connection.request("GET", "/metrics", headers=headers)
        with connection.getresponse() as answer:
            return answer.status, answer.read().decode()

    def samples(self) -> Samples:
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(self.page()[1])
            for sample in family.samples
        }

    def rate(self) -> int:
        answer = self.browser.post(
            f"/review/{self.card}/rate/",
            "",
            htmx=True,
            review_id=str(uuid.uuid4()),
            sequence="0",
            rating="3",
            duration_ms="900",
        )
        with answer:
            return answer.status

    def ask(self) -> None:
        with self.browser.post("/chat/start/", f"Why {PRIVATE}?", htmx=False) as started:
            address = started.headers["Location"]
        with self.browser.events(address) as page:
            found = re.search(r'data-stream="([^"]+)"', page.read().decode())
        assert found
        self.browser.events(found[1]).read()


@pytest.fixture(scope="module")
def watched(prepared_data: Path) -> Iterator[Watched]:
    with Collector() as collector, OpenAIServer() as provider:
        provider.reply("One two three.")
        environment = {
            "OPENAI_BASE_URL": provider.url,
            "OPENAI_MODEL": provider.models[-1],
            "MEMORYLOOP_METRICS": TOKEN,
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
        }
        with LiveMemoryLoop(environment, like=prepared_data) as live:
            session = re.findall(
                r"session (\w+)", live.call("shell", "-c", LOG_IN.format(learners=1))
            )[0]
            words = live.call("shell", "-c", CARD).split()
            card, owner = words[words.index("card") + 1], words[words.index("owner") + 1]
            yield Watched(live, collector, Browser(live.port, session), card, owner)


def name(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"memoryloop_{name}", frozenset(labels.items())


def eventually(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_figures_move_when_a_card_is_rated_and_a_question_answered(watched: Watched) -> None:
    before = watched.samples()
    assert before[name("rating_duration_seconds_count")] == 0
    assert watched.rate() == 200
    watched.ask()

    after = watched.samples()
    assert after[name("rating_duration_seconds_count")] == 1
    view = {"view": "flashcards:rate", "method": "POST", "status": "200"}
    assert after[name("request_duration_seconds_count", **view)] == 1
    assert after[name("first_word_delay_seconds_count", provider="installation")] == 1
    assert after[name("answers_in_progress")] == 0
    assert after[name("postgresql_pool_most")] == 16
    assert after[name("postgresql_pool_connections")] >= 1
    assert after[("process_resident_memory_bytes", frozenset())] > 10_000_000


def test_it_tells_what_the_worker_and_the_stores_know(watched: Watched) -> None:
    watched.live.call("shell", "-c", "from flashcards import store; store.checkpoint_all()")
    rows = by_engine(lancedb="lancedb_rows", postgresql="postgresql_rows")
    eventually(lambda: watched.samples().get(name(rows, table="flashcards")))
    found = watched.samples()
    assert found[name("postgresql_answers")] == 1
    assert found[name(rows, table="flashcards")] == 1
    if by_engine(lancedb=True, postgresql=False):
        assert found[name("checkpoints")] >= 1
        assert 0 <= found[name("last_checkpoint_age_seconds")] < 600
    assert 0 <= found[name("worker_heartbeat_age_seconds")] < 60
    assert found[name("journal_entries")] >= 0
    assert found[name("jobs_waiting", queue="checkpoint")] >= 0
    assert found[name("oldest_job_age_seconds", queue="unseen")] >= 0


@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer another-token-here", f"Basic {TOKEN}"])
def test_without_the_token_it_says_nothing(watched: Watched, given: str) -> None:
    status, text = watched.page(given)
    assert status == 401
    assert "_seconds" not in text


def test_a_collector_gets_a_request_a_job_a_checkpoint_and_an_answer(watched: Watched) -> None:
    watched.rate()

    def spans(wanted: str, role: str) -> list[dict[str, object]]:
        return [
            attributes(span) | {"parent": span.parent_span_id}
            for about, span in watched.collector.spans()
            if span.name == wanted
            and (about["service.name"], about["memoryloop.role"]) == ("memoryloop", role)
        ]

    def rated() -> list[dict[str, object]]:
        return [
            each for each in spans("request", "web") if each["memoryloop.view"] == "flashcards:rate"
        ]

    eventually(rated)
    request = rated()[0]
    assert request["http.route"] == "review/<uuid:card_id>/rate/"
    assert request["http.request.method"] == "POST"
    assert isinstance(request["memoryloop.sql.count"], int)
    assert request["memoryloop.sql.count"] > 0
    eventually(lambda: spans("flashcards.checkpoint", "worker"))
    assert spans("flashcards.checkpoint", "worker")[0]["memoryloop.job.queue"] == "checkpoint"
    eventually(lambda: spans("answer", "web"))
    assert spans("answer", "web")[0]["memoryloop.provider"] == "installation"


def test_a_collector_gets_metrics_of_both_processes(watched: Watched) -> None:
    def sent() -> set[tuple[str, str]]:
        return {
            (about["memoryloop.role"], metric.name) for about, metric in watched.collector.metrics()
        }

    wanted = {
        ("web", "memoryloop.request_duration_seconds"),
        ("web", "memoryloop.postgresql_pool_connections"),
        ("worker", "memoryloop.job_duration_seconds"),
        ("worker", "memoryloop.journal_entries"),
    }
    eventually(lambda: wanted <= sent())
    assert ("web", "memoryloop.journal_entries") not in sent()


def test_nothing_of_a_learner_is_in_any_of_it(watched: Watched) -> None:
    everything = b"".join(body for _, body in watched.collector.bodies)
    everything += watched.page()[1].encode()
    owner = uuid.UUID(watched.owner)
    secrets = [PRIVATE, watched.card, str(owner), owner.hex, "bench0", watched.browser.session]
    assert everything
    assert [each for each in secrets if each.encode() in everything] == []
    assert json.dumps(TOKEN)[1:-1].encode() not in everything
