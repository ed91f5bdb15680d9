"""The ways to a card, by keyboard where there is a key: a passage, a file, by hand, and split."""

import io
import re
from collections.abc import Callable

import PIL.Image
import pytest
from playwright.sync_api import FilePayload, expect

from tests.e2e.visit import Visit

pytestmark = pytest.mark.browser

NOTES = """# Osmosis

Osmosis is the movement of water through a membrane. In 1796 the British doctor Edward Jenner
inoculated James Phipps. A human cell contains 46 chromosomes in its nucleus.
"""


def _picture() -> bytes:
    stream = io.BytesIO()
    PIL.Image.new("RGB", (40, 30), (10, 120, 200)).save(stream, "PNG")
    return stream.getvalue()


def test_a_passage_of_an_answer_becomes_cards_and_review_shows_its_words(
    visit: Callable[..., Visit],
) -> None:
    person = visit()
    person.sign_up()
    person.save_claude_key()
    person.page.goto("/chat/")
    person.ask("How does memory fade?")
    passage = person.page.locator(".message--answer .prose p", has_text="Hermann Ebbinghaus").last
    passage.scroll_into_view_if_needed()
    passage.select_text()
    expect(person.page.get_by_role("button", name="Make cards from selection")).to_be_visible()
    person.press("c")

    expect(person.page).to_have_url(re.compile(r"/cards/make/[0-9a-f-]+/\?from=\d+&to=\d+"))
    assert person.draft_cards() >= 1
    expect(person.page.get_by_text("From a passage of")).to_be_visible()
    person.press("Control+Enter")
    expect(person.page.locator(".toast", has_text="added")).to_be_visible()

    person.begin_review()
    person.press("Space", "h")
    expect(person.page.locator("#review-source mark")).to_contain_text("Ebbinghaus")


def test_a_file_becomes_cards_that_show_where_they_come_from(visit: Callable[..., Visit]) -> None:
    person = visit(width=390)
    person.sign_up()
    person.page.goto("/documents/")
    file: FilePayload = {
        "name": "cells.md",
        "mimeType": "text/markdown",
        "buffer": NOTES.encode(),
    }
    person.page.get_by_label("A text, Markdown or PDF file").set_input_files([file])
    person.page.get_by_role("button", name="Read the file").click()
    person.page.get_by_role("button", name="Make cards").click()
    assert person.draft_cards() >= 1
    person.keep_cards()

    person.begin_review()
    person.page.get_by_role("button", name="Show answer").click()
    person.page.get_by_role("link", name="Where it comes from").click()
    expect(person.page.locator("#review-source mark")).to_contain_text("Osmosis")
    expect(person.page.locator("#review-source")).to_contain_text("cells.md")


def test_notes_are_written_one_after_the_other_by_keyboard_and_one_is_split(
    visit: Callable[..., Visit],
) -> None:
    person = visit()
    person.sign_up()
    page = person.page
    page.goto("/cards/new/")
    question = page.get_by_label("Question", exact=True)
    expect(question).to_be_focused()
    person.press(*"Paris", "Space", *"Seine", "Control+Shift+ArrowLeft", "Control+Shift+c")
    expect(question).to_have_value("Paris {{c1::Seine}}")
    picture: FilePayload = {
        "name": "x.png",
        "mimeType": "image/png",
        "buffer": _picture(),
    }
    page.locator("[data-image]").set_input_files([picture])
    expect(question).to_have_value(re.compile(r"!\[\]\(/media/[0-9a-f]{64}\.png\)"))
    expect(page.locator("#card-preview img").first).to_be_visible()
    person.press("Control+Enter")
    expect(page.locator(".toast", has_text="Card saved.")).to_be_visible()

    # The next one has the same kind, and the focus.
    expect(page.get_by_role("radio", name="Gaps in a text")).to_be_checked()
    expect(question).to_be_focused()
    page.get_by_role("radio", name="Question and answer").check()
    question.fill("Which bases are in DNA?")
    page.get_by_label("Answer", exact=True).fill("Adenine, thymine, guanine and cytosine")
    expect(page.locator("#card-preview .finding")).to_contain_text("lists 4 things")
    person.press("Control+Enter")
    expect(page).to_have_url(re.compile(r"/cards/new/$"))

    page.goto("/cards/")
    page.get_by_role("link", name="Which bases are in DNA?").click()
    page.goto(f"{page.url}split/")
    page.get_by_role("button", name="Split it").click()
    expect(page.locator("[data-draft]")).to_have_count(4)
    person.press("Control+Enter")
    toast = page.locator(".toast", has_text="4 cards added.")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="The card is back")).to_be_visible()
