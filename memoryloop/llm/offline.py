"""The offline provider: without a model it lists the learner's related cards and messages."""

import re
from collections.abc import AsyncGenerator, Sequence

from memoryloop.llm.base import ChatMessage, Effort, Found, NotAModel, T
from memoryloop.llm.server_names import SUGGESTED_OLLAMA_MODEL

_MARKUP = re.compile(r"([\\`*_\[\]<>|$~#!])")
# Escaped with a backslash they would begin a formula.
_ENTITIES = {"[": "&#91;", "]": "&#93;"}
_EXCERPT_CHARACTERS = 240
_HEADINGS = {"card": "Your cards", "message": "Your conversations"}
_CONNECT = (
    "To get answers, connect Claude with a key of your own in [Settings](/settings/), or run a "
    "model on this machine: install [Ollama](https://ollama.com/download), run "
    f"`ollama pull {SUGGESTED_OLLAMA_MODEL}`, and ask again."
)
_PULL = (
    "Ollama is running here but has no model to chat with: run "
    f"`ollama pull {SUGGESTED_OLLAMA_MODEL}`, and ask again. Or connect Claude with a key of your "
    "own in [Settings](/settings/)."
)


class OfflineProvider:
    label = "Offline"
    model = ""
    is_model = False

    def __init__(self, *, ollama_is_empty: bool = False) -> None:
        self.ollama_is_empty = ollama_is_empty
        self._way_out = _PULL if ollama_is_empty else _CONNECT

    def __repr__(self) -> str:
        return "<OfflineProvider>"

    async def stream(
        self,
        *,
        system: str,  # noqa: ARG002  # part of the protocol
        messages: Sequence[ChatMessage],  # noqa: ARG002  # part of the protocol
        quoted: str = "",  # noqa: ARG002  # part of the protocol
        found: Sequence[Found] = (),
        max_tokens: int = 4096,  # noqa: ARG002  # part of the protocol
        is_whole: bool = True,  # noqa: ARG002  # part of the protocol
    ) -> AsyncGenerator[str, None]:
        if found:
            yield (
                "No model is connected, so this is not an answer. "
                "It is what you already have on your question:\n\n"
            )
        else:
            yield (
                "No model is connected, so I cannot answer this. I looked through your "
                "conversations and cards and found nothing on it.\n\n"
            )
        for kind, heading in _HEADINGS.items():
            items = [item for item in found if item.kind == kind]
            if items:
                yield f"### {heading}\n\n" + "".join(_line(item) for item in items) + "\n"
        yield self._way_out + "\n"

    async def window(self) -> int | None:
        return None

    async def structured(
        self,
        *,
        system: str,  # noqa: ARG002  # part of the protocol
        prompt: str,  # noqa: ARG002  # part of the protocol
        schema: type[T],  # noqa: ARG002  # part of the protocol
        max_tokens: int = 8192,  # noqa: ARG002  # part of the protocol
        effort: Effort | None = None,  # noqa: ARG002  # part of the protocol
    ) -> T:
        raise NotAModel(
            "No model is connected. Add a Claude key in Settings, or start Ollama, and try again."
        )


def _line(item: Found) -> str:
    title = _plain(item.title, 120) or "Untitled"
    text = _plain(item.text, _EXCERPT_CHARACTERS)
    # A link's target ends at a space or a bracket.
    url = re.sub(r"[\s()<>]", "", item.url)
    line = f"- [{title}]({url})"
    if text and text != title:
        line += f": {text}"
    if item.why:
        line += f" ({_plain(item.why, 80)})"
    return line + "\n"


def _plain(text: str, limit: int) -> str:
    """Return a text on one line, shortened at a word, with its Markdown made harmless."""
    text = " ".join(text.split())
    if len(text) > limit:
        text = text[:limit].rpartition(" ")[0] or text[:limit]
        text = text.rstrip(".,;: ") + " …"
    return _MARKUP.sub(lambda sign: _ENTITIES.get(sign[0], f"\\{sign[0]}"), text)
