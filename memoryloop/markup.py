"""The HTML that Markdown may have here, where it has no sign of its own. Pure, for any room."""

import re

# Elements of words in a line, and the line's end.
MARKS = ("u", "mark", "sub", "sup", "kbd")
TAG = rf"</?(?:{'|'.join(MARKS)})>|<br ?/?>"
_TAG = re.compile(rf"(?<!\\)(?:{TAG})", re.IGNORECASE)


def without_tags(text: str) -> str:
    """Return Markdown without these tags; a line's end is a space."""
    if "<" not in text:
        return text
    return _TAG.sub(lambda tag: " " if tag[0][1] in "bB" else "", text)
