"""The Markdown parser, with limits: no text makes it hang, recurse too deep or lose words."""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import Any

from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import hr as parse_rule
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from memoryloop.markdown import code
from memoryloop.markdown.autolinks import autolinks_plugin
from memoryloop.markdown.emphasis import emphasis_plugin
from memoryloop.markdown.math import math_plugin
from memoryloop.markup import MARKS, TAG

# Levels of tokens: a list item in a list in a quote counts five.
MAX_NESTING = 60
# A paragraph beyond these limits is shown without emphasis and links, because the inline rules take
# more than linear time.
_MAX_PARAGRAPH_CHARACTERS = 50_000
_MAX_DELIMITERS = 2_000
_MAX_BRACKETS = 300
_DELIMITERS = re.compile(r"[*_~`<&]")
# The address of an image or a sound that a learner stored: the hash of its content. Only they can
# have it.
OWN_IMAGE = re.compile(r"/media/[0-9a-f]{64}\.(?:png|jpg|gif|webp)")
OWN_SOUND = re.compile(r"/media/[0-9a-f]{64}\.(?:mp3|ogg|wav|m4a|aac|flac|webm)")
_TAGS = re.compile(TAG, re.IGNORECASE)
_BOX = re.compile(r"\[([ xX])\]\s+")
_ALIGNMENTS = {"text-align:center": "align-center", "text-align:right": "align-right"}

# Blocks of words, whose first letter the browser finds; and blocks of blocks, which it does not
# look into.
_OF_WORDS = {"paragraph_open", "heading_open", "list_item_open", "th_open", "td_open"}
_OF_BLOCKS = {"bullet_list_open", "ordered_list_open", "blockquote_open", "table_open"}
# No letter before these is of a script from right to left.
_MAY_BE = re.compile("[\u0590-\U0010ffff]")
_RIGHT_TO_LEFT = ("R", "AL")


@functools.lru_cache(maxsize=1)
def parser() -> "Parser":
    return Parser()


class Parser:
    """Markdown-it with our rules. Holds no state between texts, so threads share one."""

    def __init__(self) -> None:
        md = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
        md.enable(["table", "strikethrough"])
        md.use(autolinks_plugin)
        md.use(math_plugin)
        md.use(emphasis_plugin)
        alternatives: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
        md.block.ruler.at("hr", _rule, alternatives)
        md.inline.ruler.before("autolink", "marks", _mark)
        # Before the inline rules, so that they do not parse a paragraph beyond the limits.
        md.core.ruler.before("inline", "bound_paragraphs", _bound_paragraphs)
        md.core.ruler.after("inline", "images_to_links", _images_to_links)
        md.core.ruler.after("inline", "pair_marks", _pair_marks)
        md.core.ruler.push("task_lists", _task_lists)
        md.core.ruler.push("align_with_classes", _align_with_classes)
        md.core.ruler.push("directions", _direct)
        md.add_render_rule("fence", _render_code)
        md.add_render_rule("code_block", _render_code)
        self._md = md

    def replace_rule(self, name: str, rule: Callable[..., str]) -> None:
        """Render the tokens of a type by another rule."""
        self._md.add_render_rule(name, rule)

    def block_tokens(self, text: str, *, unfinished: bool) -> list[Token] | None:
        """Return the tokens of the block structure, or None where it is nested too deep."""
        state = StateCore(text, self._md, {"unfinished": unfinished})
        self._md.block.parse(state.src, self._md, state.env, state.tokens)
        return None if _too_deep(state.tokens) else state.tokens

    def html(self, text: str, *, unfinished: bool) -> str | None:
        """Return HTML that is not sanitised yet, or None where the text is nested too deep."""
        env: MutableMapping[str, Any] = {"unfinished": unfinished}
        tokens = self._md.parse(text, env)
        if _too_deep(tokens):
            return None
        return str(self._md.renderer.render(tokens, self._md.options, env))


def _too_deep(tokens: Sequence[Token]) -> bool:
    """Tell whether the parser reached its deepest level, at which it drops the content."""
    return any(token.level >= MAX_NESTING - 2 for token in tokens)


def _bound_paragraphs(state: StateCore) -> None:
    for token in state.tokens:
        if token.type != "inline":
            continue
        text = token.content
        if (
            len(text) > _MAX_PARAGRAPH_CHARACTERS
            or text.count("[") + text.count("]") > _MAX_BRACKETS
            or len(_DELIMITERS.findall(text)) > _MAX_DELIMITERS
        ):
            token.type = "bounded"
            token.children = [Token("text", "", 0, content=text)]
    # markdown-it's inline rule skips the type "bounded"; _images_to_links restores the type.


