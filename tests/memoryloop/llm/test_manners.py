"""Servers of OpenAI's protocol that want a request otherwise, or answer otherwise, than most do."""

import asyncio
import json

import pytest

from memoryloop import llm
from memoryloop.llm import ChatMessage, limits
from memoryloop.llm.partial import PartialList
from tests.memoryloop.llm.helpers import (
    CARD,
    Card,
    Cards,
    Pair,
    ask,
    ask_until_it_fails,
    make_cards,
)
from tests.servers import ClaudeServer, OpenAIServer

TALK = [
    ChatMessage("user", "One?"),
    ChatMessage("assistant", "Two."),
    ChatMessage("user", "Three?"),
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.01)


def provider_at(server: OpenAIServer) -> llm.Provider:
    return llm.openai_compatible(server.url, "", "local-model")


# Requests


@pytest.mark.parametrize(
    "refusal",
    [
        (400, ""),
        (422, "response_format: extra fields not permitted"),
        (500, "grammar could not be compiled"),
        (500, "Internal Server Error"),
        (501, "not implemented"),
    ],
)
def test_a_server_that_cannot_hold_to_a_schema_is_asked_in_a_simpler_way(
    compatible: OpenAIServer, refusal: tuple[int, str]
) -> None:
    compatible.refused_formats = {"json_schema", "json_object"}
    compatible.format_refusal = refusal
    assert make_cards(provider_at(compatible)).cards
    assert "response_format" not in compatible.questions()[-1].json
    asked = len(compatible.questions())
    # It is remembered, and tried again once it may be otherwise.
    assert make_cards(provider_at(compatible)).cards
    assert len(compatible.questions()) == asked + 1
    assert make_cards(llm.openai_compatible(compatible.url, "other-key", "local-model")).cards
    assert len(compatible.questions()) == asked * 2 + 1


@pytest.mark.parametrize("status", [502, 503, 529])
def test_a_server_that_is_down_is_not_asked_in_every_way(
    compatible: OpenAIServer, status: int
) -> None:
    compatible.default(status=status)
    with pytest.raises(llm.Overloaded):
        make_cards(provider_at(compatible))
    assert len(compatible.questions()) == 2


@pytest.mark.parametrize("name", ["max_completion_tokens", "max_tokens"])
def test_the_limit_has_the_name_that_the_server_takes(compatible: OpenAIServer, name: str) -> None:
    compatible.limit_name = name
    provider = provider_at(compatible)
    assert ask(provider)
    assert make_cards(provider).cards
    assert all(name in question.json for question in compatible.questions()[-2:])
    # Only the first request was refused.
    assert len(compatible.questions()) == (2 if name == "max_tokens" else 3)


def test_a_server_that_takes_no_limit_is_asked_without(compatible: OpenAIServer) -> None:
    compatible.limit_name = "no_such_limit"
    assert ask(provider_at(compatible))
    assert not {"max_tokens", "max_completion_tokens"} & compatible.questions()[-1].json.keys()


@pytest.mark.parametrize(
    "refusal",
    [
        (400, "System role not supported"),
        (400, "Error rendering prompt with jinja template: System role not supported"),
        (500, "Conversation roles must alternate user/assistant/user/assistant/..."),
        (400, "Developer instruction is not enabled for models/gemma-3-1b-it"),
        (400, "Unsupported value: 'messages[0].role' does not support 'system' with this model."),
        (422, "Only user and assistant roles are supported!"),
        (500, "Internal Server Error"),
    ],
)
def test_a_model_without_a_system_role_reads_it_before_the_first_message(
    compatible: OpenAIServer, refusal: tuple[int, str]
) -> None:
    compatible.system_refusal = refusal
    provider = provider_at(compatible)
    assert ask(provider, TALK)
    sent = compatible.questions()[-1].json["messages"]
    assert [item["role"] for item in sent] == ["user", "assistant", "user"]
    assert sent[0]["content"] == "You teach.\n\nOne?"
    asked = len(compatible.questions())
    assert make_cards(provider).cards
    assert len(compatible.questions()) == asked + 1


def test_what_a_server_wanted_is_asked_again_after_a_while(
    compatible: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    compatible.limit_name, compatible.system_refusal = "max_completion_tokens", (400, "system role")
    monkeypatch.setattr(limits, "MODE_KEPT_SECONDS", -1.0)
    ask(provider_at(compatible))
    compatible.limit_name, compatible.system_refusal = "", None
    ask(provider_at(compatible))
    last = compatible.questions()[-1].json
    assert "max_tokens" in last
    assert last["messages"][0]["role"] == "system"


def test_a_refusal_that_no_manner_mends_is_told_as_it_was(compatible: OpenAIServer) -> None:
    compatible.system_refusal = (400, "System role not supported")
    compatible.limit_name = "no_such_limit"
    message = "max_tokens is too small for this system role"
    compatible.default(status=400, body={"error": {"message": message}})
    with pytest.raises(llm.RequestRefused):
        ask(provider_at(compatible))
    assert len(compatible.questions()) < 8


# Answers


def test_a_server_that_ignores_stream_is_read(compatible: OpenAIServer) -> None:
    compatible.ignores_stream = True
    compatible.reply("Because “it” fades: 記憶 🧠")
    assert ask(provider_at(compatible)) == "Because “it” fades: 記憶 🧠"
    compatible.reply("<think>Hm.</think>Half of", stop_reason="length")
    came, error = ask_until_it_fails(provider_at(compatible))
    assert (came, type(error)) == ("Half of", llm.LengthReached)


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/plain", ""])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_whole_body_is_known_whatever_it_is_called(
    compatible: OpenAIServer, kind: str, indent: int | None
) -> None:
    whole = {"choices": [{"message": {"content": [{"type": "text", "text": "Whole."}]}}]}
    body = json.dumps(whole, indent=indent)
    compatible.script(body=body, headers={"Content-Type": kind})
    assert ask(provider_at(compatible)) == "Whole."


