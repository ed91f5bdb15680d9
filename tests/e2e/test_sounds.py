"""Sounds in a browser: put on a card, played with their side, and again by a key."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.visit import Visit, send
from tests.sounds import wav
from tests.waiting import wait_until

pytestmark = pytest.mark.browser

# The sounds that were begun, in order, by the end of their names.
LISTEN = """
window.heard = [];
document.addEventListener("play", (event) => heard.push(event.target.src.slice(-12)), true);
"""


def heard(page: Page, wanted: str) -> None:
    """Wait until it has been begun, and nothing else, since the last time."""
    # The policy of our pages lets no test wait by a script of its own.
    wait_until(lambda: page.evaluate("heard.length"))
    assert set(page.evaluate("heard.splice(0)")) == {wanted}


def test_they_are_written_heard_and_heard_again(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    person = visit()
    person.sign_up()
    page = person.page
    page.add_init_script(LISTEN)
    names = []
    page.goto("/cards/new/")
    for field, level in (("Question", 100), ("Answer", 150)):
        (tmp_path / "guten morgen.wav").write_bytes(wav(level, seconds=0.05))
        page.get_by_label(field, exact=True).fill("Hear: ")
        page.locator("[data-file]").set_input_files(tmp_path / "guten morgen.wav")
        listed = page.locator(f"textarea[name={field.lower()}] ~ .editor-images")
        expect(listed.get_by_text("guten morgen")).to_be_visible()
        names.append(str(listed.locator("audio").get_attribute("src")))
    page.get_by_role("button", name="Save").first.click()
    person.arrive("/cards/")

    page.goto("/review/")
    front = page.locator("#review-front audio")
    question = str(front.get_attribute("src"))[-12:]
    answer = str(page.locator("#review-back audio").get_attribute("src"))[-12:]
    assert {question[-4:], answer[-4:]} == {".wav"}
    assert question != answer
    assert front.get_attribute("aria-label") == "Sound: guten morgen"
    # A browser may refuse until the page is touched. From then on r plays the side that is seen.
    page.mouse.click(5, 5)
    person.press("r")
    heard(page, question)
    # What a player has the focus for is its own: Space plays and does not show the answer.
    wait_until(lambda: front.evaluate("sound => sound.paused"))
    front.focus()
    person.press("Space")
    heard(page, question)
    expect(page.locator("#review-back")).to_be_hidden()
    page.locator("#review-card").focus()
    person.press("Space")
    expect(page.locator("#review-back")).to_be_visible()
    heard(page, answer)
    person.press("r")
    heard(page, answer)
    # After a rating the next card's question is heard by itself.
    send(page, "/cards/new/", kind="basic", question=f"Two ![](/media/{names[1][7:]})", answer="b")
    person.press("1")
    expect(page.locator("#review-front")).to_contain_text("Two")
    heard(page, answer)

    # Who does not want that hears nothing until they ask.
    page.goto("/settings/study/")
    page.get_by_label("Play sounds").uncheck()
    page.get_by_role("button", name="Save").click()
    page.goto("/review/")
    page.mouse.click(5, 5)
    person.press("Space")
    expect(page.locator("#review-back")).to_be_visible()
    assert page.evaluate("heard") == []
    person.press("r")
    wait_until(lambda: page.evaluate("heard.length"))
