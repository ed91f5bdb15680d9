r"""Chemistry as the LaTeX package mhchem writes it: `\ce{2H2 + O2 -> 2H2O}`.

Formulas, charges, coefficients, isotopes, bonds, arrows with words over and under them, states,
and the arrows of a gas and a precipitate. What stands between dollars is a formula of its own.
"""

import re
from collections.abc import Iterator

from memoryloop.markdown.latex.scanning import PIECE, Unreadable, group, option

# The longest first.
_ARROWS = {
    "<-->": "\\longleftrightarrow", "<=>>": "\\rightleftharpoons", "<<=>": "\\rightleftharpoons",
    "<->": "\\leftrightarrow", "<=>": "\\rightleftharpoons", "-->": "\\longrightarrow",
    "->": "\\rightarrow", "<-": "\\leftarrow", "→": "\\rightarrow", "←": "\\leftarrow",
    "↔": "\\leftrightarrow", "⇌": "\\rightleftharpoons", "⇄": "\\rightleftarrows",
}  # fmt: skip
_WORDED = {
    "\\rightarrow": "\\xrightarrow", "\\longrightarrow": "\\xrightarrow",
    "\\leftarrow": "\\xleftarrow", "\\leftrightarrow": "\\xleftrightarrow",
    "\\longleftrightarrow": "\\xleftrightarrow", "\\rightleftharpoons": "\\xrightleftharpoons",
    "\\rightleftarrows": "\\xrightleftharpoons",
}  # fmt: skip
_ARROW = re.compile("|".join(map(re.escape, _ARROWS)))
_BONDS = {
    "-": "-", "1": "-", "=": "=", "2": "=", "#": "\\equiv", "3": "\\equiv", "~": "\\cdots",
    "...": "\\cdots", "....": "\\cdots", "->": "\\rightarrow", "<-": "\\leftarrow",
}  # fmt: skip
_STATE = re.compile(r"\((?:s|l|g|aq|cr|am|vit|sln|ads|mon|pol|\\infty|s\d)\)")
_AMOUNT = re.compile(r"\d+/\d+|\(\d+/\d+\)|\d+(?:[.,]\d+)?")
_SCRIPT = re.compile(r"[0-9]+[+-]+|[+-]+|[0-9]+|[A-Za-z]\b|\\[A-Za-z]+|[A-Za-z]|[^\s{}]")
_CHARGE = re.compile(r"[+-]+(?=\s|$|[)\],;|}])")
_WORD = re.compile(r"[^\W\d_]+")
_SPACE = "\\,"
# A script that hangs on nothing stands as high as beside a capital.
_BASE = "{\\vphantom{A}}"


def formula(text: str) -> str:
    r"""Return the LaTeX of what is within `\ce{…}`. Raises Unreadable."""
    return "".join(_pieces(text.strip(), 0))


def _pieces(text: str, depth: int) -> Iterator[str]:
    if depth > 20:
        raise Unreadable
    at = 0
    # What is before the current place: nothing that a script could hang on, an element, or another
    # sign.
    begins, hangs = True, False
    while at < len(text):
        rest = text[at:]
        spaced = at == 0 or text[at - 1].isspace()
        character = text[at]
        if character.isspace():
            at += 1
            begins, hangs = True, False
        elif match := _ARROW.match(text, at):
            above, at = option(text, match.end())
            below, at = option(text, at)
            yield _arrow(_ARROWS[match[0]], above, below, depth)
            begins, hangs = True, False
        elif spaced and re.match(r"\^(?=\s|$)", rest):
            yield "\\uparrow "
            at += 1
        elif spaced and re.match(r"v(?=\s|$)", rest):
            yield "\\downarrow "
            at += 1
        elif match := _STATE.match(text, at):
            yield rf"{_SPACE}\mathrm{{{match[0]}}}"
            at, hangs = match.end(), True
        elif begins and (match := _AMOUNT.match(text, at)):
            yield _amount(match[0]) + _SPACE
            at, begins = match.end(), False
        elif character in "^_":
            scripts, at = _scripts(text, at)
            yield scripts if hangs else f"{{}}{scripts}"
            begins = False
        elif character.isdigit():
            match = re.compile(r"\d+").match(text, at)
            yield f"_{{{match[0] if match else character}}}" if hangs else character
            at = match.end() if match else at + 1
        elif hangs and (match := _CHARGE.match(text, at)):
            yield f"{_BASE}^{{{match[0]}}}"
            at = match.end()
        elif begins and re.match(r"[a-z](?=\s|$)", rest):
            # A letter by itself is an unknown number.
            yield f"{character}{_SPACE}"
            at, begins = at + 1, False
        elif match := _WORD.match(text, at):
            yield rf"\mathrm{{{match[0]}}}"
            at, begins, hangs = match.end(), False, True
        else:
            written, at, hangs, begins = _sign(text, at, depth, spaced=spaced)
            yield written


