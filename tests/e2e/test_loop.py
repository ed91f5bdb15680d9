"""The whole loop in a browser: talk, make cards, review; with each kind of tutor."""

import re
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.stored import rows
from tests.e2e.visit import PATIENCE_MS, Visit
from tests.live import LiveMemoryLoop
from tests.servers.compatible import OpenAIServer

pytestmark = pytest.mark.browser

ARTICLE = (Path(__file__).parent.parent / "fixtures" / "article.md").read_text()
TUTORS = ("Offline", "Claude", "Ollama")


@pytest.fixture(params=TUTORS)
def learner(
    request: pytest.FixtureRequest,
    visit: Callable[..., Visit],
    site: LiveMemoryLoop,
) -> tuple[Visit, str]:
    """Somebody who has just signed up, and who answers them."""
    tutor: str = request.param
    to = request.getfixturevalue("ollama_site") if tutor == "Ollama" else site
    person = visit(to=to)
    person.sign_up()
    if tutor == "Claude":
        person.save_claude_key()
    return person, tutor


def _review_and_look_into_the_store(person: Visit, made: int) -> None:
    owner = person.begin_review()
    assert person.review_everything() == made
    expect(person.page.get_by_role("heading", name="Done for today")).to_be_visible()

    person.site.call("checkpoint")
    cards = rows(person.site, "flashcards", owner)
    logs = rows(person.site, "review_logs", owner)
    assert len(cards) == made
    assert sorted(log["flashcard_id"] for log in logs) == sorted(card["id"] for card in cards)
    assert {(card["state"], card["reps"], card["sequence"]) for card in cards} == {(2, 1, 1)}
    assert {(log["rating"], log["sequence"]) for log in logs} == {(4, 0)}
    assert all(card["due"] > log["reviewed_at"] for card in cards for log in logs)


def test_an_article_becomes_cards_that_are_reviewed_and_stored(
    learner: tuple[Visit, str],
) -> None:
    person, tutor = learner
    assert len(ARTICLE.split()) >= 1_500
    person.page.goto("/chat/")
    person.page.get_by_label("Message", exact=True).fill(ARTICLE)
    person.page.get_by_role("button", name="Make cards from this").click()

    drafted = person.draft_cards()
    assert 8 <= drafted <= 50
    by = "Drafted by rules" if tutor == "Offline" else f"Drafted by {tutor}"
    expect(person.page.get_by_text(by)).to_be_visible()
    # A draft with a fault is not chosen. Of the others one is dropped: it must not become a card.
    chosen = person.page.locator("[data-draft]").get_by_role("checkbox", checked=True)
    count = chosen.count()
    chosen.first.uncheck()
    expect(person.page.locator("#draft-add")).to_have_text(
        re.compile(rf"Add {count - 1} cards"), timeout=PATIENCE_MS
    )
    made = person.keep_cards()
    assert made == count - 1

    _review_and_look_into_the_store(person, made)


def test_a_question_is_answered_and_the_answer_becomes_cards(learner: tuple[Visit, str]) -> None:
    person, tutor = learner
    person.page.goto("/chat/")
    person.ask("How does spaced repetition work, and why does it beat rereading?")
    conversation = urlsplit(person.page.url).path
    answer = person.page.locator(".message--answer").last
    expect(answer.locator(".badge")).to_contain_text(tutor)
    if tutor == "Offline":
        # Honest: it says how to connect a model, and writes no answer of its own.
        expect(answer).to_contain_text(re.compile("Claude|Ollama"))
        return

    answer.get_by_role("link", name="Make cards").click()
    assert person.draft_cards() >= 1
    made = person.keep_cards()
    _review_and_look_into_the_store(person, made)

    # The answer says that it has cards, and leads to them.
    person.page.get_by_role("link", name="Learn something new").click()
    # What it is called by now is for the tutor to say.
    person.page.locator(f'.recent a[href^="{conversation}"]').first.click()
    person.page.locator(".message--answer").last.get_by_role("link", name="Cards").click()
    expect(person.page.locator(".made-cards > li")).to_have_count(made)


def test_an_answer_is_there_before_it_is_finished(
    visit: Callable[..., Visit], ollama: OpenAIServer, ollama_site: LiveMemoryLoop
) -> None:
    person = visit(to=ollama_site)
    person.sign_up()
    rest = threading.Event()
    ollama.reply("What is learned fades quickly at first. " * 4, held=rest)
    person.page.get_by_label("Message", exact=True).fill("What is the forgetting curve?")
    person.press("Enter")
    expect(person.page.get_by_text("What is the forgetting curve?").last).to_be_visible()
    begun = person.page.locator("[data-stream].has-words")
    expect(begun).to_be_visible()
    # Reading on elsewhere and coming back loses nothing of it.
    address = person.page.url
    person.page.goto("/cards/")
    person.page.goto(address)
    expect(begun).to_be_visible()
    rest.set()
    person.wait_for_answer()
    expect(person.page.locator(".message")).to_have_count(2)
