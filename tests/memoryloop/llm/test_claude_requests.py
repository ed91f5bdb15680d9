"""What each of Claude's models is asked, and how: no request finds out by a refusal."""

import asyncio
from itertools import pairwise
from typing import Any, get_args

import pytest
from anthropic.types import model_param

from memoryloop import llm
from memoryloop.llm import ChatMessage, claude_models
from memoryloop.llm.base import Effort
from tests.memoryloop.llm.helpers import CARD, QUESTION, Cards, ask, ask_until_it_fails, make_cards
from tests.servers import ClaudeServer

KEY = "sk-ant-key"
# Those that the SDK knows, older ones, and the names that other sellers give them.
MODELS = [
    *get_args(get_args(model_param.ModelParam)[0]),
    "claude-sonnet-4-20250514",
    "claude-3-5-haiku-20241022",
    "claude-3-haiku-20240307",
    "claude-haiku-latest",
]
LONG = "You teach. " * 200


def make(provider: llm.Provider, *, effort: Effort | None = None, max_tokens: int = 8192) -> Cards:
    call = provider.structured(
        system=LONG, prompt="Cells.", schema=Cards, max_tokens=max_tokens, effort=effort
    )
    return asyncio.run(call)


def talk(provider: llm.Provider, messages: list[ChatMessage], quoted: str = "") -> str:
    async def read() -> str:
        stream = provider.stream(system=LONG, messages=messages, quoted=quoted)
        return "".join([text async for text in stream])

    return asyncio.run(read())


def prompt(request: dict[str, Any]) -> tuple[str, list[str]]:
    """Return the whole prompt as text, and what stands in it up to each mark of the cache."""
    whole, marks = "", []
    for content in [request.get("system", []), *(item["content"] for item in request["messages"])]:
        for block in [{"text": content}] if isinstance(content, str) else content:
            whole += f"|{block['text']}"
            if "cache_control" in block:
                marks.append(whole)
    return whole, marks


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("effort", ["low", "medium", None])
def test_a_model_is_asked_once_and_refuses_nothing(
    claude: ClaudeServer, model: str, effort: Effort | None, recwarn: pytest.WarningsRecorder
) -> None:
    claude.models = [model]
    provider = llm.claude(KEY, model=model)
    assert make(provider, effort=effort).cards
    assert ask(provider)
    assert len(claude.requests) == 2
    for sent in claude.questions():
        assert not {"temperature", "top_p", "top_k", "thinking"} & set(sent.json)
    recwarn.clear()


@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-opus-4-8", "claude-haiku-5-5"])
def test_effort_is_that_of_the_use(claude: ClaudeServer, model: str) -> None:
    claude.models = [model]
    make(llm.claude(KEY, model=model), effort="low")
    ask(llm.claude(KEY, model=model))
    first, second = (question.json for question in claude.questions())
    assert first["output_config"]["effort"] == "low"
    assert "output_config" not in second


def test_max_tokens_leave_room_for_thinking(claude: ClaudeServer) -> None:
    claude.models = ["claude-sonnet-5-5", "claude-haiku-4-5"]
    ask(llm.claude(KEY))
    make(llm.claude(KEY), effort="low", max_tokens=1000)
    make(llm.claude(KEY, model="claude-haiku-4-5"), effort="low", max_tokens=1000)
    tokens = [question.json["max_tokens"] for question in claude.questions()]
    # A model that thinks at its own measure may use twenty thousand tokens for it.
    assert tokens[0] >= 4096 + 20_000
    assert 8_000 < tokens[1] < tokens[0]
    assert tokens[2] == 1000


def test_an_object_is_asked_for_with_its_schema(claude: ClaudeServer) -> None:
    make_cards(llm.claude(KEY))
    form = claude.questions()[0].json["output_config"]["format"]
    assert form["type"] == "json_schema"
    item = form["schema"]["properties"]["cards"]["items"]
    assert item["required"] == ["question", "answer", "quote"]
    assert item["additionalProperties"] is False


def test_a_gateway_that_knows_no_schemas_is_asked_in_words(claude: ClaudeServer) -> None:
    claude.refuses_schemas = True
    assert make(llm.claude(KEY)).cards
    assert make(llm.claude(KEY)).cards
    forms = ["output_config" in question.json for question in claude.questions()]
    assert forms == [True, False, False]


def test_a_name_that_tells_nothing_is_looked_up_once(
    claude: ClaudeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claude_models, "_asked", {})
    claude.models = ["our-tutor", "our-other"]
    monkeypatch.setattr(
        claude, "capabilities", {"our-tutor": {"effort": False, "max_tokens": 20_000}}
    )
    for _ in range(2):
        assert make(llm.claude(KEY, model="our-tutor"), effort="low").cards
    assert [item.path for item in claude.requests] == [
        "/v1/models/our-tutor", "/v1/messages", "/v1/messages"
    ]  # fmt: skip
    assert claude.questions()[0].json["max_tokens"] < 20_000
    # One that is not described either is asked as every model understands it.
    assert make(llm.claude(KEY, model="our-other"), effort="low").cards
    assert "effort" not in str(claude.questions()[-1].json.get("output_config"))


