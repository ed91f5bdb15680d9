"""What every page can do: the palette, the keys, toasts, and losing the connection."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.e2e.test_review import write_card
from tests.e2e.visit import Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def learner(visit: Callable[..., Visit]) -> Visit:
    person = visit()
    person.sign_up()
    return person


def test_the_palette_goes_to_pages_conversations_and_cards(learner: Visit) -> None:
    page = learner.page
    write_card(page, "Who described the forgetting curve?", "Hermann Ebbinghaus")
    page.goto("/chat/")
    learner.ask("Tell me about tardigrades")
    search = learner.open_palette()
    search.fill("settings")
    # The page of that name comes before the review settings.
    expect(page.locator("#palette [role=option]")).to_have_count(2)
    learner.press("Enter")
    expect(page).to_have_url(re.compile("/settings/$"))

    for words, title, leads_to in (
        ("tardi", "tardigrades", "/chat/[0-9a-f-]{36}/$"),
        ("ebbinghaus", "forgetting curve", "/cards/[0-9a-f-]{36}/$"),
        ("ebinghaus", "forgetting curve", "/cards/[0-9a-f-]{36}/$"),
    ):
        search = learner.open_palette()
        search.fill(words)
        page.locator("#palette [role=option]").filter(has_text=title).first.click()
        expect(page).to_have_url(re.compile(leads_to))

    page.goto("/cards/")
    page.locator("#cards-q").fill("ebinghaus")
    expect(page.get_by_text("Did you mean")).to_contain_text("Ebbinghaus")
    expect(page.locator(".near-link")).to_contain_text("spelt alike")
    search = learner.open_palette()
    search.fill("nothing is called this")
    expect(page.get_by_text("Nothing fits")).to_be_visible()
    learner.press("Escape")
    expect(search).to_be_hidden()


def test_the_arrow_keys_choose_in_the_palette(learner: Visit) -> None:
    page = learner.page
    learner.open_palette()
    options = page.locator("#palette [role=option]")
    expect(options.first).to_have_attribute("aria-selected", "true")
    learner.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    learner.press("ArrowUp")
    learner.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")


def test_the_tour_is_taken_by_keyboard_and_the_palette_turns_the_light_down(
    learner: Visit,
) -> None:
    page = learner.page
    start = page.get_by_role("link", name="Start the tour")
    start.focus()
    learner.press("Enter")
    for name in ("Make the card", "Show answer", re.compile("^Good")):
        expect(page.locator("#tour").get_by_role("button", name=name)).to_be_focused()
        learner.press("Enter")
    expect(page.get_by_role("link", name="Make more cards")).to_be_focused()

    paper = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(paper)
    for theme in ("dark", "system"):
        learner.open_palette().fill(theme)
        expect(page.locator("#palette [role=option][aria-selected=true]")).to_contain_text(
            theme, ignore_case=True
        )
        learner.press("Enter")
        expect(page.locator("#palette")).to_be_hidden()
        # Chosen for every page.
        page.reload()
        assert (page.evaluate(paper) == light) == (theme == "system")

    learner.open_palette().fill("sign out")
    expect(page.get_by_role("option", name="Log out")).to_have_attribute("aria-selected", "true")
    learner.press("Enter")
    learner.arrive("/$")


def test_the_palette_shows_nobody_elses(learner: Visit, visit: Callable[..., Visit]) -> None:
    write_card(learner.page, "What is Ada's secret?", "An engine")
    other = visit()
    other.sign_up("Bob")
    other.open_palette().fill("secret")
    expect(other.page.get_by_text("Nothing fits")).to_be_visible()


def test_a_question_mark_lists_the_keys_of_the_page(learner: Visit) -> None:
    page = learner.page
    page.get_by_label("Message", exact=True).press("?")
    expect(page.locator("#keys")).to_be_hidden()
    page.get_by_label("Message", exact=True).blur()
    learner.press("?")
    expect(page.locator("#keys")).to_contain_text("New line")
    expect(page.locator("#keys")).to_contain_text("Go anywhere")
    learner.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_a_deleted_card_comes_back_from_its_toast(learner: Visit) -> None:
    page = learner.page
    write_card(page, "What is a quokka?", "A small wallaby")
    page.goto("/cards/")
    page.get_by_role("link", name="What is a quokka?").click()
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.locator(".toast")).to_contain_text("deleted")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Card restored.")
    page.goto("/cards/")
    expect(page.get_by_role("link", name="What is a quokka?")).to_be_visible()


def test_a_toast_stays_while_it_is_pointed_at(learner: Visit) -> None:
    page = learner.page
    began = timezone.now()
    page.clock.install(time=began)
    page.reload()
    # Nothing goes by itself while the pointer is on its way, however long that takes.
    page.clock.pause_at(began + timedelta(hours=1))
    page.evaluate("document.dispatchEvent(new CustomEvent('toast', {detail: {text: 'Kept.'}}))")
    toast = page.locator(".toast")
    toast.hover()
    page.clock.run_for(60_000)
    expect(toast).to_be_visible()
    page.mouse.move(5, 5)
    page.clock.run_for(60_000)
    expect(toast).to_have_count(0)


def test_losing_the_connection_says_so_and_nothing_typed_is_lost(learner: Visit) -> None:
    page = learner.page
    learner.ask("What is a tardigrade?")
    learner.expected_statuses = {0}
    learner.context.set_offline(True)
    expect(page.locator(".toast")).to_contain_text("offline")
    composer = page.get_by_label("Message", exact=True)
    composer.fill("And how long does it live?")
    learner.press("Enter")
    expect(page.locator(".toast").get_by_role("button", name="Retry")).to_be_visible()
    expect(composer).to_have_value("And how long does it live?")
    learner.context.set_offline(False)
    page.get_by_role("button", name="Retry").click()
    expect(page.get_by_text("And how long does it live?").last).to_be_visible()
    learner.wait_for_answer()
    expect(page.locator(".message")).to_have_count(4)


def test_a_server_that_answers_again_ends_what_says_it_does_not(learner: Visit) -> None:
    page = learner.page
    learner.ask("What is a tardigrade?")
    learner.expected_statuses = {0}
    page.route("**/*", lambda route: route.abort())
    page.get_by_label("Message", exact=True).fill("And how long does it live?")
    learner.press("Enter")
    told = page.get_by_text("The server cannot be reached")
    expect(told).to_be_visible()
    page.unroute("**/*")
    expect(told).to_have_count(0, timeout=15_000)
    learner.press("Enter")
    learner.wait_for_answer()
    expect(page.locator(".message")).to_have_count(4)


def test_the_skip_link_leads_past_the_rail(learner: Visit) -> None:
    page = learner.page
    page.goto("/cards/")
    learner.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    learner.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_paper_shows_what_a_page_says_and_nothing_to_press(learner: Visit) -> None:
    page = learner.page
    write_card(page, "What is a quokka?", "A small wallaby")
    page.emulate_media(media="print", color_scheme="dark")
    for address, content in (("/cards/", ".browser-line th"), ("/settings/study/", "form .field")):
        page.goto(address)
        expect(page.locator(content).first).to_be_visible()
        assert page.locator(".rail:visible, button:visible, [role=search]:visible").count() == 0
        # By daylight, though the screen is dark.
        expect(page.locator("h1")).to_have_css("color", "rgb(37, 33, 27)")


def test_what_is_due_stands_in_the_rail(learner: Visit) -> None:
    page = learner.page
    write_card(page, "What is a quokka?", "A small wallaby")
    page.goto("/cards/")
    expect(page.get_by_role("link", name=re.compile("Review.*1 due"))).to_be_visible()
