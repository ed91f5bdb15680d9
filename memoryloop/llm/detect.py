"""Who answers a learner without a key of their own."""

import json
import threading
import time
import urllib.request
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from memoryloop.llm import limits
from memoryloop.llm.base import Provider
from memoryloop.llm.offline import OfflineProvider
from memoryloop.llm.openai_compatible import (
    OPENAI_URL,
    CompatibleProvider,
    choose_model,
    import_sdk,
    normal_url,
)

_LIST_BYTES = 1_000_000
# Families of models that Ollama serves and that only embed.
_EMBEDDING_FAMILIES = {"bert", "nomic-bert", "xlm-roberta"}


@dataclass(frozen=True)
class _Seen:
    """What a probe found: None is nobody there, an empty list a server without a chat model."""

    names: list[str] | None
    label: str
    at: float


_lock = threading.Lock()
_seen: dict[str, _Seen] = {}


def detect() -> Provider:
    """Return the configured server, else a local Ollama that answers now, else offline.

    What is configured is used even when it is down: its failure is told, not papered over.
    Takes at most 300 ms, and only once in 30 s. Safe in any thread.
    """
    if settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY:
        return CompatibleProvider(
            settings.OPENAI_BASE_URL or OPENAI_URL,
            settings.OPENAI_API_KEY,
            settings.OPENAI_MODEL,
        )
    url = settings.OLLAMA_URL
    if not url:
        return OfflineProvider()
    seen = _probe(url)
    if seen.names is None:
        return OfflineProvider()
    model = settings.OLLAMA_MODEL or choose_model(seen.names)
    if not model:
        return OfflineProvider(ollama_is_empty=True)
    return CompatibleProvider(normal_url(url), "", model, seen.label)


def clear_cache() -> None:
    """Forget what probes have found, so that the next one looks again."""
    with _lock:
        _seen.clear()


def _probe(url: str) -> _Seen:
    with _lock:
        kept = _seen.get(url)
        if kept and time.monotonic() - kept.at < limits.PROBE_KEPT_SECONDS:
            return kept
        outcome: Future[tuple[list[str], str]] = Future()

        def look() -> None:
            try:
                outcome.set_result(_look(url))
            except Exception as error:
                outcome.set_exception(error)

        # A socket's time limit starts again with each byte, and a name may take long to resolve.
        threading.Thread(target=look, name="probe-ollama", daemon=True).start()
        names: list[str] | None
        try:
            names, label = outcome.result(timeout=limits.PROBE_SECONDS)
        except (FutureTimeout, OSError, ValueError, TypeError, AttributeError):
            names, label = None, "Ollama"
        if names:
            # Most likely a question comes next, and importing takes a second.
            threading.Thread(target=import_sdk, name="import-openai", daemon=True).start()
        _seen[url] = _Seen(names, label, time.monotonic())
        return _seen[url]


def _look(url: str) -> tuple[list[str], str]:
    """Return the models at an address that can chat, and what to call the server."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    try:
        tags = _get(f"{root}/api/tags")
        models = [
            str(model["name"])
            for model in tags["models"] or []
            if (model.get("details") or {}).get("family") not in _EMBEDDING_FAMILIES
        ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, OSError) and not isinstance(error, urllib.request.HTTPError):
            raise
        # No Ollama, but perhaps something else that speaks OpenAI's protocol.
        listed = _get(f"{normal_url(url)}/models")
        return [str(model["id"]) for model in listed["data"]], ""
    return models, "Ollama"


def _get(url: str) -> Any:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("OLLAMA_URL must begin with http:// or https://")
    # Never through a proxy: the server is on this machine or in this house.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=limits.PROBE_SECONDS) as response:
        return json.loads(response.read(_LIST_BYTES))