# Thinking


def test_pings_and_comments_are_signs_of_life(
    claude: ClaudeServer, compatible: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memoryloop.llm.limits.FIRST_TEXT_SECONDS", 0.5)
    monkeypatch.setattr("memoryloop.llm.limits.BETWEEN_TEXT_SECONDS", 0.5)
    for server, provider in (
        (claude, llm.claude(KEY)),
        (compatible, llm.openai_compatible(compatible.url, "", "local-model")),
    ):
        server.reply("Here it is.", pings=15, delay_seconds=0.1)
        assert ask(provider) == "Here it is."


def test_pings_without_end_are_no_answer(
    claude: ClaudeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("memoryloop.llm.limits.WITHOUT_TEXT_SECONDS", 0.5)
    claude.reply("Never.", pings=10_000, delay_seconds=0.05)
    came, error = ask_until_it_fails(llm.claude(KEY))
    assert (came, type(error)) == ("", llm.TimedOut)
    assert claude.questions()[0].client_left.wait(30)


def test_an_answer_that_thinking_used_up_says_so(claude: ClaudeServer, compatible: Any) -> None:
    local = llm.openai_compatible(compatible.url, "", "local-model")
    for server, provider, reason in (
        (claude, llm.claude(KEY), "max_tokens"),
        (claude, llm.claude(KEY), "model_context_window_exceeded"),
        (compatible, local, "length"),
    ):
        server.reply("", stop_reason=reason)
        came, error = ask_until_it_fails(provider)
        assert (came, type(error)) == ("", llm.BadResponse)
        assert "thought until" in str(error)
        assert "Ask for less" in str(error)
        server.script(structured="", stop_reason=reason)
        with pytest.raises(llm.BadResponse, match="thought until"):
            make_cards(provider)


# Caching


def test_what_stays_the_same_is_marked_to_be_cached(claude: ClaudeServer) -> None:
    messages = [*QUESTION]
    for number in range(3):
        talk(llm.claude(KEY), messages, quoted=f"\n\nFound {number}.")
        messages += [ChatMessage("assistant", f"Answer {number}."), ChatMessage("user", "Why?")]
    sent = [prompt(question.json) for question in claude.questions()]
    assert [len(marks) for _, marks in sent] == [1, 2, 2]
    for (_, before), (whole, after) in pairwise(sent):
        assert all(whole.startswith(mark) for mark in before)
        assert len(after[-1]) > len(before[-1])
    # What was looked up is another each time. It stands beside the question.
    whole, marks = sent[-1]
    assert whole.endswith("Answer 1.|Found 2.|Why?")
    assert "Found" not in "".join(marks)


def test_a_conversation_without_its_beginning_is_not_written_to_the_cache(
    claude: ClaudeServer,
) -> None:
    messages = [*QUESTION, ChatMessage("assistant", "So."), ChatMessage("user", "Why?")]
    stream = llm.claude(KEY).stream(system=LONG, messages=messages, is_whole=False)

    async def read() -> list[str]:
        return [text async for text in stream]

    assert asyncio.run(read())
    _, marks = prompt(claude.questions()[0].json)
    assert len(marks) == 1
    assert marks[0].endswith(LONG)


def test_what_no_model_caches_is_sent_plainly(claude: ClaudeServer) -> None:
    ask(llm.claude(KEY), [*QUESTION, ChatMessage("assistant", "So."), ChatMessage("user", "Why?")])
    assert prompt(claude.questions()[0].json)[1] == []


# Lists as strings


@pytest.mark.parametrize(
    "structured",
    [
        {"cards": '[{"question": "What?", "answer": "That.", "quote": ""}]'},
        {"cards": '```json\n[{"question": "What?", "answer": "That."}]\n```'},
        {"cards": '[{"question": "What?", "answer": "That."}]\n</parameter>\n</invoke>'},
        {"cards": ['{"question": "What?", "answer": "That."}']},
        {"cards": '["{\\"question\\": \\"What?\\", \\"answer\\": \\"That.\\"}"]'},
        {"cards": '"[{\\"question\\": \\"What?\\", \\"answer\\": \\"That.\\"}]"'},
        {"cards": '[{"question": "What?", "answer": "Two\nlines."}]'},
    ],
)
@pytest.mark.parametrize("model", ["claude-sonnet-5-5", "claude-sonnet-4-20250514"])
def test_a_list_that_is_written_as_a_string_is_read(
    claude: ClaudeServer, structured: object, model: str, recwarn: pytest.WarningsRecorder
) -> None:
    claude.models = [model]
    claude.script(structured=structured)
    assert make_cards(llm.claude(KEY, model=model)).cards[0].question == "What?"
    assert len(claude.questions()) == 1
    recwarn.clear()


def test_a_text_that_looks_like_a_list_stays_a_text(claude: ClaudeServer) -> None:
    claude.script(structured={"cards": [{**CARD, "answer": '["a", "b"]'}]})
    assert make_cards(llm.claude(KEY)).cards[0].answer == '["a", "b"]'
