"""What is remembered of a provider's fault: only that, for whom it was, and not for ever."""

import json

import pytest

from memoryloop import llm
from memoryloop.llm import limits
from memoryloop.llm.failures import Failures
from memoryloop.llm.garbled import fit, fit_value
from tests.memoryloop.llm.helpers import CARD, Pair, ask, make_cards
from tests.servers import OpenAIServer

GARBLED = "half a letter \ud83d and \x00 nothing"


def garbled(**changes: object) -> dict[str, object]:
    return {"cards": [{**CARD, "question": GARBLED, **changes}]}


def formats(server: OpenAIServer) -> list[object]:
    return [item.json.get("response_format", {}).get("type") for item in server.questions()]


def test_a_garbled_answer_is_taken_without_what_nobody_can_store(pair: Pair) -> None:
    pair.server.script(structured=garbled())
    card = make_cards(pair.make()).cards[0]
    assert card.question == "half a letter \ufffd and  nothing"
    card.question.encode()


def test_a_garbled_answer_that_is_no_use_blames_no_key(pair: Pair) -> None:
    for structured in (garbled(answer=""), json.dumps(garbled())[:-9], {GARBLED: GARBLED}):
        pair.server.script(times=2, structured=structured)
        with pytest.raises(llm.BadResponse):
            make_cards(pair.make())


def test_a_garbled_answer_is_corrected_by_the_next(pair: Pair) -> None:
    pair.server.script(structured=garbled(answer=""))
    pair.server.script(structured={"cards": [CARD]})
    assert make_cards(pair.make()).cards[0].question == CARD["question"]


def test_a_garbled_question_is_asked(pair: Pair) -> None:
    assert ask(pair.make(), [llm.ChatMessage("user", GARBLED)])
    assert make_cards(pair.make(), GARBLED).cards


def test_a_streamed_answer_can_be_stored_whatever_is_in_it(pair: Pair) -> None:
    pair.server.script(text=GARBLED)
    text = ask(pair.make())
    text.encode()
    assert "\0" not in text


def test_a_key_is_blamed_for_itself_only(compatible: OpenAIServer) -> None:
    with pytest.raises(llm.AuthenticationFailed):
        ask(llm.openai_compatible(compatible.url, "sk-\u00fc", "local-model"))
    failures = Failures("Claude", "", hint="", key_hint="", key="sk-good")
    for fault in (TypeError("x"), UnicodeEncodeError("utf-8", GARBLED, 0, 1, "surrogates")):
        refused = failures.from_sdk(fault, answering=False)
        assert isinstance(refused, llm.RequestRefused)


def test_a_refusal_of_one_request_is_about_that_request_alone(compatible: OpenAIServer) -> None:
    provider = llm.openai_compatible(compatible.url, "", "local-model")
    compatible.script(status=400, body={"error": {"message": "This is not a good question."}})
    assert make_cards(provider).cards
    assert make_cards(provider).cards
    assert formats(compatible) == ["json_schema", "json_object", "json_schema"]


def test_a_refusal_of_a_format_is_remembered_for_whom_it_was_and_for_a_while(
    compatible: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    compatible.refused_formats = {"json_schema"}
    mine = llm.openai_compatible(compatible.url, "sk-mine", "local-model")
    theirs = llm.openai_compatible(compatible.url, "sk-theirs", "local-model")
    for provider in (mine, mine, theirs):
        make_cards(provider)
    tried = ["json_schema", "json_object"]
    assert formats(compatible) == [*tried, "json_object", *tried]

    compatible.refused_formats = set()
    make_cards(mine)
    assert formats(compatible)[-1] == "json_object"
    monkeypatch.setattr(limits, "MODE_KEPT_SECONDS", -1.0)
    other = llm.openai_compatible(compatible.url, "sk-other", "local-model")
    compatible.refused_formats = {"json_schema"}
    make_cards(other)
    compatible.refused_formats = set()
    make_cards(other)
    assert formats(compatible)[-3:] == ["json_schema", "json_object", "json_schema"]


def test_text_is_made_fit_wherever_it_is_in_a_value() -> None:
    assert fit("\ud800a\udfff\0") == "\ufffda\ufffd"
    assert fit("🧠 ü") == "🧠 ü"
    value = {"\ud800": ["\0", 1, None, True, {"a": "\udc00"}]}
    assert fit_value(value) == {"\ufffd": ["", 1, None, True, {"a": "\ufffd"}]}


def test_a_learners_words_in_a_refusal_blame_no_key() -> None:
    failures = Failures("Claude", "", hint="", key_hint="", key="sk-good")
    quoted = "The request was not accepted because of what is in it, which begins with the words: "
    for words, kind in (
        ("API key not valid. Please pass a valid API key.", llm.AuthenticationFailed),
        (f"{quoted} What does 'invalid api key' mean?", llm.RequestRefused),
    ):
        assert type(failures.from_status(400, {"error": {"message": words}})) is kind
