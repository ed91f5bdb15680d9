"""What a learner brings, takes along and leaves behind, in a browser."""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.visit import PASSWORD, Visit
from tests.servers.compatible import OpenAIServer

pytestmark = pytest.mark.browser


def test_nobody_answers_then_an_own_ollama_then_claude(visit: Callable[..., Visit]) -> None:
    person = visit()
    page = person.page
    person.sign_up(by_hand=True)
    page.goto("/settings/")
    expect(page.get_by_text("You are working offline.")).to_be_visible()

    with OpenAIServer(ollama=True) as own:
        page.get_by_label("Address of the server").fill(own.root)
        page.get_by_role("button", name="Save and test").click()
        expect(page.get_by_text("Ollama answers you.", exact=True)).to_be_visible()
        page.locator("summary", has_text="Change the address").click()
        page.get_by_label("Model", exact=True).select_option("qwen3:8b")
        page.get_by_role("button", name="Save and test").click()
        expect(page.locator(".tutor-now .badge")).to_have_text("qwen3:8b")
        page.goto("/chat/")
        person.ask("What is a cell?")
        expect(page.locator(".message--answer .message-foot")).to_contain_text("qwen3:8b")

        person.save_claude_key(by_hand=True)
        page.get_by_role("button", name="Use Ollama").click()
        expect(page.get_by_text("Ollama answers you.", exact=True)).to_be_visible()
    # It has gone: the test says so, and Claude takes over by a click.
    page.locator("form[action$='/endpoint/test/'] button").click()
    expect(page.locator("#endpoint-result")).to_contain_text("cannot be reached")
    page.get_by_role("button", name="Use Claude").click()
    expect(page.get_by_text("Claude answers you.", exact=True)).to_be_visible()


def test_everything_is_taken_along_and_then_deleted(
    visit: Callable[..., Visit], tmp_path: Path
) -> None:
    person = visit(width=390)
    page = person.page
    email = person.sign_up()
    page.goto("/chat/")
    person.ask("What is a cell?")
    page.goto("/settings/")
    page.get_by_role("link", name="Export your data").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the archive").click()
    assert re.fullmatch(r"memoryloop-[0-9-]{10}\.zip", download.value.suggested_filename)
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as bundle:
        assert bundle.testzip() is None
        assert json.loads(bundle.read("account/profile.json"))["email"] == email
        (talk,) = (name for name in bundle.namelist() if name.endswith("cell.json"))
        assert len(json.loads(bundle.read(talk))["messages"]) == 2
        assert "cards/cards.jsonl" in bundle.namelist()

    # A second tab goes with the session, and so does a page that the browser kept to go back to.
    page.goto("/settings/")
    other = person.context.new_page()
    other.goto("/chat/")
    other.get_by_role("link", name="What is a cell?").first.click()
    expect(other.locator(".message--learner")).to_contain_text("What is a cell?")
    page.get_by_role("button", name="Log out").click()
    other.wait_for_url("**/accounts/login/?next=/chat/**")
    expect(other.get_by_text("What is a cell?")).to_have_count(0)
    other.go_back()
    expect(other.get_by_text("What is a cell?")).to_have_count(0)
    other.close()
    person.log_in(email)

    page.goto("/settings/")
    page.get_by_role("link", name="Delete your account").click()
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Delete everything").click()
    expect(page.get_by_text("Your account and everything in it is deleted.")).to_be_visible()
    person.expected_statuses.add(422)
    page.goto("/accounts/login/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Wrong email address or password")).to_be_visible()
