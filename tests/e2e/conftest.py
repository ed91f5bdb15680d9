"""A browser, whole MemoryLoops to visit, and pages that fail a test by what they do wrong."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.visit import PATIENCE_MS, Visit
from tests.live import LiveMemoryLoop
from tests.servers.claude import ClaudeServer
from tests.servers.compatible import OpenAIServer

# No network but loopback, and no sandbox, which Chromium does not have when it runs as root.
CHROMIUM_OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]


# A page that is slow is not wrong: what a test expects, it expects within the same patience.
expect.set_options(timeout=PATIENCE_MS)


def chromium() -> str | None:
    """Return the path of Debian's Chromium, or of a browser of its family; None without any.

    Rather its headless shell, which has no windows to keep and takes two thirds of the time.
    """
    names = (
        *("chromium-headless-shell", "chrome-headless-shell", "chromium", "chromium-browser"),
        *("google-chrome-stable", "google-chrome"),
    )
    return next((path for name in names if (path := shutil.which(name))), None)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        reason = "There is no Chromium here (Debian: apt install chromium)."
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    # Ended with the package: while it lives, Django takes this thread for an asynchronous one.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def claude() -> Iterator[ClaudeServer]:
    with ClaudeServer(delay_seconds=0.005) as server:
        yield server


@pytest.fixture(scope="package")
def site(browser: Browser, claude: ClaudeServer, prepared_data: Path) -> Iterator[LiveMemoryLoop]:
    """Without a model, until a learner saves a key for Claude. Depends on `browser` to skip."""
    with LiveMemoryLoop({"ANTHROPIC_BASE_URL": claude.url}, like=prepared_data) as live:
        yield live


@pytest.fixture(scope="package")
def ollama() -> Iterator[OpenAIServer]:
    with OpenAIServer(ollama=True, delay_seconds=0.005) as server:
        yield server


@pytest.fixture(scope="package")
def ollama_site(
    browser: Browser, ollama: OpenAIServer, prepared_data: Path
) -> Iterator[LiveMemoryLoop]:
    """With an Ollama on its usual kind of address."""
    with LiveMemoryLoop({"OLLAMA_URL": ollama.root}, like=prepared_data) as live:
        yield live


@pytest.fixture
def visit(browser: Browser, site: LiveMemoryLoop) -> Iterator[Callable[..., Visit]]:
    """Open the site as a visitor: `visit(width=390, scheme="dark", javascript=False, to=live)`.

    What any of these visits loaded from another host, and what the CSP or a script reported,
    fails the test when it ends.
    """
    visits: list[Visit] = []

    def open_visit(*, to: LiveMemoryLoop | None = None, **how: object) -> Visit:
        visits.append(Visit(browser, to or site, **how))  # type: ignore[arg-type]
        return visits[-1]

    yield open_visit
    for each in visits:
        each.close()
    # Without its server a page fails in ways that tell nothing.
    for live in {each.site for each in visits}:
        status = live.process.poll() if live.process else None
        assert status is None, f"MemoryLoop ended with {status}:\n{live.log[-2_000:]}"
    assert [problem for each in visits for problem in each.problems] == []
