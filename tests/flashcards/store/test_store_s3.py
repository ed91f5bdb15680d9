"""Two web servers and a worker share one PostgreSQL and one bucket."""

import contextlib
import http.client
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import TransactionTestCase, override_settings
from django.urls import reverse

from accounts.models import User
from flashcards.cards import jobs
from flashcards.domain.records import LogKind
from flashcards.maintenance import check
from flashcards.models import JournalEntry
from flashcards.store import cards, review_logs
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint, optimize
from tests import forks
from tests.engines import InLanceDB
from tests.factories import stored_card
from tests.flashcards.store.buckets import lancedb_in_bucket, s3_server, storage_options
from tests.flashcards.store.installations import Elsewhere
from tests.flashcards.store.processes import database_url, forget
from tests.live import free_port

PATIENCE_SECONDS = 90.0


class WebServer:
    """Uvicorn with the application, as a deployment of many nodes runs it."""

    def __init__(self, environment: dict[str, str], session: str) -> None:
        self.port = free_port()
        self.session = session
        self.process = forks.start(
            [
                *("-m", "uvicorn", "memoryloop.asgi:application"),
                *("--port", str(self.port), "--log-level", "warning"),
            ],
            environment,
        )

    def request(self, method: str, path: str, **fields: Any) -> tuple[int, str]:
        """Ask as Alice, with a CSRF token where one is needed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        token = "t" * 32
        jar = SimpleCookie({"sessionid": self.session, "csrftoken": token})
        cookies = "; ".join(f"{name}={item.value}" for name, item in jar.items())
        headers = {"Cookie": cookies, "X-CSRFToken": token, "HX-Request": "true"}
        if fields:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, urlencode(fields), headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def status(self, path: str) -> int:
        try:
            return self.request("GET", path)[0]
        except OSError:
            return 0


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} s: {what}"
        time.sleep(0.2)


class SharedBucketTests(InLanceDB, TransactionTestCase):
    server: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(s3_server())

    def setUp(self) -> None:
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        bucket = stack.enter_context(lancedb_in_bucket(self.server))
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="memoryloop-s3-")))
        self.environment = {
            **os.environ,
            **bucket,
            "DATABASE_URL": database_url(),
            "DATABASE_POOL": "4",
            "MEMORYLOOP_DATA": str(data),
            "MEMORYLOOP_SECRET_KEY": settings.SECRET_KEY,
        }
        self.stack = stack
        self.alice = User.objects.create_user("alice@example.org")
        self.client.force_login(self.alice)

    def manage(self, *command: str) -> forks.Fork:
        return forks.start(["manage.py", *command], self.environment)

    def run_to_its_end(self, *command: str) -> None:
        process = self.manage(*command)
        _, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 0, errors)

    @contextlib.contextmanager
    def deployment(self) -> Iterator[list[WebServer]]:
        self.run_to_its_end("collectstatic", "--no-input", "--verbosity=0")
        session = self.client.cookies["sessionid"].value
        nodes = [WebServer(self.environment, session) for _ in range(2)]
        worker = self.manage("worker")
        try:
            for node in nodes:
                eventually(lambda node=node: node.status("/healthz") == 200, "a healthy node")  # type: ignore[misc]
            yield nodes
        finally:
            for process in (worker, *(node.process for node in nodes)):
                process.terminate()
            for process in (worker, *(node.process for node in nodes)):
                process.communicate(timeout=30)

    def move(self) -> None:
        """Have the worker run a checkpoint, and wait for it."""
        # The worker's own of each minute may come first: what counts is that nothing waits.
        jobs.request_checkpoint()
        eventually(lambda: not JournalEntry.objects.exists(), "a checkpoint by the worker")

    def test_ratings_on_either_are_seen_on_both_before_and_after_each_checkpoint(self) -> None:
        found = [stored_card(self.alice, question=f"Question {n}?") for n in range(6)]
        with self.deployment() as nodes:
            for number, card in enumerate(found):
                node, other = nodes[number % 2], nodes[(number + 1) % 2]
                path = reverse("flashcards:rate", args=[card.id])
                rating = {"review_id": uuid.uuid4(), "sequence": 0, "rating": 4}
                self.assertEqual(node.request("POST", path, **rating)[0], 200)
                # The other node knows: the same position cannot be answered twice.
                again = {**rating, "review_id": uuid.uuid4()}
                other.request("POST", path, **again)
                self.assertEqual(review_logs.for_owner(self.alice).count(), number + 1)
                if number % 2:
                    self.move()
                for shown in nodes:
                    status, page = shown.request("GET", reverse("flashcards:cards"))
                    self.assertEqual(status, 200)
                    self.assertIn(f"Question {number}?", page)
        forget()
        self.assertEqual([c.sequence for c in cards.for_owner(self.alice)], [1] * 6)
        report = check.check()
        self.assertEqual((report.findings, report.cards, report.logs), ([], 6, 6))
        # In the bucket, and nowhere on this disk.
        self.assertFalse(tables.is_local())
        self.assertEqual(list(Path(self.environment["MEMORYLOOP_DATA"]).rglob("*.lance")), [])

    def test_two_processes_rate_and_a_third_checkpoints_and_nothing_is_lost(self) -> None:
        for _ in range(5):
            stored_card(self.alice)
        processes = [
            forks.start(
                [
                    *("-m", "tests.flashcards.store.store_process"),
                    *(action, str(self.alice.pk), str(seed), str(count)),
                ],
                self.environment,
            )
            for seed, (action, count) in enumerate([("rate", 20), ("rate", 20), ("checkpoint", 8)])
        ]
        said = [process.communicate(timeout=180)[0] for process in processes]
        self.assertEqual([process.returncode for process in processes], [0, 0, 0])
        checkpoint.run_until_empty()
        forget()
        # One that came later than the next has a row of its own for the day that follows from both.
        rated = review_logs.for_owner(self.alice).exclude(kind=LogKind.MANUAL)
        self.assertEqual(rated.count(), sum(text.count('"review"') for text in said))
        self.assertEqual(check.check().findings, [])
        logs = review_logs.for_owner(self.alice).count()
        done = optimize.optimize_fully()
        self.assertEqual([table.after.rows for table in done], [5, logs])
        self.assertIsNone(done[0].after.bytes)

    def test_a_backup_of_a_bucket_is_restored_into_a_folder(self) -> None:
        for _ in range(3):
            stored_card(self.alice)
        checkpoint.run()
        folder = Path(self.environment["MEMORYLOOP_DATA"])
        self.run_to_its_end("backup", str(folder / "backup"))
        elsewhere = Elsewhere(folder / "elsewhere")
        self.addCleanup(elsewhere.remove)
        elsewhere.manage("restore", str(folder / "backup"))
        self.assertEqual(elsewhere.check()["cards"], 3)


class SettingsTests(TransactionTestCase):
    def test_plain_http_is_allowed_only_where_the_address_says_so(self) -> None:
        self.assertEqual(
            storage_options({"AWS_ENDPOINT_URL": "http://s3.test:9000", "AWS_REGION": "x"}),
            {"aws_endpoint": "http://s3.test:9000", "aws_region": "x", "allow_http": "true"},
        )
        self.assertEqual(
            storage_options({"AWS_ENDPOINT_URL": "https://s3.test"}),
            {"aws_endpoint": "https://s3.test"},
        )

    def test_a_cloud_database_gets_its_key_and_region(self) -> None:
        given = {"LANCEDB_API_KEY": "k", "LANCEDB_REGION": "eu", "LANCEDB_HOST": "https://h.test"}
        self.assertEqual(
            storage_options(given),
            {"cloud.api_key": "k", "cloud.region": "eu", "cloud.host_override": "https://h.test"},
        )
        with override_settings(LANCEDB_URI="db://cards", LANCEDB_CLOUD={"api_key": "k"}):
            self.assertTrue(tables.is_cloud())
            self.assertFalse(tables.is_local())
            # Connecting costs no request.
            self.assertEqual(type(tables.database()).__name__, "RemoteDBConnection")
