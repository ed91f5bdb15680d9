r"""Tables with formulas: the bars of `\(|x|\)` and `$P(A|B)$` do not end a cell."""

import re

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as parse_table

# Stands for a bar while a table is cut into cells: no character of any text.
_BAR = "\uffff"
_DELIMITERS = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t|:-]*)?")
# Formulas with a bar that is not escaped. None is longer than the line, or than 300 characters.
_FORMULA = re.compile(
    r"\\\([^\n]{1,300}?\\\)|\\\[[^\n]{1,300}?\\\]|\$\$[^$\n]{1,300}\$\$"
    r"|(?<![\w\\$])\$(?![\s$])[^$\n]{0,300}[^\s\\$]\$(?![\w$])"
)
_FREE_BAR = re.compile(r"(?<!\\)\|")


def tables_plugin(md: MarkdownIt) -> None:
    alternatives: RuleOptionsType = {"alt": ["paragraph", "reference"]}
    md.block.ruler.at("table", _table, alternatives)


def _table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if not _begins(state, start_line, end_line):
        return False
    whole = state.src
    first, last = state.bMarks[start_line], state.eMarks[end_line - 1]
    rows = _FORMULA.sub(lambda found: _FREE_BAR.sub(_BAR, found[0]), whole[first:last])
    if _BAR not in rows or _BAR in whole:
        return parse_table(state, start_line, end_line, silent)
    made = len(state.tokens)
    state.src = whole[:first] + rows + whole[last:]
    try:
        return parse_table(state, start_line, end_line, silent)
    finally:
        state.src = whole
        for token in state.tokens[made:]:
            token.content = token.content.replace(_BAR, "|")


def _begins(state: StateBlock, start_line: int, end_line: int) -> bool:
    """Tell whether the line below could be the one under a table's head."""
    below = start_line + 1
    if below >= end_line:
        return False
    line = state.src[state.bMarks[below] + state.tShift[below] : state.eMarks[below]]
    return "-" in line and bool(_DELIMITERS.match(line))