@pytest.mark.parametrize("together", [1, 3, 1000])
@pytest.mark.parametrize("end_marks", ["both", "done", "reason"])
def test_either_mark_of_an_end_will_do(
    compatible: OpenAIServer, end_marks: str, together: int
) -> None:
    compatible.end_marks = end_marks
    compatible.reply("word " * 30, together=together)
    assert ask(provider_at(compatible)) == "word " * 30


@pytest.mark.parametrize(
    ("text", "is_whole"),
    [
        ("It fades.", True),
        ("It fades!**", True),
        ("Is it “so?”\n", True),
        ("注意。", True),
        ("```python\nx = 1\n```", True),
        ("| a | b |\n", True),
        ("$$x$$", True),
        ("It fades because", False),
        ("1. First\n2. Sec", False),
        ("It fades, ", False),
    ],
)
def test_without_a_mark_what_came_is_an_answer_and_perhaps_cut(
    compatible: OpenAIServer, text: str, is_whole: bool
) -> None:
    compatible.end_marks = ""
    compatible.reply(text)
    if is_whole:
        assert ask(provider_at(compatible)) == text
    else:
        came, error = ask_until_it_fails(provider_at(compatible))
        assert (came, type(error)) == (text, llm.EndUnmarked)


def test_events_in_unusual_forms_are_read(compatible: OpenAIServer) -> None:
    def event(text: str, reason: object = None, indent: int | None = None) -> str:
        choice = {"delta": {"content": text}, "finish_reason": reason}
        lines = json.dumps({"choices": [choice]}, ensure_ascii=False, indent=indent)
        return "\n".join(f"data: {line}" for line in lines.split("\n"))

    body = "".join(
        (
            ": hello\r\n\r\nevent: message\r\n",
            event("One\u2028") + "\r\n\r\n",
            # Without an empty line between them.
            event("two", "") + "\n" + event(" three") + "\n",
            event(" four.", indent=1) + "\n\n",
            "id: 5\nretry: 10\ndata: [DONE]\n\n",
        )
    )
    compatible.script(body=body, headers={"Content-Type": "text/event-stream"})
    assert ask(provider_at(compatible)) == "One\u2028two three four."


# Answers that were cut off


class Whole(PartialList):
    cards: list[Card]


def cut(text: str, where: str) -> str:
    """Return a text up to the first occurrence of something."""
    return text[: text.index(where)]


SECOND = {"question": 'What is a {brace} in "it"?', "answer": "Nothing ]}.", "quote": ""}
THIRD = {"question": "Third?", "answer": "Yes.", "quote": ""}
LIST = json.dumps({"cards": [CARD, SECOND, THIRD]})


@pytest.mark.parametrize(
    ("said", "count"),
    [
        (LIST, 3),
        (LIST[:-1], 3),
        (LIST[:-3], 2),
        (cut(LIST, "Third?"), 2),
        (cut(LIST, "brace"), 1),
        ("Here you are:\n```json\n" + cut(LIST, "Yes."), 2),
        ('<think>{"cards": [</think>' + cut(LIST, "Nothing"), 1),
        # One that came whole and is none is left out.
        (cut(json.dumps({"cards": [CARD, {"question": ""}, SECOND, THIRD]}), "Third?"), 2),
    ],
)
def test_of_a_list_that_was_cut_off_what_came_whole_is_kept(
    pair: Pair, said: str, count: int
) -> None:
    reason = "max_tokens" if isinstance(pair.server, ClaudeServer) else "length"
    pair.server.script(structured=said, stop_reason=reason)
    made = make(pair.make())
    assert [card.model_dump() for card in made.cards] == [CARD, SECOND, THIRD][:count]
    assert made.is_cut_off
    assert len(pair.server.questions()) == 1


def make(provider: llm.Provider) -> Whole:
    return asyncio.run(
        provider.structured(system="Make cards.", prompt="Cells live.", schema=Whole)
    )


# The SDK warns of models that will be withdrawn.
@pytest.mark.filterwarnings("ignore:The model:DeprecationWarning")
def test_of_an_object_that_a_tool_got_the_last_item_may_be_half_of_one(
    compatible: OpenAIServer, claude: ClaudeServer
) -> None:
    claude.script(structured={"cards": [CARD, SECOND]}, stop_reason="max_tokens")
    # One that is asked by a tool first, as all of which nothing is known.
    claude.models = ["a-gateways-model"]
    assert len(make(llm.claude("sk-ant-key", model=claude.models[0])).cards) == 1


def test_json_that_is_cut_though_nobody_says_so_is_kept_as_far_as_it_goes(pair: Pair) -> None:
    pair.server.script(structured=cut(LIST, "Third?"))
    made = make(pair.make())
    assert len(made.cards) == 2
    assert made.is_cut_off


def test_a_list_of_which_nothing_came_whole_is_asked_for_again(pair: Pair) -> None:
    pair.server.script(structured=cut(LIST, "smallest"))
    made = make(pair.make())
    assert made.cards
    assert not made.is_cut_off


def test_a_schema_without_a_list_to_keep_is_asked_for_again(pair: Pair) -> None:
    pair.server.script(structured=cut(LIST, "Third?"))
    pair.server.script(structured={"cards": [CARD]})
    made = make_cards(pair.make())
    assert isinstance(made, Cards)
    assert len(made.cards) == 1
