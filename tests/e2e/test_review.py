"""The review in a browser: by keys alone, through reloads, double clicks and a lost connection."""

import re
from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from tests.e2e.stored import rows
from tests.e2e.visit import PATIENCE_MS, Visit, send

pytestmark = pytest.mark.browser


@pytest.fixture
def learner(visit: Callable[..., Visit]) -> Visit:
    """Somebody with three cards of their own."""
    person = visit()
    person.sign_up()
    for number in (1, 2, 3):
        write_card(person.page, f"What is {number} + {number}?", str(2 * number))
    return person


def write_card(page: Page, question: str, answer: str) -> None:
    """Save a card, without having the page drawn on which it is written."""
    send(page, "/cards/new/", kind="basic", question=question, answer=answer)


def _reviews(person: Visit, owner: str) -> list[tuple[int, int]]:
    """Return (sequence, rating) of each review that LanceDB has, in that order."""
    person.site.call("checkpoint")
    return sorted(
        (log["sequence"], log["rating"]) for log in rows(person.site, "review_logs", owner)
    )


def test_it_is_done_without_touching_the_mouse(learner: Visit) -> None:
    page = learner.page
    # The second key counts for a moment only, which a slow machine may take for itself.
    page.clock.set_fixed_time(timezone.now())
    page.goto("/chat/")
    page.get_by_label("Message", exact=True).blur()
    learner.press("g", "r")
    learner.arrive("/review/$")
    owner = learner.begin_review()
    # Sentences that miss their field: no letter of them is a key, whatever key it would be.
    first = learner.card_on_page()
    for sentence in ("suspend it, bury it", "great: go right there?", "eel", "uses 3 of 4 words!"):
        page.keyboard.type(sentence, delay=20)
        learner.press("Enter")
        page.wait_for_timeout(400)
    assert learner.card_on_page() == first
    expect(page.locator("#review-back")).to_be_hidden()
    for rating in ("4", "4", "4"):
        card = learner.card_on_page()
        expect(page.locator("#review-back")).to_be_hidden()
        learner.press("Space")
        expect(page.locator("#review-back")).to_be_visible()
        learner.press(rating)
        expect(page.locator(f'#review-stage:not([data-card="{card}"])')).to_be_visible()
    expect(page.get_by_role("heading", name="Done for today")).to_be_focused()

    learner.press("u")
    expect(page.locator("#review-stage")).to_have_attribute("data-kind", "card")
    assert (0, 4) in _reviews(learner, owner)

    _look_at_the_charts(learner)


def _look_at_the_charts(learner: Visit) -> None:
    """Go to the statistics and along a chart by keys, and from a bar to its cards."""
    page = learner.page
    learner.press("g", "i")
    learner.arrive("/insight/$")
    tip, chart = page.locator(".chart-tip"), page.locator("#chart-hours")
    chart.scroll_into_view_if_needed()
    learner.tab_to(chart.locator(".chart-item").first)
    # How many it shows depends on the hour in which this runs.
    expect(tip).to_contain_text(re.compile(r"^00:00 – 01:00: \d reviews"))
    learner.press("End", "ArrowRight", "ArrowLeft")
    expect(tip).to_contain_text("22:00 – 23:00")
    expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("^22:00 – 23:00"))
    # The chart is one stop, and one comes back to where one was.
    learner.press("Tab", "Shift+Tab")
    expect(tip).to_contain_text("22:00 – 23:00")
    learner.press("Escape")
    expect(tip).to_be_hidden()

    bar = page.locator("#chart-buttons .chart-item").first
    bar.hover()
    expect(tip).to_contain_text("Learning, Easy: 2 of 2, 100%")
    expect(tip).to_be_visible()
    bar.focus()
    learner.press("Enter")
    learner.arrive(r"/cards/\?q=rated")
    expect(page.locator(".browser-line")).to_have_count(2)


def test_tab_reaches_every_rating_and_enter_gives_it(learner: Visit) -> None:
    page = learner.page
    learner.begin_review()
    card = learner.card_on_page()
    learner.press("Space")
    for name in ("Again", "Hard", "Good", "Easy"):
        learner.press("Tab")
        expect(page.get_by_role("button", name=name)).to_be_focused()
    learner.press("Enter")
    expect(page.locator(f'#review-stage:not([data-card="{card}"])')).to_be_visible()


