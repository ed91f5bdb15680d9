"""One card in a browser: its words through edits, the trash and back, and what it repeats."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.test_review import write_card
from tests.e2e.visit import PATIENCE_MS, Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def learner(visit: Callable[..., Visit]) -> Visit:
    person = visit()
    person.sign_up()
    write_card(person.page, "What is the capital of Spain?", "Barcelona")
    return person


def open_card(person: Visit, title: str) -> None:
    person.page.goto("/cards/")
    person.page.get_by_role("link", name=title).first.click()
    expect(person.page.get_by_role("heading", name="Memory")).to_be_visible()


def test_a_card_is_edited_and_its_words_brought_back(learner: Visit) -> None:
    page = learner.page
    open_card(learner, "capital of Spain")
    learner.press("e")
    page.get_by_label("Answer", exact=True).fill("Madrid")
    page.get_by_role("button", name="Save changes").click()
    expect(page.locator("#edits ins")).to_have_text("Madrid")
    expect(page.locator("#edits del")).to_have_text("Barcelona")
    page.get_by_role("button", name="Restore the earlier text").click()
    expect(page.locator(".card-faces")).to_contain_text("Barcelona")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".card-faces")).to_contain_text("Madrid")


def test_a_deleted_card_comes_back_from_the_bin(learner: Visit) -> None:
    page = learner.page
    open_card(learner, "capital of Spain")
    learner.press("Delete")
    expect(page.locator(".toast")).to_contain_text("deleted")
    page.goto("/cards/bin/")
    page.get_by_label("What is the capital of Spain?", exact=True).check()
    page.get_by_role("button", name="Restore", exact=True).first.click()
    expect(page.get_by_role("heading", name="The trash is empty")).to_be_visible()
    open_card(learner, "capital of Spain")


def test_what_is_there_already_is_shown_while_writing_and_found_later(learner: Visit) -> None:
    page = learner.page
    page.goto("/cards/new/")
    page.get_by_label("Question", exact=True).fill("Which city is the capital of Spain?")
    page.get_by_label("Answer", exact=True).fill("Barcelona")
    expect(page.locator("#written-overlap")).to_contain_text(
        "You already have this card", timeout=PATIENCE_MS
    )
    page.get_by_role("button", name="Save card").click()
    expect(page.locator(".toast")).to_contain_text("saved")
    # The worker gives both cards their vectors by itself; what it has not seen yet is not found.
    learner.site.call("reembed")
    page.goto("/cards/duplicates/")
    page.get_by_role("button", name="Find duplicates").click()
    group = page.locator(".duplicate-group")
    expect(group).to_have_count(1, timeout=PATIENCE_MS)
    group.get_by_role("button", name="Merge into the first").click()
    expect(page.get_by_role("heading", name="No duplicates found")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".duplicate-group")).to_have_count(1)
