"""Windows: how many tokens a model takes at a server, prompt and answer together.

OpenAI's protocol has no word for it, but most servers tell it somewhere: vLLM, OpenRouter and
others in their list of models, LM Studio, llama.cpp and Ollama in an API of their own. Where none
tells, there is a setting, and a request that was refused as too long teaches it.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from memoryloop.llm import limits
from memoryloop.llm.base import RequestTooLong
from memoryloop.llm.tokens import estimate_tokens, most_tokens

if TYPE_CHECKING:
    import httpx2

# Ollama gives a model 4,096 tokens of memory unless a request names another number (`num_ctx`).
# This one leaves room to talk and to draft cards, and takes about 1 GB for a model of 8 billion
# parameters, which machines that run such a model have.
OLLAMA_WINDOW = 8_192
# What LM Studio loads a model with by itself; a model that is loaded says its own.
LM_STUDIO_WINDOW = 4_096
# Smaller than any window that a model is of use with.
LEAST_WINDOW = 1_024
# Larger than any: what somebody may set.
LARGEST_WINDOW = 100_000_000
# An answer gets this much room at least, though its prompt may then be a little too long.
LEAST_ANSWER = 256
# The names of the window and of the longest answer in lists of models: vLLM, OpenRouter, Groq,
# Mistral, LM Studio and their like. Not what a model was trained with (llama.cpp's n_ctx_train).
_WINDOW_NAMES = (
    "max_model_len", "loaded_context_length", "context_length", "context_window", "n_ctx",
    "max_context_length",
)  # fmt: skip
_ANSWER_NAMES = ("max_completion_tokens", "max_output_tokens")
_TOLD = re.compile(
    r"context[ _](?:length|size|window)(?: of| is)?(?: only)?\D{0,3}(\d[\d,]{2,8})"
    r"|n_ctx\D{1,5}(\d{3,8})|> (\d{3,8}) maximum|(\d[\d,]{2,8})[- ]tokens? context",
    re.IGNORECASE,
)


class Where(NamedTuple):
    """A model at an address, asked with a key, of which only a digest is kept."""

    url: str
    model: str
    key_digest: str

    @classmethod
    def of(cls, url: str, model: str, key: str) -> "Where":
        return cls(url, model, hashlib.sha256(key.encode("utf-8", "replace")).hexdigest())


@dataclass(frozen=True)
class Facts:
    """What a server tells of a model. None, or a blank, is what it does not tell."""

    window: int | None = None
    longest_answer: int | None = None
    # The address of Ollama's own API.
    ollama: str = ""
    thinks: bool = False
    # Whether it may soon be otherwise, so that it is asked again before long.
    is_passing: bool = False


_facts: dict[Where, tuple[Facts, float]] = {}
_asked: dict[tuple[asyncio.AbstractEventLoop, Where], "asyncio.Task[Facts]"] = {}
_learned: dict[Where, tuple[int, float]] = {}


def clear() -> None:
    """Forget everything that servers told."""
    _facts.clear()
    _learned.clear()


def known(where: Where) -> Facts | None:
    """Return what the server told not long ago."""
    found, until = _facts.get(where, (None, 0.0))
    return found if time.monotonic() < until else None


async def facts(where: Where, ask: Callable[[], Awaitable[Facts]]) -> Facts:
    """Return what is known, asked once for all who want it at a time, within FACTS_SECONDS."""
    if found := known(where):
        return found
    loop = asyncio.get_running_loop()
    key = loop, where

    async def asking() -> Facts:
        found = Facts(is_passing=True)
        try:
            async with asyncio.timeout(limits.FACTS_SECONDS):
                found = await ask()
        except TimeoutError:
            pass
        finally:
            _asked.pop(key, None)
        for_short = found.is_passing or not (found.window or found.ollama)
        seconds = limits.PROBE_KEPT_SECONDS if for_short else limits.FACTS_KEPT_SECONDS
        now = time.monotonic()
        for other in [each for each, (_, until) in _facts.items() if until < now]:
            _facts.pop(other, None)
        _facts[where] = found, now + seconds
        return found

    task = _asked.get(key)
    if task is None:
        task = _asked[key] = loop.create_task(asking())
    # One who stops waiting does not stop the others.
    return await asyncio.shield(task)


def window(where: Where, told: Facts, setting: int) -> int | None:
    """Return the smallest of what the server told, what was set and what a refusal taught."""
    learned, until = _learned.get(where, (0, 0.0))
    if time.monotonic() > until:
        learned = 0
    sizes = [size for size in (told.window, setting, learned) if size]
    return max(LEAST_WINDOW, min(sizes)) if sizes else None


def learn(where: Where, refusal: RequestTooLong, *, sent: int, window: int | None) -> bool:
    """Remember for a while what a refusal tells of the window; return whether it told anything.

    `sent` is what the request came to, in tokens at most; `window` what was believed.
    """
    told = [int(number.replace(",", "")) for groups in _TOLD.findall(refusal.said)
            for number in groups if number]  # fmt: skip
    smaller = [number for number in told if LEAST_ANSWER <= number < sent]
    size = min(smaller, default=0)
    if window and (not size or size >= window):
        # The window is as it was believed: this text has more tokens than most.
        size = min(sent, window) * 3 // 4
    if not size:
        return False
    _learned[where] = max(LEAST_WINDOW, size), time.monotonic() + limits.MODE_KEPT_SECONDS
    return True


def answer_tokens(
    texts: list[str], wanted: int, *, window: int | None, longest: int | None
) -> int | None:
    """Return how many tokens an answer may have. None if the texts certainly leave no room."""
    wanted = min(wanted, longest or wanted)
    if not window:
        return wanted
    if sum(estimate_tokens(text) for text in texts) > window:
        return None
    return min(wanted, max(LEAST_ANSWER, window - most_tokens(texts)))


# What servers tell


async def of_server(
    http: "httpx2.AsyncClient",
    url: str,
    key: str,
    model: str,
    *,
    listed: Facts,
    is_ollama: bool,
    setting: int,
) -> Facts:
    """Return what a server's own API tells, else `listed`, which its list of models told."""
    root = url.removesuffix("/v1")
    if root == url or (listed.window and not is_ollama):
        return listed
    ask = _Asker(http, {"Authorization": f"Bearer {key}"} if key else {})
    version, studio, props = await asyncio.gather(
        ask.json(f"{root}/api/version"),
        ask.json(f"{root}/api/v0/models"),
        ask.json(f"{root}/props"),
    )
    if isinstance(version.get("version"), str):
        shown = await ask.json(f"{root}/api/show", {"model": model})
        if found := ollama_facts(root, shown, setting):
            return found
    for entry in _list(studio.get("data")):
        if entry.get("id") == model and (found := studio_facts(entry)):
            return found
    settings = props.get("default_generation_settings")
    if isinstance(settings, dict) and (size := _number(settings.get("n_ctx"))):
        return Facts(window=size)
    return listed


