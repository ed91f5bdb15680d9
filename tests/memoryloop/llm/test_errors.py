"""Everything that can go wrong at a provider, told in plain words, for both SDKs."""

import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest

from memoryloop import llm
from memoryloop.llm import limits
from memoryloop.llm.failures import ConnectionDropped, Failures
from tests.memoryloop.llm.helpers import ask, ask_until_it_fails, make_cards
from tests.servers import ClaudeServer, OpenAIServer
from tests.servers.core import ProviderServer

KEY = "sk-ant-api03-very-secret-and-long"


@dataclass
class Bad:
    server: ProviderServer
    make: Callable[[], llm.Provider]
    label: str


@pytest.fixture(params=["claude", "compatible"])
def pair(
    request: pytest.FixtureRequest, settings: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Bad]:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(limits, "FIRST_TEXT_SECONDS", 2.0)
    monkeypatch.setattr(limits, "BETWEEN_TEXT_SECONDS", 0.4)
    if request.param == "claude":
        with ClaudeServer() as claude:
            monkeypatch.setattr(settings, "ANTHROPIC_BASE_URL", claude.url)
            yield Bad(claude, lambda: llm.claude(KEY), "Claude")
    else:
        with OpenAIServer() as compatible:
            yield Bad(
                compatible,
                lambda: llm.openai_compatible(compatible.url, KEY, "local-model", "Ollama"),
                "Ollama",
            )


def fail(pair: Bad, kind: type[llm.LlmError]) -> tuple[str, llm.LlmError]:
    """Ask, and check what every error has in common."""
    came, error = ask_until_it_fails(pair.make())
    assert isinstance(error, kind), repr(error)
    assert error.sentence.endswith((".", "”"))
    assert error.sentence == str(error)
    assert KEY not in repr(error)
    assert pair.label in error.sentence
    return came, error


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, llm.RequestRefused, "did not accept"),
        (401, llm.AuthenticationFailed, "refused the API key"),
        (402, llm.PermissionRefused, "no credit"),
        (403, llm.PermissionRefused, "permissions"),
        (404, llm.ModelNotFound, "no model named"),
        (408, llm.TimedOut, "in time"),
        (413, llm.RequestTooLong, "shorter message"),
        (422, llm.RequestRefused, "did not accept"),
        (429, llm.RateLimited, "in a minute"),
        (500, llm.Overloaded, "error of its own"),
        (502, llm.Overloaded, "error of its own"),
        (503, llm.Overloaded, "overloaded"),
        (504, llm.TimedOut, "in time"),
        (529, llm.Overloaded, "overloaded"),
    ],
)
def test_each_status_has_its_error_and_its_way_out(
    pair: Bad, status: int, kind: type[llm.LlmError], words: str
) -> None:
    pair.server.script(status=status)
    came, error = fail(pair, kind)
    assert came == ""
    assert words in error.sentence


def test_a_rate_limit_says_how_long_to_wait(pair: Bad) -> None:
    pair.server.script(status=429, headers={"Retry-After": "7"})
    _, error = fail(pair, llm.RateLimited)
    assert isinstance(error, llm.RateLimited)
    assert error.retry_after_seconds == 7
    assert "in 7 seconds" in error.sentence
    assert len(pair.server.questions()) == 1


def test_a_rate_limit_may_say_until_when(pair: Bad) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    pair.server.script(status=429, headers={"Retry-After": format_datetime(until, usegmt=True)})
    _, error = fail(pair, llm.RateLimited)
    assert isinstance(error, llm.RateLimited)
    assert 290 < (error.retry_after_seconds or 0) <= 300
    assert "in 5 minutes" in error.sentence


def test_a_rate_limit_may_count_in_milliseconds(pair: Bad) -> None:
    pair.server.script(status=429, headers={"Retry-After": "9", "Retry-After-Ms": "2500"})
    _, error = fail(pair, llm.RateLimited)
    assert isinstance(error, llm.RateLimited)
    assert error.retry_after_seconds == 2.5


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "API key not valid. Please pass a valid API key."),
        (403, "Invalid API key"),
        (403, "The api_key is invalid"),
    ],
)
def test_a_wrong_key_is_told_as_that_whatever_its_status(
    pair: Bad, status: int, words: str
) -> None:
    pair.server.script(status=status, body={"error": {"type": "x", "message": words}})
    fail(pair, llm.AuthenticationFailed)


