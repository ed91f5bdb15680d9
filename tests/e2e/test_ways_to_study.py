"""Study modes in a browser: a deck by keys, a cram through a reload, an answer that is typed."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.stored import rows
from tests.e2e.visit import Visit
from tests.live import LiveMemoryLoop

pytestmark = pytest.mark.browser


def write_card(page: Page, question: str, answer: str, deck: str = "") -> None:
    page.goto("/cards/new/")
    page.get_by_label("Question", exact=True).fill(question)
    page.get_by_label("Answer", exact=True).fill(answer)
    if deck:
        page.get_by_label("Decks", exact=True).fill(deck)
    page.get_by_role("button", name="Save card").click()
    expect(page.get_by_label("Question", exact=True)).not_to_have_value(question)


def rate_by_key(person: Visit, key: str) -> None:
    card = person.card_on_page()
    person.press("Space")
    expect(person.page.locator("#review-back")).to_be_visible()
    person.press(key)
    expect(person.page.locator(f'#review-stage:not([data-card="{card}"])')).to_be_visible()


def test_a_deck_is_studied_by_keys_alone(visit: Callable[..., Visit]) -> None:
    person = visit()
    person.sign_up()
    page = person.page
    for number in (1, 2):
        write_card(page, f"What is {number} + {number}?", str(2 * number), deck="Sums")
    write_card(page, "What is a quokka?", "A wallaby")
    person.open_palette().fill("review sums")
    expect(page.get_by_role("option", name="Review Sums")).to_have_attribute(
        "aria-selected", "true"
    )
    person.press("Enter")
    expect(page).to_have_url(re.compile(r"/review/[0-9a-f-]{36}/$"))
    person.press("!")
    expect(page.locator(".toast")).to_contain_text("Marked as a leech")
    rate_by_key(person, "4")
    page.reload()
    rate_by_key(person, "4")
    expect(page.get_by_role("heading", name="Done with Sums")).to_be_focused()
    expect(page.locator("main")).to_contain_text("1 more card is due")


def test_a_cram_goes_on_after_a_reload_and_on_another_page(visit: Callable[..., Visit]) -> None:
    person = visit()
    person.sign_up()
    page = person.page
    for number in (1, 2, 3):
        write_card(page, f"What is {number} + {number}?", str(2 * number))
    owner = person.begin_review()
    person.press("w")
    page.get_by_label("Practise all cards").check()
    page.get_by_label("Order").select_option("added")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".review-counts")).to_contain_text("Practice")
    first = person.card_on_page()
    rate_by_key(person, "1")
    page.reload()
    expect(page.locator("#review-left")).to_have_text("3 left")
    rate_by_key(person, "3")
    page.goto("/study/")
    page.get_by_role("link", name="Continue").click()
    rate_by_key(person, "3")
    assert person.card_on_page() == first
    rate_by_key(person, "3")
    expect(page.get_by_role("heading", name="Done")).to_be_focused()
    person.site.call("checkpoint")
    logs = rows(person.site, "review_logs", owner)
    assert {log["kind"] for log in logs} == {"cram"}
    assert {card["reps"] for card in rows(person.site, "flashcards", owner)} == {0}


def test_a_typed_answer_is_compared_and_judged(
    visit: Callable[..., Visit], ollama_site: LiveMemoryLoop
) -> None:
    person = visit(to=ollama_site)
    person.sign_up()
    page = person.page
    write_card(page, "Where is ATP made?", "In the mitochondrion")
    person.begin_review()
    person.press("t")
    field = page.get_by_label("Your answer")
    expect(field).to_be_focused()
    # A letter that is a key of the page elsewhere is a letter here.
    field.press_sequentially("in the mitocondrion")
    person.press("Enter")
    expect(page.locator(".compared")).to_contain_text("Almost: it looks like a typo.")
    expect(page.locator(".compared-parts ins")).to_have_text("mitochondrion")
    # The server of the tests says yes to everything: the first of the verdicts.
    expect(page.locator(".compared-judged")).to_contain_text("The tutor thinks: the same meaning.")
    good = page.locator("#review-rate").get_by_role("button", name="Good")
    expect(good).to_have_class(re.compile("is-suggested"))
    expect(page.locator("#review-back")).to_be_focused()
    person.press("2")
    expect(page.locator("#review-stage")).not_to_have_attribute("data-kind", "card")
