"""The card browser by keyboard alone: find, sort, select, change many cards, undo."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser

CARDS = 120
# The first three are in a deck and were reviewed; every other card is tagged.
_MAKE = """
import uuid
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from flashcards.cards import decks
from flashcards.cards.cards import create_cards
from flashcards.domain.records import NewCard, Rating
from flashcards.review.ratings import review_card
now = timezone.now()
owner = User.objects.get(email={email!r}).id
deck = decks.deck_named(owner_id=owner, name="Latin", now=now)
made = create_cards(
    owner_id=owner,
    cards=[
        NewCard(
            question=f"Card number {{n:03}}",
            answer="A",
            tags=("odd",) if n % 2 else (),
            deck_ids=(deck.id,) if n < 3 else (),
        )
        for n in range({cards})
    ],
    now=now - timedelta(days=1),
)
for card in made[:3]:
    review_card(
        owner_id=owner, card_id=card.id, review_id=uuid.uuid4(), sequence=0, rating=Rating.EASY,
        now=now, duration_ms=1_000,
    )
"""
# What is pressed and typed, what is said, and how many cards a search finds before and after.
CHANGES = (
    ("t", "new", ("Enter",), "3 cards tagged “new”.", "tag:new", 0, 3),
    ("t", "odd", ("Tab", "Tab", "Enter"), "1 card without the tag", "tag:odd", 60, 59),
    ("d", "Greek::Verbs", ("Enter",), "3 cards added to “Greek::Verbs”.", "deck:none", 117, 117),
    ("d", "Latin", ("Tab", "Tab", "Enter"), "3 cards removed from", "deck:Latin", 3, 0),
    ("f", "", ("ArrowDown", "Tab", "Enter"), "3 cards flagged orange.", "flag:2", 0, 3),
    ("u", "5", ("Enter",), "3 cards due in 5 days.", "prop:due=5", 0, 3),
    ("m", "", ("Tab", "Enter"), "3 cards reset to new", "is:new", 117, 120),
    ("s", "", (), "3 cards suspended", "is:suspended", 0, 3),
    ("b", "", (), "3 cards put off until tomorrow.", "is:buried", 0, 3),
    ("Delete", "", (), "3 cards deleted.", "card", 120, 117),
)
# Begun from what the first of each leaves.
UNDOING_CHANGES = (
    ("s", "Shift+S", (), "3 cards back in review.", "is:suspended", 3, 0),
    ("b", "m", ("Enter",), "3 cards back in today’s review.", "is:buried", 3, 0),
)


@pytest.fixture
def learner(visit: Callable[..., Visit], site: LiveMemoryLoop) -> Visit:
    person = visit()
    email = person.sign_up()
    site.call("shell", "-c", _MAKE.format(email=email, cards=CARDS))
    # What is typed wrong is answered with 422, which the browser reports.
    person.expected_statuses = {422}
    person.page.goto("/cards/?order=question")
    expect(person.page.locator(".browser-line").first).to_contain_text("Card number 000")
    return person


def _found(learner: Visit, query: str) -> int:
    """Return how many cards a search finds, as the server says, beside the page."""
    answer = learner.page.request.get(
        "/cards/", params={"q": query}, headers={"HX-Request": "true", "HX-Target": "card-list"}
    )
    found = re.search(r'data-found="(\d+)"', answer.text())
    return int(found[1]) if found else 0


def _select_three(learner: Visit) -> None:
    learner.press("/", "ArrowDown")
    expect(learner.page.locator(".browser-line:focus")).to_have_attribute("data-at", "0")
    learner.press("x", "Shift+ArrowDown", "Shift+ArrowDown")
    expect(learner.page.locator("#browser-count")).to_have_text("3 selected")


def _undo(learner: Visit) -> None:
    with learner.page.expect_navigation():
        learner.press("z")
    said = learner.page.locator("#toasts")
    expect(said).to_contain_text("Undone: the cards are restored.")


def test_every_change_is_made_and_undone_without_a_mouse(learner: Visit) -> None:
    page = learner.page
    said = page.locator("#toasts [data-toast]").last
    expect(page.locator(".browser-verbs")).to_be_hidden()
    for key, typed, then, sentence, query, before, after in CHANGES:
        _select_three(learner)
        learner.press(key)
        page.keyboard.insert_text(typed)
        learner.press(*then)
        expect(said).to_contain_text(sentence)
        learner.settle()
        expect(page.locator(".browser-line:focus")).to_have_count(1)
        assert _found(learner, query) == after, key
        _undo(learner)
        assert _found(learner, query) == before, key
    for first, key, then, sentence, query, before, after in UNDOING_CHANGES:
        _select_three(learner)
        learner.press(first)
        expect(said).to_contain_text("3 cards")
        expect(page.locator(".browser-line:focus")).to_have_count(1)
        learner.press(key, *then)
        expect(said).to_contain_text(sentence)
        assert _found(learner, query) == after, key
        _undo(learner)
        assert _found(learner, query) == before, key


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
