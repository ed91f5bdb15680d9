"""Weak drafts are asked for once more, and come better or with their faults."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from flashcards.drafting import generation
from flashcards.drafting.generation import Drafted
from memoryloop import llm
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
    script(server, [UNSAID], {"cards": []})

    (card,) = generate(server)[1].candidates

    assert [fault.code for fault in generation.faults(card, TEXT)] == ["unsupported"]
