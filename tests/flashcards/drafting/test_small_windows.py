"""Cards from models that take little at once: servers that enforce a window."""

import asyncio
import itertools
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from flashcards.domain.records import Flashcard
from flashcards.drafting import generation, sections
from flashcards.drafting.generation import Drafted
from flashcards.drafting.prompts import SYSTEM
from flashcards.drafting.sections import Sizes
from flashcards.review import answer_judge
from flashcards.review.answer_check import compare
from flashcards.tutor import deck_about
from memoryloop import llm
from memoryloop.llm import limits
from tests.factories import NOW
from tests.servers.compatible import OpenAIServer
from tests.servers.core import Recorded

ARTICLE = (Path(__file__).parents[2] / "fixtures" / "article.md").read_text()
LONG = "\n\n".join(
    f"In {1500 + number} the town of Place{number} built a bridge of {number} stones over its "
    f"river because the ford of Place{number} had washed away in the spring before."
    for number in range(80)
)
CHINESE = "\n\n".join(
    f"第{number}座桥建于{1500 + number}年。渡口在前一年春天被洪水冲走了。" * 6
    for number in range(30)
)
SEVERE = {"kind": "basic", "question": "Q?", "answer": "A.", "quote": ""}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0.01)


@pytest.fixture(params=["vllm", "studio", "silent", "ollama"])
def server(request: pytest.FixtureRequest) -> Iterator[OpenAIServer]:
    """A server that tells its window in its way, or not at all."""
    with OpenAIServer(ollama=request.param == "ollama") as running:
        yield running
        assert not running.cut_silently


def narrow(server: OpenAIServer, window: int, manner: str) -> llm.Provider:
    server.window = window
    if manner == "vllm":
        server.listing = {"max_model_len": window}
    elif manner == "studio":
        loaded = {"id": "local-model", "loaded_context_length": window}
        server.pages = {"/api/v0/models": {"data": [loaded]}}
    server.shown["model_info"] = {"llama.context_length": window}
    model = "llama3.2:latest" if server.ollama else "local-model"
    return llm.openai_compatible(server.url, "", model)


def manner_of(request: pytest.FixtureRequest) -> str:
    return str(request.node.callspec.params["server"])


def generate(provider: llm.Provider, text: str, **how: Any) -> list[Drafted]:
    async def collect() -> list[Drafted]:
        return [part async for part in generation.generate(provider, text, **how)]

    with mock.patch.object(generation, "faults", return_value=[]):
        return asyncio.run(collect())


def text_in(question: Recorded) -> str:
    said = str(question.json["messages"][-1]["content"])
    return said.partition("<text>\n")[2].partition("\n</text>")[0]


@pytest.mark.parametrize(
    ("window", "text"),
    [(2048, CHINESE), (4096, LONG), (4096, CHINESE), (8192, ARTICLE)],
    ids=["2k-chinese", "4k-long", "4k-chinese", "8k-article"],
)
def test_a_text_is_drafted_in_parts_that_fit(
    server: OpenAIServer, window: int, text: str, request: pytest.FixtureRequest
) -> None:
    provider = narrow(server, window, manner_of(request))

    parts = generate(provider, text)

    # The whole text was read, once, in order, and each part gave cards.
    read = list(dict.fromkeys(text_in(question) for question in server.questions()))
    assert "".join("".join(read).split()).endswith("".join(text.split())[-200:])
    assert [part.section for part in parts] == list(range(len(parts)))
    assert len({part.sections for part in parts[1:]}) <= 1
    assert parts[-1].sections == len(parts)
    made = [card for part in parts for card in part.candidates]
    assert len(made) >= len(parts)
    assert sum(card.start is not None for card in made) >= len(made) - len(parts)


def test_a_server_that_tells_its_window_refuses_nothing(
    server: OpenAIServer, request: pytest.FixtureRequest
) -> None:
    manner = manner_of(request)
    provider = narrow(server, 4096, manner)
    parts = generate(provider, LONG)
    # Only who tells nothing has to refuse one request.
    assert len(server.questions()) - len(parts) == (1 if manner == "silent" else 0)
    assert asyncio.run(provider.window()) == 4096


