"""Text from outside, made storable where it enters."""


def storable(text: str) -> str:
    """Return the text without NUL and lone surrogates, which no database here accepts."""
    if text.isascii():
        return text.replace("\x00", "")
    return text.replace("\x00", "").encode("utf-8", "ignore").decode()
