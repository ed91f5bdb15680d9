"""Estimates of how many tokens a text takes."""


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text takes; a little too many in most languages."""
    return len(text.encode("utf-8", "replace")) // 4 + 4


def cut_to_tokens(text: str, tokens: int) -> str:
    """Return the beginning of a text that takes so many tokens at most, ending at a word."""
    room = (tokens - 4) * 4
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= room:
        return text
    # An ellipsis takes three bytes; a character cut in two is dropped.
    return encoded[: max(0, room - 3)].decode("utf-8", "ignore").rpartition(" ")[0].rstrip() + "…"