def test_reloading_in_the_middle_loses_nothing(learner: Visit) -> None:
    page = learner.page
    owner = learner.begin_review()
    learner.rate("Easy")
    second = learner.card_on_page()
    page.reload()
    assert learner.card_on_page() == second
    page.get_by_role("button", name="Show answer").click()
    page.reload()
    assert learner.card_on_page() == second
    assert learner.review_everything() == 2
    assert _reviews(learner, owner) == [(0, 4), (0, 4), (0, 4)]


def test_a_double_click_on_a_rating_counts_once(learner: Visit) -> None:
    page = learner.page
    owner = learner.begin_review()
    first = learner.card_on_page()
    # The server answers after both clicks, or the second would be one on what comes next.
    sent: list[Route] = []
    page.route("**/rate/", lambda route: sent.append(route))
    page.get_by_role("button", name="Show answer").click()
    page.locator("#review-rate").get_by_role("button", name="Easy").dblclick()
    for route in sent:
        route.continue_()
    page.unroute("**/rate/")
    expect(page.locator(f'#review-stage:not([data-card="{first}"])')).to_be_visible()
    expect(page.locator("#review-back")).to_be_hidden()
    assert len(_reviews(learner, owner)) == 1


def test_a_rating_given_without_a_connection_is_sent_when_it_is_back(learner: Visit) -> None:
    page = learner.page
    owner = learner.begin_review()
    card = learner.card_on_page()
    learner.expected_statuses = {0}
    page.get_by_role("button", name="Show answer").click()
    learner.context.set_offline(True)
    page.locator("#review-rate").get_by_role("button", name="Easy").click()
    expect(page.locator("#review-offline")).to_be_visible()
    learner.context.set_offline(False)
    expect(page.locator(f'#review-stage:not([data-card="{card}"])')).to_be_visible(
        timeout=PATIENCE_MS
    )
    assert _reviews(learner, owner) == [(0, 4)]


def test_two_tabs_do_not_count_a_card_twice(learner: Visit) -> None:
    owner = learner.begin_review()
    other = learner.context.new_page()
    other.goto("/review/")
    for page in (learner.page, other):
        page.get_by_role("button", name="Show answer").click()
    learner.expected_statuses = {409}
    for page in (learner.page, other):
        page.locator("#review-rate").get_by_role("button", name="Easy").click()
        expect(page.locator("#review-back")).to_be_hidden()
    assert len(_reviews(learner, owner)) == 1


def test_a_message_covers_nothing_and_moves_no_button(learner: Visit) -> None:
    page = learner.page
    learner.begin_review()
    for width, height in ((320, 568), (390, 844), (768, 1024), (1440, 900)):
        page.set_viewport_size({"width": width, "height": height})
        page.goto("/review/")
        before = page.locator("#review-reveal").bounding_box()
        learner.press("h")
        expect(page.locator(".toast")).to_have_text("This card has no source.")
        assert page.locator("#review-reveal").bounding_box() == before
        assert _covered(page) == [], width
        learner.press("!")
        expect(page.locator(".toast").last).to_contain_text("a leech.")
        assert _covered(page) == [], width
        learner.press("u")
        expect(page.locator(".toast").last).to_contain_text("Undone:")


def _covered(page: Page) -> list[str]:
    """Return the parts of the review that its messages lie on."""
    covered: list[str] = page.evaluate(
        """() => {
          const boxes = (selector) => [...document.querySelectorAll(selector)]
            .map((each) => [each, each.getBoundingClientRect()])
            .filter(([each, box]) => each.checkVisibility() && box.width && box.height);
          const parts = ".review-bar-row, .review-front > *, .review-back, .review-actions form";
          return boxes(".toast").flatMap(([, toast]) => boxes(parts)
            .filter(([, part]) => toast.left < part.right && part.left < toast.right
              && toast.top < part.bottom && part.top < toast.bottom)
            .map(([each]) => each.className || each.tagName));
        }"""
    )
    return covered
