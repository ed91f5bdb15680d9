"""Underlined and highlighted words: `<u>…</u>` and `<mark>…</mark>`. Markdown has no sign for them.

They are the only HTML that is read. A tag without its partner in the same paragraph is text.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

# The tags in a text, for those who want its words alone.
TAGS = re.compile(r"</?(?:u|mark)>")


def marks_plugin(md: MarkdownIt) -> None:
    md.inline.ruler.before("autolink", "marks", _tag)
    md.core.ruler.after("inline", "pair_marks", _pair)


def _tag(state: StateInline, silent: bool) -> bool:
    match = TAGS.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if match is None:
        return False
    if not silent:
        # Of no nesting: emphasis may begin in a mark and end after it.
        token = state.push("mark", "", 0)
        token.content = match[0]
    state.pos = match.end()
    return True


def _pair(state: StateCore) -> None:
    """Make those that have a partner HTML, and the others text."""
    for token in state.tokens:
        open_: dict[str, list[Token]] = {"u": [], "mark": []}
        for each in token.children or () if token.type == "inline" else ():
            if each.type != "mark":
                continue
            each.type = "text"
            name = each.content.strip("</>")
            if not each.content.startswith("</"):
                open_[name].append(each)
            elif open_[name]:
                each.type = open_[name].pop().type = "html_inline"
