"""The provider of a learner without a key: the configured server, a local Ollama, or none."""

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
from memoryloop.llm.openai_compatible import CompatibleProvider, import_sdk
from memoryloop.llm.server_names import OPENAI_URL, choose_model, normal_url

_LIST_BYTES = 1_000_000
# Families of models that Ollama serves and that only embed.
_EMBEDDING_FAMILIES = {"bert", "nomic-bert", "xlm-roberta"}


@dataclass(frozen=True)
class _Probed:
    """The result of a probe. `names` is None where no server answers, empty without a model."""

    names: list[str] | None
    label: str
    at: float


_lock = threading.Lock()
_probed: dict[str, _Probed] = {}


def detect() -> Provider:
    """Return the configured server, else a local Ollama that answers now, else offline.

    A configured server is used even when it is down, so that the learner is told of it.
    Takes at most 300 ms, and only once in 30 s. Safe in any thread.
    """
    if settings.OPENAI_BASE_URL or settings.OPENAI_API_KEY:
        return CompatibleProvider(
            settings.OPENAI_BASE_URL or OPENAI_URL,
            settings.OPENAI_API_KEY,
            settings.OPENAI_MODEL,
            context_length=settings.OPENAI_CONTEXT_LENGTH,
        )
    url = settings.OLLAMA_URL
    if not url:
        return OfflineProvider()
    probed = _probe(url)
    if probed.names is None:
        return OfflineProvider()
    model = settings.OLLAMA_MODEL or choose_model(probed.names)
    if not model:
        return OfflineProvider(ollama_is_empty=True)
    return CompatibleProvider(
        normal_url(url), "", model, probed.label, settings.OLLAMA_CONTEXT_LENGTH
    )


def clear_cache() -> None:
    """Forget the results of probes."""
    with _lock:
        _probed.clear()


def _probe(url: str) -> _Probed:
    with _lock:
        kept = _probed.get(url)
        if kept and time.monotonic() - kept.at < limits.PROBE_KEPT_SECONDS:
            return kept
        outcome: Future[tuple[list[str], str]] = Future()

        def probe() -> None:
            try:
                outcome.set_result(_list_models(url))
            except Exception as error:
                outcome.set_exception(error)

        # In a thread that can be left behind: a socket's time limit starts anew with each byte,
        # and a name may take long to resolve.
        threading.Thread(target=probe, name="probe-ollama", daemon=True).start()
        names: list[str] | None
        try:
            names, label = outcome.result(timeout=limits.PROBE_SECONDS)
        except (FutureTimeout, OSError, ValueError, TypeError, AttributeError):
            names, label = None, "Ollama"
        if names:
            # A question is likely to come next, and the import takes a second.
            threading.Thread(target=import_sdk, name="import-openai", daemon=True).start()
        _probed[url] = _Probed(names, label, time.monotonic())
        return _probed[url]


def _list_models(url: str) -> tuple[list[str], str]:
    """Return the models at an address that can chat, and the server's label."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}"
    try:
        tags = _get_json(f"{root}/api/tags")
        models = [
            str(model["name"])
            for model in tags["models"] or []
            if (model.get("details") or {}).get("family") not in _EMBEDDING_FAMILIES
        ]
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, OSError) and not isinstance(error, urllib.request.HTTPError):
            raise
        # Not Ollama: perhaps another server that speaks OpenAI's protocol.
        listed = _get_json(f"{normal_url(url)}/models")
        return [str(model["id"]) for model in listed["data"]], ""
    return models, "Ollama"


def _get_json(url: str) -> Any:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError("OLLAMA_URL must begin with http:// or https://")
    # Never through a proxy: the server is on this machine or in this house.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=limits.PROBE_SECONDS) as response:
        return json.loads(response.read(_LIST_BYTES))