def test_what_is_done_counts_only_if_the_text_is_cut_as_before() -> None:
    with OpenAIServer() as server:
        provider = narrow(server, 4096, "vllm")
        count = generate(provider, LONG)[-1].sections
        assert count > 3
        assert next(part.section for part in generate(provider, LONG, done=2, of=count)) == 2
        assert next(part.section for part in generate(provider, LONG, done=2, of=3)) == 0


def test_of_a_cut_answer_the_whole_cards_are_kept_and_the_rest_is_asked_for() -> None:
    cards = [{**SEVERE, "question": f"Which is bridge {number}?"} for number in range(3)]
    said = json.dumps({"cards": cards})
    with OpenAIServer() as server:
        provider = llm.openai_compatible(server.url, "", "local-model")
        server.script(structured=said[: said.index("bridge 2")], stop_reason="length")
        server.script(structured={"cards": [{**SEVERE, "question": "The rest?"}]})
        (part,) = generate(provider, LONG[:900])
        questions = [card.question for card in part.candidates]
        assert questions == ["Which is bridge 0?", "Which is bridge 1?", "The rest?"]
        assert "Which is bridge 1?" in str(server.questions()[1].json)
        # If the rest fails, what came is kept all the same.
        server.script(structured=said[: said.index("bridge 1")], stop_reason="length")
        server.script(status=400, times=3)
        (part,) = generate(provider, LONG[:900])
        assert [card.question for card in part.candidates] == ["Which is bridge 0?"]


def test_weak_cards_are_asked_for_again_as_far_as_they_fit() -> None:
    weak = [
        {**SEVERE, "question": f"What was {number} and why was {number}?"} for number in range(9)
    ]
    with OpenAIServer() as server:
        provider = narrow(server, 2048, "vllm")
        server.script(structured={"cards": weak})

        async def collect() -> list[Drafted]:
            return [part async for part in generation.generate(provider, LONG[:700])]

        parts = asyncio.run(collect())
        assert len([card for part in parts for card in part.candidates]) == 9
        first, *again = server.questions()
        assert all(question.path == first.path for question in again)


def test_a_long_card_is_split_in_parts_and_long_cards_are_told_apart() -> None:
    with OpenAIServer() as server:
        provider = narrow(server, 2048, "vllm")

        async def split() -> list[Drafted]:
            return [part async for part in generation.split(provider, "Bridges?", LONG)]

        (made,) = asyncio.run(split())
        assert made.candidates
        assert len(server.questions()) > 3
        asyncio.run(generation.contrast(provider, ("One?", LONG), ("Two?", LONG)))


def test_judging_and_ranking_fit_into_the_window() -> None:
    card = Flashcard(
        id=uuid.uuid4(),
        owner_id=uuid.uuid4(),
        note_id=uuid.uuid4(),
        question="Bridges? " * 300,
        answer="洪水" * 900,
        due=NOW,
        created_at=NOW,
        edited_at=NOW,
    )
    found = compare(card, "洪水" * 400)
    with OpenAIServer() as server:
        provider = narrow(server, 2048, "vllm")
        server.script(structured={"verdict": "same", "why": ""})
        assert answer_judge.judge(provider, card, found) is not None
        server.script(structured={"numbers": [2, 1]})
        assert asyncio.run(deck_about._ask(provider, "bridges", [card] * 50)) == [2, 1]


def test_sizes_grow_with_the_window() -> None:
    sizes = [Sizes.of(window, SYSTEM) for window in (1024, 2048, 4096, 8192, 32768)]
    for smaller, larger in itertools.pairwise(sizes):
        assert (smaller.text or 0) <= (larger.text or 0)
    assert Sizes.of(None, "").sections(LONG) == sections.sections(LONG)
    assert sizes[-1].sections(LONG) == sections.sections(LONG)


@pytest.mark.parametrize(
    "sentence", ["水是生命之源。", "水は何ですか？", "पानी जीवन है।", "Water is life. "]
)
def test_a_long_paragraph_is_cut_after_a_sentence(sentence: str) -> None:
    text = (sentence * 900).rstrip()
    parts = sections.sections(text, most_characters=1_000)
    assert len(parts) > 3
    assert all(text[part.start : part.end].endswith(sentence.strip()) for part in parts)