def _sign(text: str, at: int, depth: int, *, spaced: bool) -> tuple[str, int, bool, bool]:
    """Return a sign's LaTeX, the offset after it, if scripts hang on it, and if amounts follow."""
    character = text[at]
    match = PIECE.match(text, at)
    end = match.end() if match else at + 1
    if character == "$":
        end = text.find("$", at + 1) + 1
        if not end:
            raise Unreadable
        return f"{{{text[at + 1 : end - 1]}}}{_SPACE}", end, False, True
    if character == "{":
        inside, end = group(text, at)
        return f"{{{''.join(_pieces(inside, depth + 1))}}}", end, True, False
    if character == "\\" and match:
        if match[0] == "\\bond":
            inside, end = group(text, end)
            return f"{{{_BONDS.get(inside.strip(), '-')}}}", end, False, False
        while text[end : end + 1] == "{":
            _, end = group(text, end)
        return f"{text[at:end]} ", end, True, False
    if character in "([":
        return character, end, False, False
    if character in ")]":
        return character, end, True, False
    if character in ".*·•":
        return "\\cdot ", end, False, True
    if character in "+-=":
        follows = text[end : end + 1]
        operates = spaced or character == "+" or not follows or follows.isspace()
        # A bond is as close as a hyphen, and a sign between formulas is not.
        return (character if operates else f"{{{character}}}"), end, False, operates
    if character == "#":
        return "{\\equiv}", end, False, False
    if character in ",;":
        return f"{character}\\;", end, False, True
    return {"&": "&", "%": "\\%", "~": "\\;"}.get(character, character), end, False, False


def _amount(text: str) -> str:
    above, slash, below = text.strip("()").partition("/")
    return rf"\tfrac{{{above}}}{{{below}}}" if slash else text.replace(",", "{,}")


def _scripts(text: str, at: int) -> tuple[str, int]:
    """Return the scripts at an offset, of which `^` and `_` may follow each other."""
    found: dict[str, str] = {}
    while text[at : at + 1] in ("^", "_") and text[at] not in found:
        sign, at = text[at], at + 1
        if text[at : at + 1] == "{":
            inside, at = group(text, at)
        elif text[at : at + 1] == "$":
            end = text.find("$", at + 1)
            if end < 0:
                raise Unreadable
            inside, at = text[at : end + 1], end + 1
        elif match := _SCRIPT.match(text, at):
            inside, at = match[0], match.end()
        else:
            raise Unreadable
        found[sign] = _script(inside.strip())
    return "".join(f"{sign}{{{inside}}}" for sign, inside in found.items()), at


def _script(text: str) -> str:
    if text.startswith("$") and text.endswith("$") and len(text) > 2:
        return text[1:-1]
    if re.fullmatch(r"[a-z]", text):
        return text
    return _WORD.sub(lambda word: rf"\mathrm{{{word[0]}}}", text) if "\\" not in text else text


def _arrow(arrow: str, above: str, below: str, depth: int) -> str:
    if not (above.strip() or below.strip()):
        return f"{arrow} "
    over, under = (
        "".join(_pieces(each.strip(), depth + 1)) if each.strip() else "" for each in (above, below)
    )
    return f"{_WORDED[arrow]}" + (f"[{{{under}}}]" if under else "") + f"{{{over or ' '}}}"