def _images_to_links(state: StateCore) -> None:
    """Show images as links, except those stored here: no page loads anything from another host.

    A sound is written as an image is: `![](/media/….mp3)`.
    """
    for token in state.tokens:
        if token.type == "bounded":
            token.type = "inline"
        if token.type != "inline" or not token.children:
            continue
        children: list[Token] = []
        links = 0
        for child in token.children:
            links += {"link_open": 1, "link_close": -1}.get(child.type, 0)
            if child.type != "image":
                children.append(child)
                continue
            source = str(child.attrs.get("src", ""))
            if OWN_IMAGE.fullmatch(source):
                child.attrs = {"src": source, "alt": "", "loading": "lazy"}
                children.append(child)
                continue
            if OWN_SOUND.fullmatch(source):
                called = escape(f"Sound: {child.content}" if child.content else "Sound")
                player = f'<audio controls preload="none" src="{source}" aria-label="{called}">'
                children.append(Token("html_inline", "", 0, content=f"{player}</audio>"))
                continue
            label = Token("text", "", 0, content=child.content.strip() or source or "image")
            if links:
                children.append(label)
                continue
            children.append(
                Token("link_open", "a", 1, attrs={"href": source, "class": "image-link"})
            )
            children += [label, Token("link_close", "a", -1)]
        token.children = children


def _task_lists(state: StateCore) -> None:
    """Show "[ ]" and "[x]" at the start of a list item as boxes."""
    for item, paragraph, token in zip(
        state.tokens, state.tokens[1:], state.tokens[2:], strict=False
    ):
        if (item.type, paragraph.type) != ("list_item_open", "paragraph_open"):
            continue
        first = token.children[0] if token.children else None
        box = _BOX.match(first.content) if first is not None and first.type == "text" else None
        if first is not None and box is not None:
            first.content = ("☐ " if box[1] == " " else "☑ ") + first.content[box.end() :]
            item.attrSet("class", "task")


def _align_with_classes(state: StateCore) -> None:
    """Align table columns with classes, because the Content-Security-Policy forbids styles."""
    for token in state.tokens:
        if token.type in {"th_open", "td_open"}:
            aligned = _ALIGNMENTS.get(str(token.attrs.pop("style", "")))
            if aligned:
                token.attrs["class"] = aligned


def _render_code(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    env: MutableMapping[str, Any],
) -> str:
    budget = env.setdefault("highlighting", code.Budget())
    html = code.render(tokens[index].content, tokens[index].info, budget)
    return html.replace("<pre", '<pre dir="ltr"', 1) if env.get("is_directed") else html


def _mark(state: StateInline, silent: bool) -> bool:
    """Read a tag of MARKS, or a line's end."""
    match = _TAGS.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if match is None:
        return False
    if match[0][1] in "bB":
        if not silent:
            state.push("hardbreak", "br", 0)
    elif not silent:
        # Of no nesting: emphasis may begin in a mark and end after it.
        token = state.push("mark", "", 0)
        token.content = match[0].lower()
    state.pos = match.end()
    return True


def _pair_marks(state: StateCore) -> None:
    """Make the tags that have a partner in their paragraph HTML, and the others text."""
    for token in state.tokens:
        open_: dict[str, list[Token]] = {name: [] for name in MARKS}
        for each in token.children or () if token.type == "inline" else ():
            if each.type != "mark":
                continue
            each.type = "text"
            name = each.content.strip("</>")
            if not each.content.startswith("</"):
                open_[name].append(each)
            elif open_[name]:
                each.type = open_[name].pop().type = "html_inline"


def _rule(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse a line across the page. Underscores in a list or a quote are a blank."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    if state.level and state.src[start : start + 1] == "_":
        return False
    return parse_rule(state, start_line, end_line, silent)


def _direct(state: StateCore) -> None:
    """Give each block of a text with Arabic, Hebrew or the like the direction of its first letter.

    Code and formulas go from left to right.
    """
    if not _has_right_to_left(state.src):
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


def _has_right_to_left(text: str) -> bool:
    """Tell whether a letter of a text is of a script that is written from right to left."""
    return any(
        unicodedata.bidirectional(found[0]) in _RIGHT_TO_LEFT for found in _MAY_BE.finditer(text)
    )
