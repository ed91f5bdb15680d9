"""The health of the whole: what is reported, and how it fails."""

import json
import threading
import time
from datetime import timedelta
from unittest import mock

import pytest
from django.db import connection
from django.test import Client, RequestFactory, TestCase, TransactionTestCase
from django.utils import timezone

from memoryloop import disk_space
from memoryloop.postgres import unreachable
from memoryloop.server import health
from tests.servers import EmbeddingServer


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> dict[str, health.Check]:
    """Return the registry, empty for the length of a test."""
    empty: dict[str, health.Check] = {}
    monkeypatch.setattr(health, "_checks", empty)
    return empty


@pytest.mark.usefixtures("checks")
class TestReport:
    def test_all_is_well_when_each_check_says_so(self) -> None:
        health.register("one", lambda: None)
        health.register("pending", lambda: 7)
        assert health.report() == (True, {"one": "ok", "pending": 7})

    def test_a_check_of_the_same_name_replaces_the_first(self) -> None:
        health.register("one", lambda: 1)
        health.register("one", lambda: 2)
        assert health.report() == (True, {"one": 2})

    def test_plain_words_are_shown(self) -> None:
        def fail() -> None:
            raise health.FailingError("the disk is full")

        health.register("one", fail)
        health.register("two", lambda: None)
        assert health.report() == (False, {"one": "failing: the disk is full", "two": "ok"})

    def test_any_other_error_is_logged_and_not_shown(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail() -> None:
            raise RuntimeError("password=hunter2")

        health.register("one", fail)
        healthy, findings = health.report()
        assert not healthy
        assert findings == {"one": "failing: the server's log says why"}
        assert "hunter2" in caplog.text

    def test_a_check_that_hangs_costs_the_time_limit_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health, "TIME_LIMIT_SECONDS", 0.2)
        release = threading.Event()
        for name in ("one", "two", "three"):
            health.register(name, lambda: release.wait(60) and None)
        health.register("four", lambda: None)
        began = time.monotonic()
        healthy, findings = health.report()
        release.set()
        # Each would hold it up for a minute.
        assert time.monotonic() - began < 50
        assert not healthy
        assert findings["one"] == findings["two"] == "failing: no answer within 0 s"
        assert findings["four"] == "ok"


class HealthzTests(TestCase):
    @pytest.fixture(autouse=True)
    def _no_other_checks(self, checks: dict[str, health.Check]) -> None:
        """Leave only what a test registers."""

    def test_all_well_is_200(self) -> None:
        health.register("pending_journal", lambda: 0)
        response = self.client.get("/healthz")
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"status": "ok", "pending_journal": 0})
        self.assertEqual(response["Cache-Control"], "no-store")

    def test_anything_failing_is_503(self) -> None:
        def fail() -> None:
            raise health.FailingError("gone")

        health.register("lancedb", fail)
        with self.assertLogs("django.request"):
            response = self.client.get("/healthz")
        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.json(), {"status": "failing", "lancedb": "failing: gone"})

    def test_it_asks_neither_for_a_session_nor_for_the_hosts_name(self) -> None:
        with self.assertNumQueries(0):
            response = Client().get(
                "/healthz", headers={"host": "10.1.2.3", "cookie": "sessionid=x"}
            )
        self.assertEqual(response.status_code, 200)

    def test_it_is_only_for_reading(self) -> None:
        with self.assertLogs("django.request"):
            self.assertEqual(self.client.post("/healthz").status_code, 405)

    async def test_it_answers_under_asgi(self) -> None:
        health.register("one", lambda: None)
        response = await self.async_client.get("/healthz")
        self.assertEqual(json.loads(response.content), {"status": "ok", "one": "ok"})


class CheckTests(TransactionTestCase):
    factory = RequestFactory()

    def beat(self, ago: timedelta) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_workers")
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)",
                [timezone.now() - ago],
            )

    def test_postgresql_answers(self) -> None:
        health.check_postgresql()

    def test_a_worker_of_the_last_minute_is_alive(self) -> None:
        self.beat(timedelta(seconds=50))
        health.check_worker()

    def test_a_worker_that_was_last_heard_of_earlier_is_not(self) -> None:
        self.beat(timedelta(seconds=70))
        with self.assertRaisesRegex(health.FailingError, "no background worker"):
            health.check_worker()

    def test_a_worker_that_cannot_say_that_it_is_there_takes_no_server_out_of_service(self) -> None:
        self.beat(timedelta(seconds=70))
        with mock.patch.object(unreachable, "is_out_of_space", autospec=True, return_value=True):
            self.assertEqual(health.check_worker(), "waits until the disk has room")


@pytest.mark.parametrize(
    ("free", "said"),
    [
        (0, "full: 0 MB left, and nothing more may be saved until there is room"),
        (16 * 1024**2 - 1, "full: 15 MB left, and nothing more may be saved until there is room"),
        (16 * 1024**2, "low: 16 MB left"),
        (512 * 1024**2, None),
    ],
)
def test_a_disk_without_room_is_told_and_takes_no_server_out_of_service(
    monkeypatch: pytest.MonkeyPatch, checks: dict[str, health.Check], free: int, said: str | None
) -> None:
    monkeypatch.setattr(disk_space, "free_bytes", lambda: free)
    health.register("disk", health.check_disk)
    assert health.report() == (True, {"disk": said or "ok"})
    assert list(checks) == ["disk"]


def test_the_embedding_model_of_the_operator_is_asked_and_need_not_answer(
    settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health.check_embedding_model() is None
    with EmbeddingServer() as server:
        monkeypatch.setattr(settings, "EMBEDDING_MODEL", "bge-m3")
        monkeypatch.setattr(settings, "EMBEDDING_URL", server.url)
        assert health.check_embedding_model() is None
        server.default(status=503)
        said = health.check_embedding_model()

    assert said == "does not answer: search goes by words"
