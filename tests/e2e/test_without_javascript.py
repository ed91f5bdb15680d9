"""The whole loop where scripts are turned off: forms and links do it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.stored import rows
from tests.e2e.test_pages import NOTES
from tests.e2e.visit import PATIENCE_MS, Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser


def test_the_loop_needs_no_javascript(
    visit: Callable[..., Visit], ollama_site: LiveMemoryLoop
) -> None:
    person = visit(to=ollama_site, javascript=False)
    page = person.page
    person.sign_up(by_hand=True)
    # The page comes again by itself until the answer is whole.
    person.ask("What is the forgetting curve?")
    page.locator(".message--answer").get_by_role("link", name="Make cards").click()
    assert person.draft_cards() >= 2
    page.locator("[data-draft]").first.get_by_role("checkbox").uncheck()
    page.locator("#draft-add").click()
    expect(page.locator(".made-cards")).to_be_visible(timeout=PATIENCE_MS)
    made = page.locator(".made-cards > li").count()

    owner = person.begin_review()
    assert person.review_everything() == made
    expect(page.get_by_role("heading", name="Done for today")).to_be_visible()
    person.site.call("checkpoint")
    assert len(rows(person.site, "flashcards", owner)) == made
    assert len(rows(person.site, "review_logs", owner)) == made


def test_offline_it_needs_none_either(visit: Callable[..., Visit]) -> None:
    person = visit(javascript=False)
    page = person.page
    person.sign_up()
    page.get_by_label("Message", exact=True).fill(NOTES)
    page.get_by_role("button", name="Make cards from this").click()
    drafted = person.draft_cards()
    assert drafted >= 3
    page.locator("#draft-add").click()
    expect(page.locator(".made-cards > li")).to_have_count(drafted)


def test_cards_are_found_and_brought_back(visit: Callable[..., Visit]) -> None:
    person = visit(javascript=False)
    page = person.page
    person.sign_up()
    page.goto("/cards/new/")
    page.get_by_label("Question", exact=True).fill("What is a quokka?")
    page.get_by_label("Answer", exact=True).fill("A small wallaby")
    page.get_by_role("button", name="Save card").click()

    page.goto("/cards/")
    page.get_by_label("Search your cards").fill("wallaby")
    person.press("Enter")
    page.get_by_role("link", name="What is a quokka?").click()
    page.locator("details.menu > summary").click()
    page.get_by_role("button", name="Delete").click()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".toast")).to_contain_text("Card restored.")
    page.goto("/cards/")
    expect(page.get_by_role("link", name=re.compile("quokka"))).to_be_visible()
