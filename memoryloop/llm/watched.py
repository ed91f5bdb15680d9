"""How long a provider takes, told to whoever watches: by its kind, never by its name or address."""

import contextlib
import time
from collections.abc import Callable, Iterator

from memoryloop.llm.base import Provider
from memoryloop.watching import measures, spans

_KINDS = {
    "ClaudeProvider": "claude",
    # A server that the learner named.
    "LearnerEndpoint": "learner",
    # The installation's own, in OpenAI's protocol or Ollama's.
    "CompatibleProvider": "installation",
    "OfflineProvider": "offline",
}


def kind_of(provider: Provider) -> str:
    return _KINDS.get(type(provider).__name__, "other")


@contextlib.contextmanager
def answer(provider: Provider) -> Iterator[Callable[[], None]]:
    """Watch one answer; give what is to be called with its first word."""
    began, kind = time.perf_counter(), kind_of(provider)
    with spans.span("answer", memoryloop__provider=kind) as span:

        def first_word() -> None:
            seconds = time.perf_counter() - began
            measures.record(measures.FIRST_WORD, seconds, kind)
            span.say(memoryloop__first_word__seconds=seconds)

        yield first_word
