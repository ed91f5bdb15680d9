"""Names: the usual name of a server at an address, and the model to take of those it lists."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from memoryloop.llm import transport

OPENAI_URL = "https://api.openai.com/v1"
SUGGESTED_OLLAMA_MODEL = "llama3.2"
_NOT_FOR_CHAT = re.compile(
    r"embed|minilm|\bbge|\be5\b|\bgte\b|rerank|whisper|tts|transcri|speech|audio|realtime|dall-e"
    r"|image|sora|moderation|guard|clip|davinci|babbage|ocr",
    re.IGNORECASE,
)
# OpenAI lists a hundred models in no order. These are the small general ones, newest first.
_PREFERRED_AT_OPENAI = ("gpt-5-mini", "gpt-4.1-mini", "gpt-4o-mini")


def normal_url(url: str) -> str:
    """Return the address with the /v1 that people leave out."""
    url = url.rstrip("/")
    return url if urlsplit(url).path else f"{url}/v1"


def label_for(url: str) -> str:
    """Return the usual name of the server at an address."""
    parts = urlsplit(url)
    host = parts.hostname or url
    if host == "api.openai.com":
        return "OpenAI"
    if host == "openrouter.ai":
        return "OpenRouter"
    if parts.port == 11434 or host == "ollama.com":
        return "Ollama"
    if parts.port == 1234:
        return "LM Studio"
    # Several servers may run on this machine: only the port tells them apart.
    return f"{host}:{parts.port}" if transport.is_local(url) and parts.port else host


def choose_model(names: Iterable[str], *, label: str = "") -> str:
    """Return the first model that can chat, or "" if there is none."""
    chat = [name for name in names if not _NOT_FOR_CHAT.search(name)]
    if label == "OpenAI":
        for name in _PREFERRED_AT_OPENAI:
            if name in chat:
                return name
    return chat[0] if chat else ""


def without_password(url: str) -> str:
    """Return an address without a password that somebody may have put into it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