class _Asker:
    def __init__(self, http: "httpx2.AsyncClient", headers: Mapping[str, str]) -> None:
        self._http, self._headers = http, headers

    async def json(self, url: str, body: object = None) -> dict[str, Any]:
        """Return the object at an address; empty if there is none, for whatever reason."""
        import httpx2

        try:
            answer = (
                await self._http.get(url, headers=self._headers)
                if body is None
                else await self._http.post(url, headers=self._headers, json=body)
            )
            value = answer.json() if answer.status_code == 200 else {}
        except (httpx2.HTTPError, OSError, ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


def listed_facts(entry: Mapping[str, Any]) -> Facts:
    """Return what an entry of a list of models tells, at whichever server."""
    parts = [entry.get("top_provider"), entry, entry.get("meta")]
    places = [place for place in parts if isinstance(place, dict)]
    windows = [_first(place, _WINDOW_NAMES) for place in places]
    answers = [_first(place, _ANSWER_NAMES) for place in places]
    return Facts(
        # OpenRouter's model may have more than the provider that it goes to.
        window=min((size for size in windows if size), default=None),
        longest_answer=min((size for size in answers if size), default=None),
    )


def studio_facts(entry: Mapping[str, Any]) -> Facts | None:
    """Return what LM Studio tells of a model: one that is loaded has its window."""
    loaded = _number(entry.get("loaded_context_length"))
    longest = _number(entry.get("max_context_length"))
    if loaded:
        return Facts(window=loaded, is_passing=True)
    return Facts(window=min(longest, LM_STUDIO_WINDOW), is_passing=True) if longest else None


def ollama_facts(root: str, shown: Mapping[str, Any], setting: int) -> Facts | None:
    """Return what Ollama's /api/show tells of a model, with the window to ask for (`num_ctx`).

    It is the setting, else what the model's own file says, else OLLAMA_WINDOW, and never more than
    the model has. None if this is not Ollama's answer.
    """
    info = shown.get("model_info")
    if not isinstance(info, dict):
        if "details" not in shown:
            return None
        info = {}
    architecture = info.get("general.architecture")
    longest = _number(info.get(f"{architecture}.context_length")) or next(
        (_number(size) for name, size in info.items() if name.endswith(".context_length")), None
    )
    own = re.search(r"^num_ctx\s+(\d+)", str(shown.get("parameters") or ""), re.MULTILINE)
    wanted = setting or (int(own[1]) if own else OLLAMA_WINDOW)
    # A model that Ollama passes on to its cloud has all of its window.
    if shown.get("remote_host") and longest and not setting:
        wanted = longest
    capabilities = shown.get("capabilities")
    return Facts(
        window=min(wanted, longest or wanted),
        ollama=root,
        thinks=isinstance(capabilities, list) and "thinking" in capabilities,
    )


def _first(entry: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    return next((size for name in names if (size := _number(entry.get(name)))), None)


def _number(value: object) -> int | None:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and isinstance(value, int) and value >= LEAST_ANSWER else None


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
