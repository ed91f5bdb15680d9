r"""Formulas in Markdown: `\(…\)`, `\[…\]`, `$$…$$` and a guarded `$…$`.

"$5 and $10" stays text.
"""

import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as parse_table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from memoryloop.markdown.mathml import MAX_CHARACTERS, to_mathml

# The marks of a formula that is a block of its own: they open it at the start of a line.
_DISPLAY = {"$$": "$$", "\\[": "\\]"}
_COMMAND = re.compile(r"\\(?:text|mathrm|operatorname|mathbf|mathit)\{[^{}]*\}|\\[A-Za-z]+")
_SIGN = re.compile(r"[\\^_=<>+*/{}|!≤≥≠≈∈→∞±·√-]")
_WORDS = re.compile(r"[A-Za-z]{3,}[\s,.;:]+[A-Za-z]{2,}")

# Stands for a bar while a table is cut into cells: no character of any text.
_BAR = "\uffff"
# Formulas with a bar that is not escaped. None is longer than the line, or than 300 characters.
_IN_A_ROW = re.compile(
    r"\\\([^\n]{1,300}?\\\)|\\\[[^\n]{1,300}?\\\]|\$\$[^$\n]{1,300}\$\$"
    r"|(?<![\w\\$])\$(?![\s$])[^$\n]{0,300}[^\s\\$]\$(?![\w$])"
)
_FREE_BAR = re.compile(r"(?<!\\)\|")


