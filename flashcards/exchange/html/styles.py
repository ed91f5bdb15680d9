"""The emphasis of an element: of its name, its style and its colours.

Colours themselves are not kept. Words in another colour than black, grey or white, or on a ground
of such a colour, are highlighted.
"""

import re
from collections.abc import Mapping

from flashcards.exchange.html.inline import BOLD, HIGHLIGHTED, ITALIC, STRUCK, UNDERLINED

MARKS = {
    "b": BOLD, "strong": BOLD, "i": ITALIC, "em": ITALIC, "cite": ITALIC, "var": ITALIC,
    "dfn": ITALIC, "s": STRUCK, "strike": STRUCK, "del": STRUCK, "u": UNDERLINED,
    "ins": UNDERLINED, "mark": HIGHLIGHTED,
}  # fmt: skip
# The least difference between two of red, green and blue that makes a colour, of 255.
_TEXT_CHROMA, _GROUND_CHROMA = 60, 24
_COLOUR = re.compile(r"(?:^|;)\s*(color|background(?:-color)?)\s*:\s*([^;]{1,200})")
# Names of no colour, and words that stand in the same place of a style.
_NAMES_OF_NONE = (
    "black white gray grey silver gainsboro whitesmoke snow ivory ghostwhite floralwhite seashell "
    "mintcream azure aliceblue dimgray dimgrey darkgray darkgrey lightgray lightgrey slategray "
    "slategrey darkslategray darkslategrey lightslategray lightslategrey inherit initial unset "
    "revert currentcolor transparent none auto text canvas canvastext window windowtext var url "
    "buttonface buttontext important repeat no-repeat scroll"
)
_NO_COLOURS = set(_NAMES_OF_NONE.split())
_PRE = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)")
_CODE_FACE = re.compile(
    r"font(?:-family)?\s*:[^;]*(?:mono|courier|consolas|menlo|monaco|source code|fira code)"
)
_VALUE = re.compile(r"#([0-9a-f]{3,8})\b|(rgb|hsl)a?\(([^)]{1,100})\)|([a-z-]+)")


def is_preformatted(given: Mapping[str, str]) -> bool:
    """Tell whether a style is that of code: lines as they are, in letters of one width."""
    style = given.get("style", "").lower()
    return bool(_PRE.search(style) and _CODE_FACE.search(style))


def marks(tag: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """Return the emphasis of an element, each mark once."""
    found = [MARKS[tag]] if tag in MARKS else []
    style = given.get("style", "").lower()
    if style:
        compact = style.replace(" ", "")
        if re.search(r"font-weight:(?:bold|[6-9]00)", compact):
            found.append(BOLD)
        if "font-style:italic" in compact:
            found.append(ITALIC)
        decoration = re.search(r"text-decoration(?:-line)?:([^;]{1,100})", compact)
        if decoration and "line-through" in decoration[1]:
            found.append(STRUCK)
        if decoration and "underline" in decoration[1]:
            found.append(UNDERLINED)
    colours = [*_COLOUR.findall(style), ("color", given.get("color", "").lower())]
    colours.append(("background", given.get("bgcolor", "").lower()))
    if any(_is_colour(value, is_text=name == "color") for name, value in colours):
        found.append(HIGHLIGHTED)
    return tuple(dict.fromkeys(found))


def _is_colour(value: str, *, is_text: bool) -> bool:
    match = _VALUE.search(value)
    if match is None:
        return False
    digits, function, numbers, name = match.groups()
    if name:
        return name not in _NO_COLOURS
    if digits:
        step = 1 if len(digits) < 6 else 2
        parts = [digits[at : at + step] for at in range(0, len(digits), step)]
        values = [float(int(part * (3 - step), 16)) for part in parts]
        alpha = values[3] if len(values) > 3 else 1.0
    else:
        found = re.findall(r"[\d.]+", numbers)[:4]
        values = [float(each) if each.count(".") < 2 and each != "." else 0.0 for each in found]
        alpha = values[3] if len(values) > 3 else 1.0
    if len(values) < 3 or not alpha:
        return False
    if function == "hsl":
        return values[1] >= 25 and 5 < values[2] < 97
    return max(values[:3]) - min(values[:3]) >= (_TEXT_CHROMA if is_text else _GROUND_CHROMA)
