"""Every way to a card, by keyboard alone: a passage, an answer, a text, a file, by hand, split."""

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
    conversation = person.page.url
    ask = person.page.locator(".composer-ask, #composer-content").last
    person.tab_to(ask)
    person.press("Tab")
    selected = ""
    for _ in range(40):
        person.press("v")
        selected = person.page.evaluate("String(getSelection())")
        if "Hermann Ebbinghaus" in selected:
            break
    assert selected.startswith("Hermann Ebbinghaus measured"), selected
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

    person.page.goto(conversation)
    person.press("/")
    person.page.keyboard.insert_text("And how do reviews help?")
    person.press("Enter")
    expect(person.page.locator(".message--answer")).to_have_count(2)
    person.wait_for_answer()
    answer = person.page.locator(".message--answer").last
    person.tab_to(answer.get_by_role("link", name="Make cards"), back=True)
    person.press("Enter")
    assert person.draft_cards() > 1
    person.press("Control+Enter")
    expect(person.page.locator(".toast", has_text="added")).to_be_visible()


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
    person.page.get_by_role("button", name="Upload").click()
    person.page.get_by_role("button", name="Make cards").click()
    assert person.draft_cards() >= 1
    person.keep_cards()

    person.begin_review()
    person.page.get_by_role("button", name="Show answer").click()
    person.page.get_by_role("link", name="Show source").click()
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
    page.locator("[data-file]").set_input_files([picture])
    expect(question).to_have_value(re.compile(r"!\[\]\(/media/[0-9a-f]{12}\.png\)"))
    expect(page.locator("#card-preview img").first).to_be_visible()
    expect(page.get_by_label("Images and sounds in this field").locator("img")).to_be_visible()
    person.press("Control+Enter")
    expect(page.locator(".toast", has_text="Card saved.")).to_be_visible()

    # The next one has the same kind, and the focus.
    expect(page.get_by_role("radio", name="Gaps in a text")).to_be_checked()
    expect(question).to_be_focused()
    person.arrive(r"/cards/new/\?kind=cloze$")
    person.tab_to(page.get_by_role("radio", name="Gaps in a text"), back=True)
    person.press("ArrowUp", "ArrowUp")
    expect(page.get_by_role("radio", name="Question and answer")).to_be_checked()
    question.fill("Which bases are in DNA?")
    for key, marked in (("b", "**{}**"), ("i", "*{}*"), ("e", "`{}`"), ("m", "${}$")):
        person.press("Control+a", f"Control+{key}")
        expect(question).to_have_value(marked.format("Which bases are in DNA?"))
        person.press(f"Control+{key}")
        expect(question).to_have_value("Which bases are in DNA?")
    page.get_by_label("Answer", exact=True).fill("Adenine, thymine, guanine and cytosine")
    expect(page.locator("#card-preview .finding")).to_contain_text("lists 4 things")
    person.press("Control+Enter")
    expect(question).to_have_value("")

    page.goto("/cards/")
    person.press("/", "ArrowDown", "Enter")
    person.arrive(r"/cards/[0-9a-f-]{36}/$")
    person.press("p")
    expect(page.locator("[data-draft]")).to_have_count(4)
    person.press("Control+Enter")
    toast = page.locator(".toast", has_text="4 cards added.")
    person.tab_to(toast.get_by_role("button", name="Undo"))
    person.press("Enter")
    expect(page.locator(".toast", has_text="The card is restored")).to_be_visible()


def test_a_pasted_text_and_a_file_become_cards_without_a_mouse(
    visit: Callable[..., Visit],
) -> None:
    person = visit()
    person.sign_up()
    page = person.page
    composer = page.get_by_label("Message", exact=True)
    person.press("/")
    expect(composer).to_be_focused()
    page.keyboard.insert_text(NOTES)
    person.tab_to(page.get_by_role("button", name="Make cards from this"))
    person.press("Enter")
    assert person.draft_cards() >= 1
    # One is dropped and another one mended before they are added.
    person.press("ArrowDown", "Space", "ArrowDown")
    person.settle()
    person.press("e")
    expect(page.locator(".draft-form textarea").first).to_be_focused()
    page.keyboard.insert_text("In your own words: ")
    person.press("Control+Enter")
    expect(page.locator("[data-draft]", has_text="In your own words:")).to_be_visible()
    person.settle()
    person.press("Control+Enter")
    expect(page.locator(".toast", has_text="added")).to_be_visible()

    page.goto("/documents/")
    chooser = page.get_by_label("A text, Markdown or PDF file")
    person.tab_to(chooser)
    # The dialog of the operating system: what is chosen there has no page.
    file: FilePayload = {"name": "a.txt", "mimeType": "text/plain", "buffer": NOTES.encode()}
    chooser.set_input_files([file])
    person.tab_to(page.get_by_role("button", name="Upload"))
    person.press("Enter")
    person.tab_to(page.get_by_role("button", name="Make cards"))
    person.press("Enter")
    assert person.draft_cards() >= 1
