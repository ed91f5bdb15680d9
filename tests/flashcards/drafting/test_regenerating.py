"""Weak drafts are asked for once more, and come better or with their faults."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from flashcards.drafting import generation, improving
from flashcards.drafting.candidates import Check
from flashcards.drafting.generation import Drafted
from memoryloop import llm
from memoryloop.llm import limits
from tests.servers.compatible import OpenAIServer

TEXT = (
    "In 1796 Edward Jenner inoculated James Phipps with cowpox. The boy did not fall ill. Smallpox "
    "was eradicated in 1980, after a campaign of ring vaccination that the World Health "
    "Organization had led."
)
SOUND = {
    "kind": "basic",
    "question": "Whom did Edward Jenner inoculate in 1796?",
    "answer": "James Phipps",
    "quote": "Edward Jenner inoculated James Phipps",
}
WEAK = {
    "kind": "basic",
    "question": "Was smallpox eradicated?",
    "answer": "Yes",
    "quote": "Smallpox was eradicated in 1980",
}
BETTER = {
    "number": 1,
    "kind": "basic",
    "question": "In which year was smallpox eradicated?",
    "answer": "1980",
    "quote": "Smallpox was eradicated in 1980",
}
UNSAID = {**SOUND, "question": "Who led the campaign against polio?", "answer": "Albert Sabin"}


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


def generate(server: OpenAIServer) -> list[Drafted]:
    async def collect() -> list[Drafted]:
        provider = llm.openai_compatible(server.url, "key")
        return [part async for part in generation.generate(provider, TEXT)]

    return asyncio.run(collect())


def script(server: OpenAIServer, first: list[Any], *second: Any) -> None:
    server.script(structured={"cards": first})
    for answer in second:
        server.script(structured=answer)


def questions(parts: list[Drafted]) -> list[list[str]]:
    return [[card.question for card in part.candidates] for part in parts]


def test_sound_drafts_come_at_once_and_the_weak_one_better(server: OpenAIServer) -> None:
    script(server, [SOUND, WEAK], {"cards": [BETTER]})

    parts = generate(server)

    assert questions(parts) == [[SOUND["question"]], [BETTER["question"]]]
    assert [part.done for part in parts] == [False, True]
    assert "yes or no" in str(server.questions()[-1])


def test_sound_drafts_cost_one_request(server: OpenAIServer) -> None:
    script(server, [SOUND])

    assert questions(generate(server)) == [[SOUND["question"]]]
    assert len(server.questions()) == 1


@pytest.mark.parametrize("answer", [{"cards": []}, {"cards": [{**WEAK, "number": 1}]}, "no"])
def test_what_does_not_get_better_stays_with_its_fault(server: OpenAIServer, answer: Any) -> None:
    script(server, [WEAK], answer, answer)

    parts = generate(server)

    assert questions(parts) == [[], [WEAK["question"]]]
    (card,) = parts[1].candidates
    assert generation.faults(card, TEXT)[0].code == "yes_no"


def test_one_that_asked_for_too_much_may_become_several(server: OpenAIServer) -> None:
    several = {**BETTER, "question": "What was smallpox and when was it eradicated?"}
    script(server, [several], {"cards": [BETTER, {**SOUND, "number": 1}, {**SOUND, "number": 7}]})

    assert questions(generate(server))[1] == [BETTER["question"], SOUND["question"]]


def test_an_answer_that_its_passage_does_not_say_is_a_fault(server: OpenAIServer) -> None:
    look = {"cards": [{"number": 1, "verdict": "unsupported"}]}
    script(server, [UNSAID], look, {"cards": []})

    (card,) = generate(server)[1].candidates

    assert card.check is Check.UNSUPPORTED
    assert [fault.code for fault in generation.faults(card, TEXT)] == ["unsupported"]


def test_what_rules_cannot_tell_the_model_looks_at_once_more(server: OpenAIServer) -> None:
    unsure = {**SOUND, "question": "Which illness did Jenner's boy never get?", "answer": "Pox"}
    look = {"cards": [{"number": 1, "verdict": "supported"}, {"number": 9, "verdict": "supported"}]}
    script(server, [SOUND, unsure], look)

    parts = generate(server)

    assert questions(parts) == [[SOUND["question"]], [unsure["question"]]]
    (card,) = parts[1].candidates
    assert generation.faults(card, TEXT) == []
    # The text once, and no card that rules had cleared.
    asked = str(server.questions()[1].json["messages"][-1]["content"])
    assert SOUND["question"] not in asked
    assert unsure["question"] in asked
    assert len(server.questions()) == 2


@pytest.mark.parametrize("fails", [{"status": 500, "times": 9}, {"structured": "no", "times": 9}])
def test_a_second_look_that_fails_is_done_without(
    server: OpenAIServer, fails: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.0)
    script(server, [SOUND, UNSAID])
    server.script(**fails)

    parts = generate(server)

    assert questions(parts) == [[SOUND["question"]], [UNSAID["question"]]]
    assert parts[1].candidates[0].check is Check.NONE


def test_a_second_look_that_hangs_is_given_up(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(improving, "LOOK_SECONDS", 0.2)
    script(server, [UNSAID])
    server.script(hang_after=0)
    server.script(structured={"cards": []})

    assert questions(generate(server)) == [[], [UNSAID["question"]]]
