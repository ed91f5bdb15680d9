"""Measure what our layer adds to the first streamed token. Prints JSON.

    python -m tests.benchmarks.first_token [answers]

Asks a server on loopback by turns through our provider and through the bare SDK with a client that
is kept open, so that both see the same machine. The aim is 20 ms or less.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import django
from django.conf import settings

AIM_MS = 20.0
Ask = Callable[[], Awaitable[float]]


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "memoryloop.settings")
    django.setup()
    answers = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    from tests.servers import ClaudeServer, OpenAIServer

    with ClaudeServer() as claude, OpenAIServer() as compatible:
        settings.ANTHROPIC_BASE_URL = claude.url
        for server in (claude, compatible):
            server.default(text="A short answer is enough here.")
        figures = {
            "claude": asyncio.run(_compare(_our_claude, *_bare_claude(claude.url), answers)),
            "openai_compatible": asyncio.run(
                _compare(
                    _our_compatible(compatible.url), *_bare_compatible(compatible.url), answers
                )
            ),
        }
    sys.stdout.write(json.dumps({"first_token_ms": figures, "aim_ms": AIM_MS}, indent=2) + "\n")
    if max(figure["added"]["median"] for figure in figures.values()) > AIM_MS:
        sys.exit("Our layer adds more to the first token than it may.")


async def _compare(
    ours: Ask, bare: Ask, close: Callable[[], Awaitable[None]], answers: int
) -> dict[str, Any]:
    for _ in range(5):
        await ours()
        await bare()
    pairs = [(await ours(), await bare()) for _ in range(answers)]
    await close()
    return {
        "n": answers,
        "ours": _figures([one for one, _ in pairs]),
        "sdk": _figures([other for _, other in pairs]),
        "added": _figures([one - other for one, other in pairs]),
    }


def _figures(seconds: list[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(seconds) * 1000, 2),
        "p99": round(statistics.quantiles(seconds, n=100)[98] * 1000, 2),
    }


async def _until_first(provider: Any) -> float:
    from memoryloop.llm import ChatMessage

    stream = provider.stream(system="s", messages=[ChatMessage("user", "Why?")])
    began = time.perf_counter()
    await anext(stream)
    took = time.perf_counter() - began
    async for _ in stream:
        pass
    return took


async def _our_claude() -> float:
    from memoryloop import llm

    # As a request does: a provider of its own.
    return await _until_first(llm.claude("sk-ant-key"))


def _our_compatible(url: str) -> Ask:
    from memoryloop import llm

    return lambda: _until_first(llm.openai_compatible(url, "", "local-model"))


def _bare_claude(url: str) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    import anthropic

    client = anthropic.AsyncAnthropic(api_key="sk-ant-key", base_url=url)

    async def ask() -> float:
        began = time.perf_counter()
        stream = await client.messages.create(
            model=settings.CLAUDE_MODEL,
            max_tokens=4096,
            system="s",
            messages=[{"role": "user", "content": "Why?"}],
            stream=True,
        )
        took = 0.0
        async for event in stream:
            if not took and event.type == "content_block_delta":
                took = time.perf_counter() - began
        return took

    return ask, client.close


def _bare_compatible(url: str) -> tuple[Ask, Callable[[], Awaitable[None]]]:
    import openai

    client = openai.AsyncOpenAI(api_key="none", base_url=url)

    async def ask() -> float:
        began = time.perf_counter()
        stream = await client.chat.completions.create(
            model="local-model", messages=[{"role": "user", "content": "Why?"}], stream=True
        )
        took = 0.0
        async for chunk in stream:
            if not took and chunk.choices and chunk.choices[0].delta.content:
                took = time.perf_counter() - began
        return took

    return ask, client.close


if __name__ == "__main__":
    main()
