"""The loop beside the requests."""

import asyncio
import logging
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import TransactionTestCase

from memoryloop.server import background


@pytest.fixture(autouse=True)
def _end_the_loop() -> Iterator[None]:
    yield
    background.shutdown()


async def _double(value: int) -> int:
    await asyncio.sleep(0)
    return value * 2


def test_it_returns_what_the_coroutine_returns() -> None:
    assert background.submit(_double(21), name="double").result(30) == 42


def test_it_runs_many_at_once_beside_the_caller() -> None:
    together = asyncio.Barrier(50)

    async def wait() -> str:
        await together.wait()
        return threading.current_thread().name

    futures = [background.submit(wait(), name="wait") for _ in range(50)]
    assert {future.result(30) for future in futures} == {"background"}


def test_a_failure_is_logged_under_its_name(caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ValueError("broken")

    with caplog.at_level(logging.ERROR), pytest.raises(ValueError, match="broken"):
        background.submit(fail(), name="the broken one").result(30)
    assert "the broken one failed" in caplog.text


def test_a_shutdown_lets_each_write_down_what_it_has() -> None:
    kept: list[str] = []
    began = threading.Event()

    async def stream() -> None:
        try:
            began.set()
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            kept.append("so far")

    future = background.submit(stream(), name="stream")
    assert began.wait(30)
    background.shutdown()
    assert kept == ["so far"]
    assert future.cancelled()
    # And using it again begins anew.
    assert background.submit(_double(1), name="double").result(30) == 2


def test_a_shutdown_does_not_wait_for_what_never_ends(caplog: pytest.LogCaptureFixture) -> None:
    began = threading.Event()

    async def stubborn() -> None:
        while True:
            try:
                began.set()
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                if time.monotonic() - start > 1:
                    raise

    start = time.monotonic()
    background.submit(stubborn(), name="the stubborn one")
    assert began.wait(30)
    background.shutdown(timeout_seconds=0.2)
    # It sleeps for a minute.
    assert time.monotonic() - start < 50
    assert "the stubborn one" in caplog.text


class DatabaseTests(TransactionTestCase):
    def test_code_with_the_orm_runs_in_a_thread_that_gives_its_connection_back(self) -> None:
        def ask(value: int, *, add: int) -> tuple[int, str]:
            with connection.cursor() as cursor:
                cursor.execute("SELECT %s + %s", [value, add])
                return cursor.fetchone()[0], threading.current_thread().name

        async def work() -> list[tuple[int, str]]:
            calls = (background.run_in_database(ask, number, add=1) for number in range(40))
            return list(await asyncio.gather(*calls))

        found = background.submit(work(), name="work").result(30)
        self.assertEqual([value for value, _ in found], list(range(1, 41)))
        self.assertTrue(all(name.startswith("background-database") for _, name in found))
        self.assertLessEqual(len({name for _, name in found}), 4)


def test_what_is_cut_off_still_writes_down_what_it_has_on_the_same_loop() -> None:
    loops = []

    async def write() -> None:
        loops.append(background._running)
        try:
            await asyncio.sleep(60)
        finally:
            await background.run_in_database(lambda: loops.append(background._running))

    background.submit(write(), name="write")
    while not loops:
        time.sleep(0.01)
    background.shutdown()

    assert loops[0] is loops[1]
    assert background._running is None
