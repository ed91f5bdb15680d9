"""The card browser by keyboard alone: find, sort, select, change many cards, undo."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser

CARDS = 120
_MAKE = """
from django.utils import timezone
from accounts.models import User
from flashcards import services
from flashcards.records import NewCard
services.create_cards(
    owner_id=User.objects.get(email={email!r}).id,
    cards=[
        NewCard(question=f"Card number {{n:03}}", answer="A", tags=("odd",) if n % 2 else ())
        for n in range({cards})
    ],
    now=timezone.now(),
)
"""


@pytest.fixture
def learner(visit: Callable[..., Visit], site: LiveMemoryLoop) -> Visit:
    person = visit()
    email = person.sign_up()
    site.manage("shell", "-c", _MAKE.format(email=email, cards=CARDS))
    # What is typed wrong is answered with 422, which the browser reports.
    person.expected_statuses = {422}
    person.page.goto("/cards/?order=question")
    expect(person.page.locator(".browser-line").first).to_contain_text("Card number 000")
    return person


def test_every_change_is_made_and_undone_without_a_mouse(learner: Visit) -> None:
    page = learner.page
    selected, said = page.locator("#browser-count"), page.locator("#toasts [data-toast]").last
    learner.press("/", "ArrowDown")
    expect(page.locator(".browser-line:focus")).to_have_attribute("data-at", "0")
    learner.press("x", "Shift+ArrowDown", "Shift+ArrowDown")
    expect(selected).to_have_text("3 selected")
    for keys, typed, sentence in (
        (("t",), "new", "3 cards tagged “new”."),
        (("d",), "Latin::Verbs", "3 cards put into “Latin::Verbs”."),
        (("f", "ArrowDown", "Tab"), "", "3 cards flagged orange."),
        (("s",), "", "3 cards suspended"),
        (("b",), "", "3 cards put off until tomorrow."),
        (("m", "Tab"), "", "Nothing to do: these cards were never reviewed."),
        (("Delete",), "", "3 cards deleted."),
    ):
        learner.press(*keys)
        if typed:
            page.keyboard.type(typed)
        if typed or "Tab" in keys:
            learner.press("Enter")
        expect(said).to_contain_text(sentence)
        expect(page.locator(".browser-line:focus")).to_have_count(1)
    expect(page.locator("#change-form")).to_have_attribute("data-found", str(CARDS - 3))
    learner.press("z")
    expect(page.locator("#toasts")).to_contain_text("Undone: the cards are as they were.")
    expect(page.locator("#change-form")).to_have_attribute("data-found", str(CARDS))
    page.goto("/cards/?q=tag%3Anew+is%3Asuspended+flag%3A2+deck%3ALatin")
    expect(page.locator(".browser-line")).to_have_count(3)


def test_a_search_completes_points_at_a_slip_and_selects_all_of_it(learner: Visit) -> None:
    page = learner.page
    learner.press("/")
    page.keyboard.type("tag:o")
    expect(page.get_by_role("option", name="tag:odd")).to_be_visible()
    learner.press("ArrowDown", "Enter")
    expect(page.locator("#cards-q")).to_have_value("tag:odd ")
    expect(page.locator("#change-form")).to_have_attribute("data-found", str(CARDS // 2))
    page.keyboard.type("is:odd")
    expect(page.locator("#search-problem")).to_contain_text("is: can be new, learning")
    with page.expect_response(
        lambda response: response.url.endswith("q=tag%3Aodd") or "q=tag%3Aodd&" in response.url
    ):
        page.locator("#cards-q").fill("tag:odd")
    learner.settle()
    expect(page.locator("#search-problem")).not_to_contain_text("is: can be")
    learner.press("ArrowDown")
    expect(page.locator(".browser-line:focus")).to_have_attribute("data-at", "0")
    learner.press("End")
    expect(page.locator(".browser-line:focus")).to_have_attribute("data-at", str(CARDS // 2 - 1))
    learner.press("Control+a")
    expect(page.locator("#browser-count")).to_have_text(f"{CARDS // 2} selected")
    learner.press("s")
    expect(page.locator("#toasts")).to_contain_text(f"{CARDS // 2} cards suspended")
    page.goto("/cards/?q=is%3Asuspended")
    expect(page.locator("#change-form")).to_have_attribute("data-found", str(CARDS // 2))
