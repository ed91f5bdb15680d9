"""Ask a provider in a test, from code that is not asynchronous."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Field

from memoryloop.llm import ChatMessage, Found, Provider
from tests.servers.core import ProviderServer


@dataclass
class Pair:
    """A server, and how to make the provider that asks it."""

    server: ProviderServer
    make: Callable[[], Provider]


class Card(BaseModel):
    question: str = Field(min_length=1, max_length=1000)
    answer: str = Field(min_length=1)
    quote: str = ""


class Cards(BaseModel):
    cards: list[Card] = Field(min_length=1, max_length=50)


QUESTION = [ChatMessage("user", "Why do we forget?")]
CARD = {"question": "What is a cell?", "answer": "The smallest unit of life.", "quote": ""}


async def pieces(
    provider: Provider, messages: Sequence[ChatMessage] = QUESTION, found: Sequence[Found] = ()
) -> list[str]:
    return [
        text async for text in provider.stream(system="You teach.", messages=messages, found=found)
    ]


def ask(provider: Provider, messages: Sequence[ChatMessage] = QUESTION) -> str:
    return "".join(asyncio.run(pieces(provider, messages)))


def ask_until_it_fails(provider: Provider) -> tuple[str, Exception]:
    """Return what came, and the error that ended it."""

    async def run() -> tuple[str, Exception]:
        came: list[str] = []
        try:
            async for text in provider.stream(system="You teach.", messages=QUESTION):
                came.append(text)
        except Exception as error:
            return "".join(came), error
        raise AssertionError(f"no error after {''.join(came)!r}")

    return asyncio.run(run())


def make_cards(provider: Provider, prompt: str = "Cells are the units of life.") -> Cards:
    return asyncio.run(provider.structured(system="Make cards.", prompt=prompt, schema=Cards))