@pytest.mark.parametrize("value", ["soon", "-3", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_rate_limit_with_a_strange_time_still_says_to_wait(pair: Bad, value: str) -> None:
    pair.server.script(status=429, headers={"Retry-After": value})
    _, error = fail(pair, llm.RateLimited)
    assert isinstance(error, llm.RateLimited)
    assert error.retry_after_seconds is None


def test_a_server_error_is_tried_once_more(pair: Bad) -> None:
    pair.server.script(status=529)
    fail(pair, llm.Overloaded)
    assert len(pair.server.questions()) == 2


def test_a_server_error_that_passes_is_not_noticed(pair: Bad) -> None:
    pair.server.script(status=500, recovers=True)
    pair.server.reply("Here it is.")
    assert ask(pair.make()) == "Here it is."


def test_a_web_page_in_place_of_an_error_is_not_shown(pair: Bad) -> None:
    pair.server.script(status=502, body="<html><script>alert(1)</script></html>")
    _, error = fail(pair, llm.Overloaded)
    assert "script" not in error.sentence


def test_an_error_that_repeats_the_key_does_not_show_it(pair: Bad) -> None:
    body = {"error": {"type": "api_error", "message": f"bad header Bearer {KEY} in {KEY}"}}
    pair.server.script(status=500, body=body)
    _, error = fail(pair, llm.Overloaded)
    assert "secret" not in error.sentence


def test_a_prompt_that_is_too_long_is_told_as_that(pair: Bad) -> None:
    message = "prompt is too long: 210000 tokens > 200000 maximum"
    pair.server.script(status=400, body={"error": {"type": "x", "message": message}})
    fail(pair, llm.RequestTooLong)


def test_an_empty_account_is_told_as_that(pair: Bad) -> None:
    message = "Your credit balance is too low to access the API."
    pair.server.script(status=400, body={"error": {"type": "x", "message": message}})
    fail(pair, llm.PermissionRefused)


def test_a_server_that_hangs_before_the_answer_times_out(
    pair: Bad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FIRST_TEXT_SECONDS", 0.3)
    pair.server.script(hang_after=0)
    came, _ = fail(pair, llm.TimedOut)
    assert came == ""
    assert len(pair.server.questions()) == 1
    assert pair.server.questions()[0].client_left.wait(30)


def test_a_server_that_hangs_in_the_middle_times_out_and_keeps_what_came(pair: Bad) -> None:
    pair.server.reply("word " * 400, hang_after=4000)
    came, error = fail(pair, llm.TimedOut)
    assert came.startswith("word word")
    assert "in the middle" in error.sentence
    assert pair.server.questions()[0].client_left.wait(30)


def test_a_connection_cut_before_the_answer_is_told_plainly(pair: Bad) -> None:
    pair.server.script(cut_after=0)
    fail(pair, llm.Unreachable)
    assert len(pair.server.questions()) == 2


def test_a_connection_cut_in_the_middle_keeps_what_came(pair: Bad) -> None:
    pair.server.reply("word " * 400, cut_after=4000)
    came, _ = fail(pair, llm.BrokenOff)
    assert came.startswith("word word")


def test_a_stream_without_its_end_broke_off(pair: Bad) -> None:
    # A proxy that ends the response properly, though the answer is not complete.
    event = (
        b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 0, '
        b'"delta": {"type": "text_delta", "text": "Half"}, '
        b'"choices": [{"index": 0, "delta": {"content": "Half"}}]}\n\n'
    )
    pair.server.script(body=event, headers={"Content-Type": "text/event-stream"})
    came, _ = fail(pair, llm.BrokenOff)
    assert came == "Half"


def test_an_error_event_inside_the_stream_is_that_error(pair: Bad) -> None:
    error = {"type": "overloaded_error", "message": "Overloaded"}
    pair.server.reply("word " * 10, error=error)
    came, _ = fail(pair, llm.Overloaded)
    assert came == "word word "


def test_an_empty_answer_is_an_error(pair: Bad) -> None:
    pair.server.reply("")
    fail(pair, llm.BadResponse)


def test_a_web_page_in_place_of_a_stream_is_an_error(pair: Bad) -> None:
    pair.server.script(body="<html><body>Welcome</body></html>")
    fail(pair, llm.BadResponse)


def test_broken_json_in_the_stream_is_an_error(pair: Bad) -> None:
    body = 'event: message_start\ndata: {"type": "mess\n\n'
    pair.server.script(body=body, headers={"Content-Type": "text/event-stream"})
    _, error = ask_until_it_fails(pair.make())
    assert isinstance(error, (llm.BadResponse, llm.BrokenOff))


def test_a_refusal_of_the_model_is_told(pair: Bad) -> None:
    reason = "refusal" if pair.label == "Claude" else "content_filter"
    pair.server.reply("", stop_reason=reason)
    fail(pair, llm.RequestRefused)


def test_a_server_that_never_stops_is_stopped(pair: Bad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ANSWER_CHARACTERS", 1000)
    pair.server.reply("word " * 4000)
    came, _ = fail(pair, llm.BadResponse)
    assert 1000 < len(came) < 2000


def test_a_server_that_is_not_there_is_told_at_once(pair: Bad) -> None:
    pair.server.stop()
    fail(pair, llm.Unreachable)


def test_a_structured_call_that_hangs_times_out_as_a_whole(
    pair: Bad, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STRUCTURED_SECONDS", 0.3)
    pair.server.script(hang_after=0)
    with pytest.raises(llm.TimedOut):
        make_cards(pair.make())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, llm.AuthenticationFailed),
        (404, llm.ModelNotFound),
        (413, llm.RequestTooLong),
        (429, llm.RateLimited),
        (529, llm.Overloaded),
    ],
)
def test_a_structured_call_fails_in_the_same_words(
    pair: Bad, status: int, kind: type[llm.LlmError]
) -> None:
    pair.server.script(status=status)
    with pytest.raises(kind):
        make_cards(pair.make())


@pytest.mark.parametrize("body", ["", "<html></html>", "{", "[]", "null", '{"choices": []}'])
def test_nonsense_in_place_of_a_structured_answer_is_a_bad_response(pair: Bad, body: str) -> None:
    pair.server.default(body=body)
    with pytest.raises(llm.BadResponse):
        make_cards(pair.make())


def test_a_provider_never_shows_its_key(pair: Bad) -> None:
    assert KEY not in repr(pair.make())
    assert KEY not in str(pair.make())


@pytest.mark.parametrize("cut_after", range(3_001, 3_200, 33))
def test_a_cut_in_the_middle_of_a_token_keeps_the_tokens_before_it(
    pair: Bad, cut_after: int
) -> None:
    text = "Größe “記憶” 🧠 " * 200
    pair.server.reply(text, cut_after=cut_after)
    came, _ = fail(pair, llm.BrokenOff)
    assert came
    assert text.startswith(came)


def test_a_hundred_thousand_tokens_are_cut_off_where_no_answer_ever_goes(pair: Bad) -> None:
    pair.server.reply("word " * 100_000, together=200)
    came, error = fail(pair, llm.BadResponse)
    assert limits.ANSWER_CHARACTERS <= len(came) < limits.ANSWER_CHARACTERS + 100
    assert "did not come to an end" in error.sentence
    assert pair.server.questions()[0].client_left.wait(30)


def test_errors_come_one_byte_at_a_time_too(pair: Bad) -> None:
    pair.server.script(status=404, byte_at_a_time=True)
    fail(pair, llm.ModelNotFound)


@pytest.mark.parametrize("cause", [ssl.SSLError("record layer failure"), anyio.EndOfStream()])
def test_a_connection_that_tls_ends_may_be_tried_again(cause: Exception) -> None:
    # httpx2 translates neither while it reads.
    failures = Failures("Claude", "", hint="", key_hint="", key=KEY)
    assert isinstance(failures.from_sdk(cause, answering=False), ConnectionDropped)
    assert isinstance(failures.from_sdk(cause, answering=True), llm.BrokenOff)
