"""Estimates of how many tokens a text takes, and texts cut to a number of tokens."""

from collections.abc import Iterable


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text takes; a little too many in most languages."""
    return len(text.encode("utf-8", "replace")) // 4 + 4


def most_tokens(texts: Iterable[str]) -> int:
    """Return how many tokens some messages take at most, as far as tokenizers are known.

    A third of the bytes is more than English takes (4 bytes a token) and than German, code, Chinese
    or Thai take with the vocabularies of today's models. Each message has marks around it.
    """
    return sum(len(text.encode("utf-8", "replace")) // 3 + 8 for text in texts)


def cut_to_tokens(text: str, tokens: int) -> str:
    """Return the beginning of a text that takes so many tokens at most, ending at a word."""
    if estimate_tokens(text) <= tokens:
        return text
    # An ellipsis takes three bytes; a character cut in two is dropped.
    room = max(0, (tokens - 4) * 4 - 3)
    head = text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
    return _whole_words(head).rstrip() + "…"


def middle_left_out(text: str, tokens: int, mark: str = "\n\n[…]\n\n") -> str:
    """Return the beginning and the end of a text, of so many tokens at most, and a mark between."""
    if estimate_tokens(text) <= tokens:
        return text
    room = max(0, (tokens - 4) * 4 - len(mark.encode()))
    head = text.encode("utf-8", "replace")[: room * 2 // 3].decode("utf-8", "ignore")
    return f"{_whole_words(head)}{mark}{end_of(text, (room - room * 2 // 3) // 4 + 4)}"


def end_of(text: str, tokens: int) -> str:
    """Return the end of a text that takes so many tokens at most, beginning at a word."""
    if estimate_tokens(text) <= tokens:
        return text
    room = max(0, (tokens - 4) * 4)
    encoded = text.encode("utf-8", "replace")
    tail = encoded[len(encoded) - room :].decode("utf-8", "ignore") if room else ""
    _, space, rest = tail.partition(" ")
    return rest if space else tail


def _whole_words(text: str) -> str:
    """Return a text without the word at its end, which may be cut; all of it without spaces."""
    return text.rpartition(" ")[0] or text
