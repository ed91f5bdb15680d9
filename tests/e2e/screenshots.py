"""Take a picture of every page, 390 and 1440 px wide, light and dark, of the demo learner.

python -m tests.e2e.screenshots [folder]         into ./screenshots/ unless told otherwise
python -m tests.e2e.screenshots --readme         also the picture that README.md shows
"""

import argparse
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e import pages
from tests.e2e.conftest import CHROMIUM_OPTIONS, chromium
from tests.e2e.visit import HEIGHTS, PASSWORD, Visit
from tests.live import REPOSITORY, LiveMemoryLoop
from tests.servers.compatible import OpenAIServer

DEMO_EMAIL = "demo@memoryloop.example"
README_PICTURE = REPOSITORY / "docs" / "screenshot.png"


def _show_answer(person: Visit) -> None:
    person.page.get_by_role("button", name="Show answer").click()


def _open_palette(person: Visit) -> None:
    person.press("Control+k")
    expect(person.page.locator("[role=option]").first).to_be_visible()


def _open_keys(person: Visit) -> None:
    person.page.locator("main").click(position={"x": 2, "y": 2})
    person.press("?")


# What a page shows after somebody has done something there: (page, action).
ACTIONS: dict[str, tuple[str, Callable[[Visit], None]]] = {
    "review-answer": ("review", _show_answer),
    "palette": ("chat", _open_palette),
    "keys": ("conversation", _open_keys),
}


def _shoot(person: Visit, name: str, path: str, folder: Path) -> None:
    person.page.goto(path, wait_until="networkidle")
    width = person.page.viewport_size["width"] if person.page.viewport_size else 0
    dark = person.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    scheme = "dark" if dark else "light"
    if name in ACTIONS:
        ACTIONS[name][1](person)
        person.page.wait_for_timeout(200)
    person.page.screenshot(path=folder / f"{name}-{width}-{scheme}.png")


def _places(browser: Browser, site: LiveMemoryLoop) -> dict[str, str]:
    """Return the demo learner's pages, and one more: a tray of drafts to choose from."""
    person = Visit(browser, site)
    person.log_in(DEMO_EMAIL, PASSWORD)
    places = pages.find(person)
    article = (REPOSITORY / "tests" / "fixtures" / "article.md").read_text()
    person.page.goto("/chat/")
    person.page.get_by_label("Message", exact=True).fill(article)
    person.page.get_by_role("button", name="Make cards from this").click()
    person.draft_cards()
    places["drafts"] = person.page.url
    person.close()
    return places


def _all(browser: Browser, site: LiveMemoryLoop, folder: Path, places: dict[str, str]) -> None:
    for width in HEIGHTS:
        for scheme in ("light", "dark"):
            visitor = Visit(browser, site, width=width, scheme=scheme)
            for name, path in pages.FOR_VISITORS.items():
                _shoot(visitor, f"visitor-{name}", path, folder)
            visitor.sign_up()
            for name, path in pages.EMPTY.items():
                _shoot(visitor, name, path, folder)
            visitor.close()
            person = Visit(browser, site, width=width, scheme=scheme)
            person.log_in(DEMO_EMAIL, PASSWORD)
            for name, path in places.items():
                _shoot(person, name, path, folder)
            for name, (page, _) in ACTIONS.items():
                _shoot(person, name, places[page], folder)
            person.close()


def _readme(browser: Browser, site: LiveMemoryLoop) -> None:
    README_PICTURE.parent.mkdir(exist_ok=True)
    person = Visit(browser, site)
    person.log_in(DEMO_EMAIL, PASSWORD)
    person.page.set_viewport_size({"width": 1280, "height": 800})
    person.page.goto("/chat/conversations/")
    person.page.get_by_role("link", name="Bayes").click()
    person.page.wait_for_load_state("networkidle")
    person.page.screenshot(path=README_PICTURE)
    person.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.screenshots")
    parser.add_argument("folder", type=Path, nargs="?", default=REPOSITORY / "screenshots")
    parser.add_argument("--readme", action="store_true", help=f"also {README_PICTURE.name}")
    options = parser.parse_args()
    path = chromium()
    if path is None:
        parser.error("There is no Chromium here.")
    options.folder.mkdir(parents=True, exist_ok=True)
    with (
        OpenAIServer(ollama=True) as ollama,
        LiveMemoryLoop({"OLLAMA_URL": ollama.root}) as site,
        sync_playwright() as playwright,
    ):
        site.manage("demo", "--password", PASSWORD)
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        if options.readme:
            _readme(browser, site)
        _all(browser, site, options.folder, _places(browser, site))
        browser.close()


if __name__ == "__main__":
    main()
