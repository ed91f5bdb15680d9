"""Directions: in a text with Arabic, Hebrew or another script from right to left, each block goes
its own way, by its first letter. Code and formulas go from left to right.
"""

import re
import unicodedata
from collections.abc import Iterable

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

# Blocks of words, whose first letter the browser finds; and blocks of blocks, which it does not
# look into.
_OF_WORDS = {"paragraph_open", "heading_open", "list_item_open", "th_open", "td_open"}
_OF_BLOCKS = {"bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"}
# No letter before these is of a script from right to left.
_MAY_BE = re.compile("[\u0590-\U0010ffff]")
_RIGHT_TO_LEFT = ("R", "AL")


def directions_plugin(md: MarkdownIt) -> None:
    md.core.ruler.push("directions", _direct)


def has_right_to_left(text: str) -> bool:
    """Tell whether a letter of a text is of a script that is written from right to left."""
    return any(
        unicodedata.bidirectional(found[0]) in _RIGHT_TO_LEFT for found in _MAY_BE.finditer(text)
    )


def left_to_right(html: str, element: str) -> str:
    """Return the HTML of an element that is written from left to right in any text."""
    return html.replace(f"<{element}", f'<{element} dir="ltr"', 1)


def _direct(state: StateCore) -> None:
    if not has_right_to_left(state.src):
        return
    state.env["is_directed"] = True
    # Blocks of blocks that had no letter yet.
    waiting: list[Token] = []
    for token in state.tokens:
        if token.type in _OF_WORDS:
            token.attrSet("dir", "auto")
        elif token.type in _OF_BLOCKS:
            waiting.append(token)
        elif waiting and (direction := _direction(token.children or ())):
            for block in waiting:
                block.attrSet("dir", direction)
            waiting.clear()
        for child in token.children or ():
            if child.type == "code_inline":
                # It does not count for the direction of its block.
                child.attrSet("dir", "ltr")


def _direction(words: Iterable[Token]) -> str:
    """Return the direction of the first letter, "" without one."""
    for token in words:
        for letter in token.content if token.type == "text" else "":
            if (kind := unicodedata.bidirectional(letter)) in _RIGHT_TO_LEFT:
                return "rtl"
            if kind == "L":
                return "ltr"
    return ""
