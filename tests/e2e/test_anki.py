"""Moving here from Anki by keyboard alone: the file, the choices, report, a way out, undo."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import Visit
from tests.flashcards.exchange.anki_packages import BASIC, CREATED, Package

pytestmark = pytest.mark.browser


def test_an_anki_package_comes_in_goes_out_and_is_undone(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    package = Package(media={"cell.mp3": b"x"})
    for number in range(20):
        card = package.basic(f"Word {number}", "[sound:cell.mp3]", "Latin", type=2, queue=2, due=24)
        package.studied(card, CREATED + timedelta(days=10, hours=number))
    package.card(package.note(BASIC, "", "nothing is asked"), 0, "Latin::Odd")
    file = package.write(tmp_path / "latin.apkg", "anki21b")
    person = visit(width=390, scheme="dark")
    person.sign_up()
    page = person.page
    field = person.open_palette()
    field.fill("import")
    options = page.locator("#palette [role=option]")
    expect(options).to_have_count(1)
    expect(options.first).to_have_attribute("aria-selected", "true")
    person.press("Enter")
    person.arrive(r"/cards/import/$")
    # Choosing a file is the operating system's business; all else is the keyboard's.
    page.get_by_label("An Anki package or a text file").set_input_files(file)
    page.get_by_role("button", name="Upload").press("Enter")

    expect(page.get_by_text("21 cards of 21 notes, 100 reviews")).to_be_visible()
    expect(page.get_by_text(", 1 sound.")).to_be_visible()
    expect(page.get_by_label("Latin::Odd")).to_be_checked()
    page.get_by_label("Parent deck (optional)").fill("From Anki")
    page.get_by_role("button", name="Import", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Imported")).to_be_visible(timeout=90_000)
    expect(page.get_by_text("20 cards, 100 reviews")).to_be_visible()
    expect(page.get_by_text("1 card: its question is empty.")).to_be_visible()

    report = page.url
    page.get_by_role("link", name="View the cards").press("Enter")
    person.arrive(r"/cards/$")
    expect(page.locator("#browser-found")).to_have_text("20 cards")
    page.locator(".browser-line").first.focus()
    person.press("x", "j", "x")
    expect(page.locator("#browser-count")).to_contain_text("2")
    page.locator(".browser-bar summary", has_text="More").press("Enter")
    page.get_by_role("button", name="Export as an Anki package or a table").press("Enter")
    expect(page.get_by_text("2 cards that you selected")).to_be_visible()
    page.get_by_role("button", name="Create file").press("Enter")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").press("Enter")
    assert download.value.suggested_filename.endswith(".apkg")

    page.goto(report)
    page.get_by_role("button", name="Undo the import").press("Enter")
    expect(page.get_by_role("heading", name="The import is undone")).to_be_visible(timeout=90_000)
    page.goto("/decks/")
    expect(page.get_by_role("heading", name="No decks yet")).to_be_visible()
