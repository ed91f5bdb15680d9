"""A conversation with versions, a key that fails, and a model that means harm, in a browser."""

import re
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import Visit
from tests.live import LiveMemoryLoop
from tests.servers.claude import ClaudeServer

pytestmark = pytest.mark.browser

HOSTILE = """<script>document.title = "taken"</script><img src="https://evil.example/x.png">
<img src=x onerror="document.title = 'taken'"> ![y](https://evil.example/y.png)
<svg onload="document.title = 'taken'; window.ran = 1"></svg><style>body { display: none }</style>

[press me](javascript:document.title='taken') <iframe src="https://evil.example/"></iframe>
<meta http-equiv="refresh" content="0;url=https://evil.example/"><base href="https://evil.example/">
<div hx-get="https://evil.example/" hx-trigger="load" data-stream="https://evil.example/">x</div>

"""


def test_an_answer_and_a_question_have_versions_with_a_way_between_them(
    visit: Callable[..., Visit], site: LiveMemoryLoop, claude: ClaudeServer
) -> None:
    person = visit()
    page = person.page
    person.sign_up()
    person.save_claude_key()
    page.goto("/chat/")
    claude.reply("The first answer.")
    person.ask("What is a cell?")
    claude.reply("The second answer.")

    # What is typed next, after every act, goes into the composer and presses no key of the page.
    composer = page.get_by_label("Message", exact=True)
    expect(composer).to_be_focused()
    page.get_by_role("button", name="Regenerate").click()

    expect(page.get_by_text("The second answer.")).to_be_visible()
    expect(composer).to_be_focused()
    page.keyboard.type("great")
    expect(composer).to_have_value("great")
    composer.fill("")
    expect(page.get_by_text("2 / 2")).to_be_visible()
    expect(page.get_by_text("The first answer.")).to_have_count(0)
    page.get_by_role("button", name="Previous version").click()
    expect(page.get_by_text("The first answer.")).to_be_visible()
    expect(page.get_by_text("1 / 2")).to_be_visible()

    page.get_by_role("link", name="Edit").click()
    field = page.get_by_label("Your edited message")
    expect(field).to_be_focused()
    field.fill("What is a plant's cell?")
    claude.reply("It has a wall.")
    person.press("Enter")
    expect(page.get_by_text("It has a wall.")).to_be_visible()
    expect(composer).to_be_focused()
    # Where it was left is where it is found.
    page.reload()
    expect(page.get_by_text("It has a wall.")).to_be_visible()
    # Below the other version of the question, what was said last comes first.
    page.get_by_role("button", name="Previous version").click()
    expect(page.get_by_text("The second answer.")).to_be_visible()

    page.get_by_role("button", name="Fork").last.click()
    expect(page.get_by_text("Forked from")).to_be_visible()
    expect(page.get_by_text("The second answer.")).to_be_visible()


def test_a_key_that_fails_is_told_in_a_dialog_and_the_message_is_answered_after_all(
    visit: Callable[..., Visit], site: LiveMemoryLoop, claude: ClaudeServer
) -> None:
    person = visit()
    page = person.page
    person.sign_up()
    person.save_claude_key()
    page.goto("/chat/")
    # Told in a dialog while the answer is awaited: the page has to be there first.
    claude.script(status=401, first_delay_seconds=3)
    page.get_by_label("Message", exact=True).fill("What is a cell?")
    page.get_by_role("button", name="Ask", exact=True).click()

    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", name="Claude refused the key")).to_be_visible()
    expect(dialog.get_by_role("link", name="Fix the key")).to_be_visible()
    expect(dialog.get_by_role("button", name="Retry")).to_be_visible()
    dialog.get_by_role("button", name="Answer offline").click()

    expect(page.locator(".message--answer .badge")).to_contain_text("Offline")
    expect(dialog).to_have_count(0)
    expect(page.locator(".message")).to_have_count(2)


@pytest.mark.parametrize("provider", ["claude", "ollama"])
def test_what_a_hostile_model_says_runs_nothing_loads_nothing_and_hangs_nothing(
    provider: str, visit: Callable[..., Visit], request: pytest.FixtureRequest
) -> None:
    model = request.getfixturevalue(provider)
    if provider == "claude":
        person = visit()
        person.sign_up()
        person.save_claude_key()
    else:
        person = visit(to=request.getfixturevalue("ollama_site"))
        person.sign_up()
    page = person.page
    page.goto("/chat/")
    rest = threading.Event()
    text = f"{HOSTILE}The middle of it.\n\n{HOSTILE}{'- ' * 5_000}the end of it"
    # So many events at a time that all of the first half is there when the rest is held back.
    model.reply(text, together=13, held=rest)
    page.get_by_label("Message", exact=True).fill("Do your worst.")
    page.get_by_role("button", name="Ask", exact=True).click()
    person.arrive(r"/chat/[0-9a-f-]{36}/")

    # While it streams, when it is whole, and when the page is opened anew.
    expect(page.get_by_text("The middle of it.")).to_be_attached()
    expect(page.get_by_text("Writing")).to_be_visible()
    _nothing_happened(person)
    rest.set()
    person.wait_for_answer()
    for _ in range(2):
        expect(page.get_by_text("the end of it")).to_be_attached()
        _nothing_happened(person)
        # The page still does what it is told.
        page.get_by_label("Message", exact=True).fill("Still there?")
        page.reload()


def _nothing_happened(person: Visit) -> None:
    """Check the page; what it asked another host for is checked at the end of every visit."""
    page = person.page
    expect(page.get_by_role("link", name="press me")).to_have_count(0)
    active = page.locator(".prose").locator(
        "img, iframe, svg, script, style, link, meta, base, form, object, embed, video, [hx-get]"
    )
    expect(active).to_have_count(0)
    expect(page).to_have_title(re.compile("Do your worst"))
    assert page.evaluate("window.ran") is None


def test_a_model_that_says_nothing_for_long_is_told_before_it_is_given_up(
    visit: Callable[..., Visit], site: LiveMemoryLoop, claude: ClaudeServer
) -> None:
    person = visit()
    page = person.page
    person.sign_up()
    person.save_claude_key()
    page.clock.install()
    page.goto("/chat/")
    claude.script(hang_after=0)
    page.get_by_label("Message", exact=True).fill("Are you there?")
    page.get_by_role("button", name="Ask", exact=True).click()
    person.arrive(r"/chat/[0-9a-f-]{36}/")
    expect(page.get_by_text("Writing")).to_be_visible()
    expect(page.get_by_text("No text yet")).to_be_hidden()

    page.clock.fast_forward(11_000)

    expect(page.get_by_text("No text yet")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped")).to_be_visible()
    expect(page.get_by_text("No text yet")).to_have_count(0)
    expect(page.locator(".message-text").get_by_text("Are you there?")).to_be_visible()