def math_plugin(md: MarkdownIt) -> None:
    alternatives: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    md.block.ruler.before("fence", "math_block", _block, alternatives)
    md.inline.ruler.before("escape", "math_inline", _inline)
    md.block.ruler.at("table", _table, {"alt": ["paragraph", "reference"]})
    md.add_render_rule("math_block", _render_block)
    md.add_render_rule("math_inline", _render_inline)


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse a formula that starts and ends a line. It must not hold a blank line."""
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    opening = state.src[start : start + 2]
    closing = _DISPLAY.get(opening, "")
    if not closing:
        return False
    # Up to which line it is known that none is closed: each would be looked for to there anew.
    unclosed: dict[tuple[str, int, int], int] = state.env.setdefault("unclosed", {})
    within = closing, end_line, state.blkIndent
    if start_line < unclosed.get(within, 0):
        return False
    line = start_line
    position = start + len(opening)
    content = []
    while line < end_line:
        end = state.eMarks[line]
        if line > start_line:
            position = state.bMarks[line] + state.tShift[line]
            # The end of the list or quote that holds the formula, or a blank line.
            if state.sCount[line] < state.blkIndent or position >= end:
                unclosed[within] = line
                return False
        row = state.src[position:end]
        found = row.find(closing)
        if found >= 0:
            if row[found + len(closing) :].strip(" \t.,;:"):
                unclosed[within] = line
                return False
            content.append(row[:found])
            punctuation = row[found + len(closing) :].strip()
            break
        content.append(row)
        line += 1
    else:
        # Not closed where the text ends. In a stream it is kept together.
        if not state.env.get("unfinished"):
            unclosed[within] = end_line
            return False
        line, punctuation = end_line - 1, ""
        closing = ""
    latex = "\n".join(content).strip()
    if not latex and closing:
        return False
    if silent:
        return True
    token = state.push("math_block", "math", 0)
    token.block = True
    token.content = latex
    token.info = punctuation
    token.meta = {"open": not closing, "source": f"{opening}{latex}{closing}"}
    token.map = [start_line, line + 1]
    state.line = line + 1
    return True


def _table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    r"""Parse a table. The bars of `\(|x|\)` and `$P(A|B)$` do not end a cell."""
    whole = state.src
    # Once for a text: no match goes over the end of a line.
    if state.env.get("barred", (None, ""))[0] != whole:
        state.env["barred"] = whole, _barred(whole)
    made = len(state.tokens)
    state.src = state.env["barred"][1]
    try:
        return parse_table(state, start_line, end_line, silent)
    finally:
        state.src = whole
        if _BAR not in whole:
            for token in state.tokens[made:]:
                token.content = token.content.replace(_BAR, "|")


def _barred(text: str) -> str:
    """Return a text whose bars in formulas do not end a cell."""
    if _BAR in text:
        return text
    return _IN_A_ROW.sub(lambda found: _FREE_BAR.sub(_BAR, found[0]), text)


def _inline(state: StateInline, silent: bool) -> bool:
    source, start = state.src, state.pos
    if source[start] == "\\":
        opening = source[start : start + 2]
        closing = {"\\(": "\\)", "\\[": "\\]"}.get(opening)
        if closing is None:
            return False
        end = source.find(closing, start + 2, start + 2 + MAX_CHARACTERS)
    elif source[start] == "$":
        if source.startswith("$$", start):
            opening = closing = "$$"
            end = source.find("$$", start + 2, start + 2 + MAX_CHARACTERS)
        else:
            opening = closing = "$"
            end = _dollar_end(source, start)
    else:
        return False
    if end < 0:
        return opening != "$" and _still_open(state, opening, silent)
    latex = source[start + len(opening) : end].strip()
    if not latex:
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.content = latex
        token.markup = opening
        token.meta = {"source": source[start : end + len(closing)]}
    state.pos = end + len(closing)
    return True


def _still_open(state: StateInline, opening: str, silent: bool) -> bool:
    """Keep a formula together whose end has not come yet, so that it is not read as Markdown.

    Not one that a single dollar opens, which may be money.
    """
    source, start = state.src, state.pos
    if not state.env.get("unfinished") or len(source) - start > MAX_CHARACTERS:
        return False
    if not silent:
        token = state.push("math_inline", "math", 0)
        token.markup = opening
        token.meta = {"source": source[start:], "open": True}
    state.pos = state.posMax
    return True


def _dollar_end(source: str, start: int) -> int:
    """Return where `$…$` ends, or -1 where the dollar is money or a stray sign."""
    if start and (source[start - 1].isalnum() or source[start - 1] in "\\$"):
        return -1
    if start + 1 >= len(source) or source[start + 1].isspace():
        return -1
    end = start + 1
    # A formula between single dollars is part of a sentence, and short.
    limit = min(len(source), start + 500)
    while True:
        end = source.find("$", end, limit)
        if end < 0:
            return -1
        if source[end - 1] != "\\":
            break
        end += 1
    latex = source[start + 1 : end]
    after = source[end + 1 : end + 2]
    if not latex or latex[-1].isspace() or after.isalnum() or after == "$":
        return -1
    return end if _is_formula(latex) else -1


def _is_formula(latex: str) -> bool:
    """Tell a formula such as `x_1 + 2` from prose between two prices."""
    if _WORDS.search(_COMMAND.sub(" ", latex)):
        return False
    return bool(_SIGN.search(latex)) or len(latex) <= 12


def _directed(html: str, element: str, env: MutableMapping[str, Any]) -> str:
    """Return the HTML of a formula, which goes from left to right in any text."""
    return (
        html.replace(f"<{element}", f'<{element} dir="ltr"', 1) if env.get("is_directed") else html
    )


def _render_block(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    mathml = None if token.meta["open"] else to_mathml(token.content, "block")
    if mathml is None:
        source = escape(token.meta["source"])
        return _directed(f'<pre class="math-source"><code>{source}</code></pre>\n', "pre", env)
    mathml = _directed(mathml, "math", env)
    return f'<p><span class="math-block">{mathml}{escape(token.info)}</span></p>\n'


def _render_inline(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    block = token.markup in {"$$", "\\["}
    mathml = (
        None if token.meta.get("open") else to_mathml(token.content, "block" if block else "inline")
    )
    if mathml is None:
        source = escape(token.meta["source"])
        return _directed(f'<code class="math-source">{source}</code>', "code", env)
    mathml = _directed(mathml, "math", env)
    return f'<span class="math-block">{mathml}</span>' if block else mathml
