import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.test import Client, RequestFactory, TransactionTestCase
from django.urls import reverse

from accounts import throttling
from accounts.models import LogInAttempts, User
from accounts.throttling import Limit, TooManyAttempts, client_place
from tests.base import PASSWORD, TestCase
from tests.flashcards.store.processes import start_python

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
THREE = Limit("three", 3)


class CountTests(TestCase):
    def test_it_counts_in_one_query(self) -> None:
        # 1 insert or update, with the new count returned.
        for _ in range(2):
            with self.assertNumQueries(1):
                THREE.count("alice", now=NOW)

    def test_it_refuses_past_the_limit_until_the_window_ends(self) -> None:
        for minute in range(3):
            THREE.count("alice", now=NOW + timedelta(minutes=minute))
        with self.assertRaises(TooManyAttempts) as caught:
            THREE.count("alice", now=NOW + timedelta(minutes=10))

        self.assertEqual(caught.exception.until, NOW + throttling.WINDOW)
        self.assertEqual(caught.exception.seconds, 300)
        self.assertIn("in 5 minutes", caught.exception.sentence)
        THREE.count("alice", now=NOW + throttling.WINDOW)

    def test_asking_while_refused_does_not_make_the_wait_longer(self) -> None:
        for _ in range(3):
            THREE.count("alice", now=NOW)
        for minute in range(1, 15):
            with self.assertRaises(TooManyAttempts):
                THREE.count("alice", now=NOW + timedelta(minutes=minute))
        THREE.count("alice", now=NOW + throttling.WINDOW)

    def test_counts_do_not_mix(self) -> None:
        for _ in range(3):
            THREE.count("alice", "place", now=NOW)
        for who in (("alice", "elsewhere"), ("bob", "place"), ("alice",), ("alic", "eplace")):
            with self.subTest(who=who):
                THREE.count(*who, now=NOW)
        Limit("another", 3).count("alice", "place", now=NOW)

    def test_it_takes_one_back(self) -> None:
        for _ in range(3):
            THREE.count("alice", now=NOW)
        THREE.uncount("alice")
        THREE.count("alice", now=NOW)
        with self.assertRaises(TooManyAttempts):
            THREE.count("alice", now=NOW)

    def test_it_never_counts_below_zero(self) -> None:
        THREE.count("alice", now=NOW)
        for _ in range(5):
            THREE.uncount("alice")
        self.assertEqual(LogInAttempts.objects.get().failures, 0)

    def test_it_keeps_no_address(self) -> None:
        THREE.count("alice@example.org", "192.0.2.1", now=NOW)

        row = LogInAttempts.objects.get()
        self.assertRegex(row.key, r"\A[0-9a-f]{64}\Z")

    def test_it_forgets_what_has_expired_and_nothing_else(self) -> None:
        THREE.count("old", now=NOW - throttling.WINDOW)
        THREE.count("new", now=NOW - timedelta(minutes=1))

        self.assertEqual(throttling.delete_expired(now=NOW), 1)
        self.assertEqual(LogInAttempts.objects.get().key, THREE.key("new"))

    def test_a_place_is_an_address_or_the_network_of_one_customer(self) -> None:
        for address, place in (
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("", ""),
            ("unix:", "unix:"),
        ):
            with self.subTest(address=address):
                request = RequestFactory().get("/", REMOTE_ADDR=address)
                self.assertEqual(client_place(request), place)


class ConcurrencyTests(TransactionTestCase):
    """Many connections at once, each committing on its own."""

    def test_of_many_attempts_at_once_exactly_as_many_as_allowed_are_checked(self) -> None:
        limit = Limit("at once", 8)
        gate = threading.Barrier(12)

        def attempt(_: int) -> bool:
            gate.wait()
            try:
                limit.count("alice", now=NOW)
            except TooManyAttempts:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(12) as threads:
            allowed = sum(threads.map(attempt, range(12)))

        self.assertEqual(allowed, 8)
        self.assertEqual(LogInAttempts.objects.get().failures, 12)

    def test_processes_see_one_count(self) -> None:
        User.objects.create_user("alice@example.org", PASSWORD)
        guess = """
import django
from django.conf import settings
plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
settings.STORAGES["staticfiles"]["BACKEND"] = plain
settings.ALLOWED_HOSTS = ["testserver"]
django.setup()
from django.test import Client
from django.urls import reverse
client = Client()
typed = {"email": "alice@example.org", "password": "wrong"}
for _ in range(6):
    print(client.post(reverse("accounts:login"), typed).status_code)
"""
        processes = [start_python("-c", guess) for _ in range(2)]
        statuses = [
            status for process in processes for status in process.communicate(timeout=60)[0].split()
        ]

        self.assertEqual(statuses.count("422"), 8)
        self.assertEqual(statuses.count("429"), 4)

    def test_a_guess_beside_other_guesses_is_refused_over_two_connections(self) -> None:
        User.objects.create_user("alice@example.org", PASSWORD)

        def guess(_: int) -> list[int]:
            client = Client()
            try:
                return [
                    client.post(
                        reverse("accounts:login"),
                        {"email": "alice@example.org", "password": "wrong"},
                    ).status_code
                    for _ in range(6)
                ]
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as threads:
            statuses = [status for each in threads.map(guess, range(2)) for status in each]

        self.assertEqual(statuses.count(422), 8)
        self.assertEqual(statuses.count(429), 4)
