"""Emphasis where words are not set apart by spaces, and blanks to fill in.

CommonMark asks for a space beside emphasis that ends in punctuation, which Chinese, Japanese and
Korean do not write, as in `これは**「重要」**です`. The rules are those of the CommonMark
CJK-friendly Amendments: https://github.com/tats-u/markdown-cjk-friendly. A run of
underscores that touches no word, or is longer than any emphasis, is a blank.
"""

import unicodedata

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

# The least underscores of a blank; from the second number on also beside a word.
_BLANK_LEAST, _BLANK_BESIDE_A_WORD = 3, 4
_SELECTORS = ("\ufe00", "\ufe0e")
_IDEOGRAPHIC_SELECTORS = ("\U000e0100", "\U000e01ef")
_HANGUL = ("\u1100", "\u11ff")
# Wide characters that are pictures.
_PICTURES = (("\u232b", "\u2b55"), ("\U0001f000", "\U0001f1ff"), ("\U0001f300", "\U0001faff"))


def emphasis_plugin(md: MarkdownIt) -> None:
    md.inline.ruler.at("emphasis", _emphasis)
    md.inline.ruler.at("strikethrough", _struck)
    md.inline.ruler.before("emphasis", "blank", _blank)


def flanking(before: str, after: str) -> tuple[bool, bool]:
    """Tell whether emphasis can begin, and whether it can end, between two texts.

    Of each only the characters beside the place count; "" is the edge of a line.
    """
    last, following = before[-1:], after[:1]
    is_cjk_before = _is_cjk(last)
    if last and _SELECTORS[0] <= last <= _SELECTORS[1] and len(before) > 1:
        # A selector belongs to the character before it.
        last = before[-2]
        is_quote = before[-1] == "\ufe01" and last in "\u2018\u2019\u201c\u201d"
        is_cjk_before = is_quote or _is_cjk(last)
    is_sign_before = _is_sign(last) and not is_cjk_before
    is_sign_after = _is_sign(following) and not _is_cjk(following)
    opens = not _is_space(following) and (
        not is_sign_after or _is_space(last) or is_sign_before or is_cjk_before
    )
    closes = not _is_space(last) and (
        not is_sign_before or _is_space(following) or is_sign_after or _is_cjk(following)
    )
    return opens, closes


def _is_cjk(character: str) -> bool:
    if not character:
        return False
    if _HANGUL[0] <= character <= _HANGUL[1]:
        return True
    if _IDEOGRAPHIC_SELECTORS[0] <= character <= _IDEOGRAPHIC_SELECTORS[1]:
        return True
    return unicodedata.east_asian_width(character) in "WFH" and not any(
        first <= character <= last for first, last in _PICTURES
    )


def _is_sign(character: str) -> bool:
    return bool(character) and unicodedata.category(character)[0] in "PS"


def _is_space(character: str) -> bool:
    return not character or character in "\t\n\f\r" or unicodedata.category(character) == "Zs"


def _run(state: StateInline) -> tuple[str, str, str]:
    """Return the run of one sign at a place, and what is beside it."""
    source, start = state.src, state.pos
    end = start
    while end < state.posMax and source[end] == source[start]:
        end += 1
    after = source[end : min(end + 1, state.posMax)]
    return source[start:end], source[max(0, start - 2) : start], after


def _blank(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "_":
        return False
    run, before, after = _run(state)
    touches = before[-1:].isalnum() or after.isalnum()
    if len(run) < (_BLANK_BESIDE_A_WORD if touches else _BLANK_LEAST):
        return False
    if not silent:
        state.append_pending(run)
    state.pos += len(run)
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Take a run of `*` or `_` as what may begin or end emphasis."""
    sign = state.src[state.pos]
    if silent or sign not in "*_":
        return False
    run, before, after = _run(state)
    opens, closes = flanking(before, after)
    if sign == "_":
        # Not within a word.
        opens, closes = (
            opens and (not closes or _is_sign(before[-1:])),
            closes and (not opens or _is_sign(after)),
        )
    for _ in run:
        _delimiter(state, sign, len(run), opens=opens, closes=closes)
    state.pos += len(run)
    return True


def _struck(state: StateInline, silent: bool) -> bool:
    """Take a run of `~` as what may begin or end words that are struck out, two of it at a time."""
    if silent or state.src[state.pos] != "~":
        return False
    run, before, after = _run(state)
    if len(run) < 2:
        return False
    opens, closes = flanking(before, after)
    if len(run) % 2:
        state.push("text", "", 0).content = "~"
    for _ in range(len(run) // 2):
        # Without a length: they need not be as many at both ends.
        _delimiter(state, "~~", 0, opens=opens, closes=closes)
    state.pos += len(run)
    return True


def _delimiter(state: StateInline, sign: str, length: int, *, opens: bool, closes: bool) -> None:
    state.push("text", "", 0).content = sign
    state.delimiters.append(
        Delimiter(
            marker=ord(sign[0]),
            length=length,
            token=len(state.tokens) - 1,
            end=-1,
            open=opens,
            close=closes,
        )
    )
