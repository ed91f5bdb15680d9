"""Reading LaTeX: commands, groups, and what stands between the signs of a level."""

import re

# A command, an escaped sign, a comment to the end of its line, or one other character.
PIECE = re.compile(r"\\[A-Za-z]+\*?|\\.|%[^\n]*\n?|[^\\%]", re.DOTALL)
_SPACES = re.compile(r"\s*")


class Unreadable(ValueError):
    """LaTeX whose groups or arguments are incomplete."""


def after_spaces(latex: str, at: int) -> int:
    match = _SPACES.match(latex, at)
    return match.end() if match else at


def group(latex: str, at: int, marks: str = "{}") -> tuple[str, int]:
    """Return what is within the group that opens at an offset, and the offset after it.

    Raises Unreadable where it has no end.
    """
    depth = 0
    for match in PIECE.finditer(latex, at):
        piece = match[0]
        if piece == marks[0] or (piece == "{" and depth):
            depth += 1
        elif piece == marks[1] or (piece == "}" and depth > 1):
            depth -= 1
            if not depth:
                return latex[at + 1 : match.start()], match.end()
    raise Unreadable


def argument(latex: str, at: int) -> tuple[str, int]:
    """Return the argument at an offset, a group or one piece, and the offset after it."""
    at = after_spaces(latex, at)
    if latex[at : at + 1] == "{":
        return group(latex, at)
    match = PIECE.match(latex, at)
    if match is None or match[0] == "}":
        raise Unreadable
    return match[0], match.end()


def option(latex: str, at: int) -> tuple[str, int]:
    """Return the argument in square brackets at an offset, "" without one, and the offset after."""
    start = after_spaces(latex, at)
    if latex[start : start + 1] != "[":
        return "", at
    return group(latex, start, "[]")


def body(latex: str, name: str, at: int) -> tuple[str, int]:
    """Return the body of an environment whose `\\begin{name}` ends at an offset."""
    depth = 1
    for match in re.finditer(rf"\\(begin|end)\s*\{{{re.escape(name)}\}}", latex[at:]):
        depth += 1 if match[1] == "begin" else -1
        if not depth:
            return latex[at : at + match.start()], at + match.end()
    raise Unreadable


def split(latex: str, sign: str) -> list[str]:
    """Return the parts of LaTeX between the signs that are in no group and no environment."""
    parts, depth, begun = [], 0, 0
    for match in PIECE.finditer(latex):
        piece = match[0]
        if piece in ("{", "\\begin", "\\left"):
            depth += 1
        elif piece in ("}", "\\end", "\\right"):
            depth -= 1
        elif piece == sign and depth == 0:
            parts.append(latex[begun : match.start()])
            begun = match.end()
    return [*parts, latex[begun:]]
