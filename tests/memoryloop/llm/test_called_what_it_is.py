"""Refusals are called what they are: a redirect, a busy server, a wrong key, a limit of rates."""

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from memoryloop import llm
from memoryloop.llm import limits
from memoryloop.llm.failures import Failures
from memoryloop.llm.waiting import seconds_to_wait
from tests.memoryloop.llm.helpers import Pair, ask, ask_until_it_fails, make_cards
from tests.servers import ClaudeServer, OpenAIServer


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.01)


def failures(key: str = "sk-key") -> Failures:
    return Failures("Somebody", "a-model", hint="Check it.", key_hint="Replace it.", key=key)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("place", ["https://other.example/v1/chat?token=secret", "/login", None])
def test_a_redirect_is_called_one_and_not_followed(
    pair: Pair, status: int, place: str | None
) -> None:
    pair.server.script(status=status, headers={"Location": place} if place else {})
    came, error = ask_until_it_fails(pair.make())
    assert (came, type(error)) == ("", llm.Redirected)
    assert "redirect" in str(error)
    assert ("https://other.example" in str(error)) == bool(place and "://" in place)
    assert "secret" not in str(error)
    assert len(pair.server.requests) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, {"error": {"message": "server busy, please try again. maximum pending requests"}}),
        (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}),
        (503, "<html>Service Unavailable</html>"),
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        (500, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        (429, {"error": "Model is overloaded", "error_type": "overloaded"}),
        (429, {"error": {"message": "The engine is currently overloaded."}}),
        (500, {"error": {"message": "We are at capacity, try again later."}}),
        (200, {"error": {"code": 503, "message": "No provider is available"}}),
        (200, {"error": {"code": "529", "message": "Overloaded"}}),
    ],
)
def test_a_busy_server_is_called_busy_whatever_its_status(status: int, body: object) -> None:
    error = failures().from_status(status, body)
    assert isinstance(error, llm.Overloaded)
    assert "overloaded" in str(error) or "loading the model" in str(error)
    assert "key" not in str(error)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "anything"),
        (400, "API key not valid. Please pass a valid API key."),
        (400, "Incorrect API key provided: sk-***"),
        (403, "invalid x-api-key"),
        (403, "The API key you provided is invalid."),
        (403, "Invalid access token"),
        (403, "Not authenticated"),
        (403, "Authentication failed"),
        (403, "API key expired. Please renew the API key."),
        (403, "Missing API key"),
        (400, "Unknown api token"),
    ],
)
def test_a_wrong_key_is_called_one_whatever_its_status(status: int, said: str) -> None:
    assert isinstance(failures().from_status(status, {"error": said}), llm.AuthenticationFailed)


@pytest.mark.parametrize(
    "said",
    ["Your key may not use this model.", "Request not allowed", "This region is not supported"],
)
def test_what_a_key_may_not_do_is_no_wrong_key(said: str) -> None:
    assert isinstance(failures().from_status(403, {"error": said}), llm.PermissionRefused)


@pytest.mark.parametrize("body", ["404 page not found", "<html>Not Found</html>"])
def test_a_wrong_address_is_no_missing_model(pair: Pair, body: str) -> None:
    pair.server.script(status=404, body=body)
    _, error = ask_until_it_fails(pair.make())
    assert type(error) is llm.Unreachable
    assert "nothing at this address" in str(error)


def test_a_proxy_that_forbids_says_nothing_of_the_key(pair: Pair) -> None:
    pair.server.script(status=403, body="<html>Forbidden</html>")
    _, error = ask_until_it_fails(pair.make())
    assert isinstance(error, llm.PermissionRefused)
    assert "turned the request away" in str(error)


def test_an_answer_that_is_refused_midway_is_not_complete(pair: Pair) -> None:
    is_claude = isinstance(pair.server, ClaudeServer)
    pair.server.reply("Half of", stop_reason="refusal" if is_claude else "content_filter")
    came, error = ask_until_it_fails(pair.make())
    assert (came, type(error)) == ("Half of", llm.RequestRefused)
    assert "declined to go on" in str(error)


def test_a_server_that_wants_a_key_is_told_from_one_that_refused_it() -> None:
    assert "there is none" in str(failures(key="").from_status(401))
    assert "there is none" not in str(failures().from_status(401))


def test_an_error_in_a_stream_keeps_its_number(compatible: OpenAIServer) -> None:
    compatible.reply("word " * 10, error={"code": 429, "message": "Rate limit exceeded"})
    _, error = ask_until_it_fails(llm.openai_compatible(compatible.url, "", "local-model"))
    assert isinstance(error, llm.RateLimited)


def test_an_error_in_place_of_an_object_keeps_its_number(compatible: OpenAIServer) -> None:
    compatible.script(body={"error": {"code": 402, "message": "Insufficient credits"}})
    with pytest.raises(llm.PermissionRefused, match="no credit"):
        make_cards(llm.openai_compatible(compatible.url, "", "local-model"))


# Waiting


