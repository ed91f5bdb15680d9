"""Finding what was said, seeing what a tutor was told, and going from a card to the tutor."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Request, expect

from tests.e2e.test_review import write_card
from tests.e2e.visit import Visit

pytestmark = pytest.mark.browser


def test_a_search_lands_on_the_message_and_an_answer_shows_what_it_was_told(
    visit: Callable[..., Visit],
) -> None:
    person = visit()
    page = person.page
    person.sign_up()
    page.goto("/chat/")
    person.ask("Why do quokkas smile?")
    page.goto("/chat/")
    person.ask("Where is Lima?")
    page.goto("/chat/")
    person.ask("光合成について教えてください。")

    page.goto("/chat/conversations/")
    page.get_by_role("searchbox", name="Search all messages").fill("光合成とは何ですか")
    hit = page.get_by_role("link", name=re.compile("教えてください.* You"))
    expect(hit.locator("mark").first).to_have_text("光合成")
    for typed, found_by in (
        ("qoukkas", "similar spelling"),
        ("capital of Peru", "close in meaning"),
    ):
        # Until the worker has read what was said.
        for _ in range(40):
            page.goto(f"/chat/search/?q={typed}")
            if page.get_by_text(found_by).count():
                break
            page.wait_for_timeout(250)
        expect(page.get_by_text(found_by).first).to_be_visible()
    expect(page.locator("#found-near")).to_contain_text("near in meaning")
    person.open_palette().fill("qoukkas")
    expect(page.locator("#palette [role=option]").first).to_contain_text("Why do quokkas smile?")
    person.press("Escape")

    page.goto("/chat/conversations/")
    page.get_by_role("searchbox", name="Search all messages").fill("quokka smi")
    hit = page.get_by_role("link", name=re.compile("quokkas smile.* You"))
    expect(hit.locator("mark").first).to_have_text("quokkas")
    hit.click()
    message = page.locator(".message:target")
    expect(message).to_contain_text("Why do quokkas smile?")

    person.arrive("#message-")
    page.get_by_role("link", name="What was sent to the tutor").click()
    panel = page.get_by_role("dialog", name="What was sent to the tutor")
    expect(panel.get_by_text("Show the full text")).to_be_visible()
    panel.get_by_text("Show the full text").click()
    expect(panel.locator("pre")).to_contain_text("You are the tutor in MemoryLoop")
    person.press("Escape")
    expect(panel).to_be_hidden()

    page.get_by_label("More about this conversation").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("is archived.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("is unarchived.")).to_be_visible()
    expect(page.get_by_role("link", name="Why do quokkas smile?")).to_be_visible()


def test_a_card_is_explained_from_review_and_edited_from_there(
    visit: Callable[..., Visit],
) -> None:
    person = visit()
    page = person.page
    person.sign_up()
    write_card(page, "What is a quokka?", "A small wallaby")
    page.goto("/review/")
    expect(page.locator("#review-front")).to_contain_text("What is a quokka?")
    person.press("x")
    person.arrive(r"/chat/[0-9a-f-]{36}/")
    conversation = page.url
    person.wait_for_answer()

    about = page.get_by_role("complementary", name="What this conversation is about")
    about.get_by_text("What is a quokka?").first.click()
    expect(about).to_contain_text("Answer: A small wallaby")
    about.get_by_role("link", name="Edit the card").click()
    page.get_by_label("Answer", exact=True).fill("A small wallaby of Rottnest Island")
    page.get_by_role("button", name="Save").first.click()
    expect(page).to_have_url(conversation)
    page.get_by_role("link", name="Back to the review").click()
    expect(page.locator("#review-front")).to_contain_text("What is a quokka?")


def test_a_question_is_looked_up_while_it_is_typed(visit: Callable[..., Visit]) -> None:
    person = visit()
    page = person.page
    person.sign_up()
    page.goto("/chat/")
    field = page.get_by_label("Message", exact=True)

    def is_prefetch(request: Request) -> bool:
        return request.url.endswith("/chat/ahead/")

    with page.expect_request(is_prefetch) as first:
        field.press_sequentially("Why do quokkas smile?")
    typed = parse_qs(first.value.post_data, keep_blank_values=True)
    assert "Why do quokkas smile?".startswith(typed["content"][0])
    assert typed["conversation"] == [""]
    answered = first.value.response()
    assert answered is not None
    assert answered.status == 204
    with page.expect_request(
        lambda request: is_prefetch(request) and "And+why+do" in (request.post_data or "")
    ):
        field.press_sequentially(" And why do")
    person.press("Enter")

    person.arrive(r"/chat/[0-9a-f-]{36}/")
    person.wait_for_answer()
    with page.expect_request(is_prefetch) as second:
        field.fill("Where do they live")
    typed = parse_qs(second.value.post_data)
    assert typed["content"] == ["Where do they live"]
    assert typed["conversation"] == [page.url.rstrip("/").rpartition("/")[2]]
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".message--answer")).to_have_count(2)
    person.wait_for_answer()
