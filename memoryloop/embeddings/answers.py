"""The answers of servers that embed: Ollama's, and those in OpenAI's form."""

from typing import Any


def vectors_in(answer: object) -> "list[Any] | None":
    """Return the vectors in an answer of either protocol, in the order of the texts."""
    if not isinstance(answer, dict):
        return None
    rows = answer.get("embeddings")
    if isinstance(rows, list):
        return rows
    items = answer.get("data")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return None
    return [item.get("embedding") for item in sorted(items, key=_index)]


def _index(item: dict[str, Any]) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else 0
