"""Sessions of fifty cards: by keys, by fingers, offline now and then, in two tabs."""

import contextlib
from collections import Counter
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.given import give_cards
from tests.e2e.stored import rows
from tests.e2e.visit import PATIENCE_MS, Visit

pytestmark = pytest.mark.browser

CARDS = 50
NOTHING_KEPT = (
    "() => Object.keys(localStorage).every((key) => !key.startsWith('memoryloop.rating'))"
)
# At these cards the connection is away, and at these the server's answer is lost on its way.
OFFLINE_AT = (11, 12, 30)
LOST_AT = (20, 41)
# A finger put down, moved sideways and lifted; in one go, or a busy machine makes it a long press.
SWIPE = """(element, distance) => {
  const { left, top } = element.getBoundingClientRect();
  const send = (type, moved) => {
    const touch = new Touch({
      identifier: 1, target: element, clientX: left + 150 + moved, clientY: top + 8,
    });
    const touches = type === "touchend" ? [] : [touch];
    const event = { bubbles: true, touches, changedTouches: [touch] };
    element.dispatchEvent(new TouchEvent(type, event));
  };
  send("touchstart", 0);
  for (const share of [0.2, 0.6, 1]) send("touchmove", distance * share);
  send("touchend", distance);
}"""


@pytest.fixture
def learn(visit: Callable[..., Visit]) -> Callable[..., tuple[Visit, str]]:
    """Return a function that opens a visit of somebody with fifty cards, and their id."""

    def begin(**how: object) -> tuple[Visit, str]:
        person = visit(**how)
        give_cards(person, person.sign_up(), CARDS)
        return person, person.begin_review()

    return begin


def card_on(page: Page) -> str:
    return page.locator("#review-stage").get_attribute("data-card") or ""


def expect_another(page: Page, card: str, *, timeout_ms: float = PATIENCE_MS) -> None:
    another = page.locator(f'#review-stage:not([data-card="{card}"])')
    expect(another).to_be_visible(timeout=timeout_ms)


def answer(page: Page) -> None:
    page.keyboard.press("Space")
    expect(page.locator("#review-back")).to_be_visible()
    page.keyboard.press("3")


def answer_until_another(page: Page, card: str) -> None:
    """Answer as somebody does who sees the same card again: once more.

    What a slow server had not confirmed is sent again, for both tabs by each, and each answer
    draws the card anew.
    """
    for _ in range(10):
        answer(page)
        with contextlib.suppress(AssertionError):
            expect_another(page, card, timeout_ms=5_000)
            return
    raise AssertionError("The card does not go.")


def stored_ratings(person: Visit, owner: str) -> list[int]:
    """Return the rating of each review that LanceDB has. Fails if a card has more than one."""
    person.site.call("checkpoint")
    logs = rows(person.site, "review_logs", owner)
    twice = {card: n for card, n in Counter(log["flashcard_id"] for log in logs).items() if n > 1}
    assert twice == {}
    return [log["rating"] for log in logs]


def lose_one_answer(page: Page) -> None:
    """Let the next rating reach the server, and its answer not reach the page."""

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionreset")

    page.route("**/rate/", lose, times=1)


def test_fifty_cards_by_keys_through_a_connection_that_comes_and_goes(
    learn: Callable[..., tuple[Visit, str]],
) -> None:
    person, owner = learn()
    page = person.page
    person.expected_statuses = {0}
    given = []
    for number in range(CARDS):
        card, rating = card_on(page), number % 4 + 1
        person.press("Space")
        expect(page.locator("#review-back")).to_be_visible()
        if number in OFFLINE_AT:
            person.context.set_offline(True)
        if number in LOST_AT:
            lose_one_answer(page)
        person.press(str(rating))
        if number in OFFLINE_AT:
            expect(page.locator("#review-offline")).to_be_visible()
            # Pressed again and again, it is still one rating.
            person.press(str(rating), str(5 - rating))
            person.context.set_offline(False)
        expect_another(page, card)
        given.append(rating)
    expect(page.get_by_role("heading", name="Done for today")).to_be_focused()
    expect(page.locator(".review-figures")).to_contain_text(f"Reviews{CARDS}")
    assert Counter(stored_ratings(person, owner)) == Counter(given)
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('rating'))") == []


def test_fifty_cards_by_fingers_on_a_phone(learn: Callable[..., tuple[Visit, str]]) -> None:
    person, owner = learn(width=390)
    page = person.page
    given = []
    for number in range(CARDS):
        card, knew_it = card_on(page), number % 3 > 0
        page.locator("#review-front").tap()
        expect(page.locator("#review-back")).to_be_visible()
        if number % 10 == 9:
            page.locator("#review-rate").get_by_role("button", name="Easy").tap()
            given.append(4)
        else:
            page.locator("#review-front").evaluate(SWIPE, 140 if knew_it else -140)
            given.append(3 if knew_it else 1)
        expect_another(page, card)
    expect(page.get_by_role("heading", name="Done for today")).to_be_visible()
    assert Counter(stored_ratings(person, owner)) == Counter(given)


def test_fifty_cards_in_two_tabs_at_once(learn: Callable[..., tuple[Visit, str]]) -> None:
    person, owner = learn()
    other = person.context.new_page()
    other.goto("/review/")
    person.expected_statuses = {0, 409}
    tabs = (person.page, other)
    for turn in range(2 * CARDS):
        # Two cards in one tab, then two in the other: the first of them was answered already.
        page = tabs[turn // 2 % 2]
        card = card_on(page)
        if not card:
            break
        if turn == CARDS // 2:
            # Without a connection both tabs rate, and both find it again at once.
            person.context.set_offline(True)
            shown = [card_on(tab) for tab in tabs]
            for tab in tabs:
                answer(tab)
                expect(tab.locator("#review-offline")).to_be_visible()
            person.context.set_offline(False)
            for tab, before in zip(tabs, shown, strict=True):
                expect_another(tab, before)
            # What was kept for both is sent by both: only then is the page still.
            for tab in tabs:
                tab.wait_for_function(NOTHING_KEPT, timeout=PATIENCE_MS)
            for tab in tabs:
                tab.reload()
            continue
        answer_until_another(page, card)
    for tab in tabs:
        tab.goto("/review/")
        expect(tab.get_by_role("heading", name="Done for today")).to_be_visible()
    assert len(stored_ratings(person, owner)) == CARDS
