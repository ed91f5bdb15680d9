"""A model is asked for as many cards as a text has facts, however long the text is."""

import asyncio
import re
from typing import Any

import pytest

from flashcards.drafting import generation
from flashcards.drafting.candidates import Candidate
from memoryloop.llm.base import Effort, T

FACTS = 150
SAID = {
    "en": "The {n} bridge of Torlan, which the guild of masons had planned for eleven years "
    "before, was opened in the spring of {year}.",
    "de": "Die Brücke {n} von Torlan, welche die Zunft der Maurer elf Jahre lang geplant hatte, "
    "wurde im Frühling des Jahres {year} eröffnet.",
    "ja": "トーラン市の第{n}橋は石工の組合が長年にわたり計画し、{year}年の春に開通したものである。",
}


class Obedient:
    """A model that gives a card for each fact of what it is shown, and not more than asked for."""

    label, model, is_model = "Obedient", "obedient-1", True

    def __init__(self, facts: list[str]) -> None:
        self._facts = facts
        self.asked_for = 0
        self.shown = 0

    async def window(self) -> int | None:
        return None

    async def structured(
        self,
        *,
        system: str,
        prompt: str,
        schema: type[T],
        max_tokens: int = 8192,
        effort: Effort | None = None,
    ) -> T:
        if "<cards>" in prompt or "have faults" in prompt:
            return schema.model_validate({"cards": []})
        text = prompt.partition("<text>")[2]
        here = [n for n, fact in enumerate(self._facts) if fact in text]
        about = int(re.findall(r"about (\d+)", prompt)[-1])
        self.shown += len(here)
        self.asked_for += min(about, len(here))
        cards = [
            {
                "question": f"In which year was bridge {n} of Torlan opened?",
                "answer": str(1700 + n),
                "quote": self._facts[n],
            }
            for n in here[: int(re.findall(r"give more than (\d+)", prompt)[-1])]
        ]
        return schema.model_validate({"cards": cards})

    def stream(self, **_: Any) -> Any:
        raise NotImplementedError


def drafted(model: Obedient, text: str) -> list[Candidate]:
    async def collect() -> list[Candidate]:
        found = [part async for part in generation.generate(model, text)]
        return [card for part in found for card in part.candidates]

    return asyncio.run(collect())


@pytest.mark.parametrize("language", SAID)
def test_nine_tenths_of_the_facts_and_more_are_asked_for(language: str) -> None:
    facts = [SAID[language].format(n=n, year=1700 + n) for n in range(FACTS)]
    paragraphs = [" ".join(facts[at : at + 5]) for at in range(0, FACTS, 5)]
    model = Obedient(facts)

    made = drafted(model, "\n\n".join(paragraphs))

    assert model.shown == FACTS
    assert model.asked_for >= 0.9 * FACTS
    assert len({card.start for card in made}) >= 0.9 * FACTS
    assert [card.start for card in made] == sorted(card.start or 0 for card in made)