def rfc_3339(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def waits() -> list[tuple[dict[str, str], float | None]]:
    """Return headers and the seconds that they say from now on."""
    return [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After-Ms": "2500", "Retry-After": "9"}, 2.5),
        ({"Retry-After": format_datetime(datetime.now(UTC) + timedelta(hours=1))}, 3600),
        ({"anthropic-ratelimit-requests-reset": rfc_3339(30)}, 30),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": rfc_3339(30),
                "anthropic-ratelimit-input-tokens-remaining": "1000",
                "anthropic-ratelimit-input-tokens-reset": rfc_3339(900),
            },
            30,
        ),
        ({"Retry-After": "5", "anthropic-ratelimit-tokens-reset": rfc_3339(60)}, 5),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
        ({"X-RateLimit-Reset": str((time.time() + 60) * 1000)}, 60),
        ({"X-RateLimit-Reset": str(int(time.time() + 60))}, 60),
        (
            {
                "x-ratelimit-remaining-requests": "14",
                "x-ratelimit-reset-requests": "1h",
                "x-ratelimit-remaining-tokens": "0",
                "x-ratelimit-reset-tokens": "20s",
            },
            20,
        ),
        ({}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "Wed, 21 Oct 2020 07:28:00 GMT"}, None),
        ({"anthropic-ratelimit-requests-reset": "tomorrow"}, None),
        ({"anthropic-ratelimit-requests-reset": rfc_3339(-30)}, None),
        ({"x-ratelimit-reset-tokens": "1.2.3s"}, None),
    ]


def test_the_time_to_wait_is_read_however_it_is_written() -> None:
    for headers, seconds in waits():
        found = seconds_to_wait(headers)
        close = found and seconds and seconds - 30 < found <= seconds + 1
        assert found == seconds or close, headers


@pytest.mark.parametrize("status", [429, 503, 529])
@pytest.mark.parametrize("header", ["Retry-After", "Retry-After-Ms"])
def test_the_providers_own_time_is_waited_for(pair: Pair, status: int, header: str) -> None:
    wait = "1" if header == "Retry-After" else "1000"
    for call in (ask, make_cards):
        pair.server.script(status=status, headers={header: wait}, recovers=True)
        began = time.monotonic()
        assert call(pair.make())
        assert time.monotonic() - began >= 1
    assert len(pair.server.questions()) == 4


def test_the_wait_does_not_count_as_silence(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FIRST_TEXT_SECONDS", 0.5)
    pair.server.script(status=429, headers={"Retry-After": "1"}, recovers=True)
    assert ask(pair.make())


@pytest.mark.parametrize("headers", [{"Retry-After": "40"}, {}])
def test_a_long_wait_is_the_learners_choice(pair: Pair, headers: dict[str, str]) -> None:
    pair.server.script(status=429, headers=headers)
    _, error = ask_until_it_fails(pair.make())
    assert isinstance(error, llm.RateLimited)
    assert ("in 40 seconds" if headers else "in a minute") in str(error)
    assert len(pair.server.questions()) == 1


def test_cards_wait_longer_than_talk(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROVIDERS_PAUSE_SECONDS", 0.2)
    pair.server.script(status=429, headers={"Retry-After": "1"}, recovers=True)
    assert make_cards(pair.make())


# The test of a key asks for a word


def test_a_key_that_lists_models_and_may_not_ask_them_fails_its_check(
    claude: ClaudeServer,
) -> None:
    for status, kind in (
        (401, llm.AuthenticationFailed),
        (403, llm.PermissionRefused),
        (402, llm.PermissionRefused),
        (404, llm.ModelNotFound),
        (429, llm.RateLimited),
        (529, llm.Overloaded),
    ):
        claude.script(status=status)
        with pytest.raises(kind) as caught:
            llm.check_claude_key("sk-ant-good")
        if isinstance(caught.value, llm.ModelNotFound):
            assert caught.value.known == ("claude-sonnet-5-5", "claude-haiku-4-5")


def test_a_model_that_only_thinks_has_answered(claude: ClaudeServer) -> None:
    claude.reply("", stop_reason="max_tokens")
    assert llm.check_claude_key("sk-ant-good") == ("claude-sonnet-5-5", "claude-haiku-4-5")


def test_a_model_that_does_not_answer_in_time_is_told_from_one_that_is_not_there(
    claude: ClaudeServer, compatible: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "WORD_SECONDS", 0.5)
    claude.script(hang_after=0)
    with pytest.raises(llm.TimedOut, match="can be reached"):
        llm.check_claude_key("sk-ant-good")
    compatible.script(hang_after=0)
    checked = llm.check_endpoint(compatible.url)
    assert "still be loading" in checked.unsure
    assert (checked.model, checked.problem) == ("local-model", "")


def test_a_server_is_asked_for_a_word_of_its_model(compatible: OpenAIServer) -> None:
    assert llm.check_endpoint(compatible.url).unsure == ""
    (question,) = compatible.questions()
    assert "one word" in question.json["messages"][-1]["content"]
    for how, kind in (({"status": 401}, llm.AuthenticationFailed),):
        compatible.script(**how)
        with pytest.raises(kind):
            llm.check_endpoint(compatible.url)
    compatible.script(status=503)
    assert "overloaded" in llm.check_endpoint(compatible.url).unsure
