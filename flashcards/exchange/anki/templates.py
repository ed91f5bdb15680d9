"""Anki's card templates: `{{Field}}`, `{{#Field}}…{{/Field}}`, `{{^Field}}`, filters, FrontSide.

A template is parsed once and rendered for each note. A field with an unknown filter is shown as it
is, so that no word of a note is lost. A rendered side lists the fields that it shows.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flashcards.exchange.html import to_markdown

# Conditions that are nested deeper are ignored.
DEPTH_MOST = 50
_TOKEN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_EMPTY = re.compile(r"^(?:\s|&nbsp;|</?(?:br|div|p)\s*/?>)*$", re.IGNORECASE)
_CLOZE_CONDITION = re.compile(r"c\d+")
_RUBY = re.compile(r" ?([^ >\[\]]+?)\[((?!sound:)[^\]]+)\]")
_RULE = re.compile(r"<hr\b[^>]*\bid\s*=\s*[\"']?answer\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True)
class _Text:
    text: str


@dataclass(frozen=True)
class _Shown:
    name: str
    filters: tuple[str, ...]


@dataclass(frozen=True)
class _If:
    name: str
    wanted: bool
    inside: "tuple[_Text | _Shown | _If, ...]"


_Node = _Text | _Shown | _If


@dataclass
class Side:
    """A side of a card as HTML, and the fields that it shows or depends on."""

    html: str = ""
    shown: set[str] = field(default_factory=set)


@functools.lru_cache(maxsize=2_048)
def parse(template: str) -> tuple[_Node, ...]:
    """Return the nodes of a template; unclosed conditions end with it."""
    source = _COMMENT.sub("", template)
    open_: list[tuple[str, bool, list[_Node]]] = [("", True, [])]
    position = 0
    for match in _TOKEN.finditer(source):
        open_[-1][2].append(_Text(source[position : match.start()]))
        position = match.end()
        token = match[1].strip()
        if token[:1] in ("#", "^") and len(open_) < DEPTH_MOST:
            open_.append((token[1:].strip(), token[0] == "#", []))
        elif token[:1] == "/":
            if len(open_) > 1 and open_[-1][0] == token[1:].strip():
                _end(open_)
        elif token:
            *filters, name = token.split(":")
            cleaned = tuple(each.strip().lower() for each in reversed(filters))
            open_[-1][2].append(_Shown(name.strip(), cleaned))
    open_[-1][2].append(_Text(source[position:]))
    while len(open_) > 1:
        _end(open_)
    return tuple(open_[0][2])


def _end(open_: list[tuple[str, bool, list[_Node]]]) -> None:
    name, wanted, inside = open_.pop()
    open_[-1][2].append(_If(name, wanted, tuple(inside)))


def front(template: str, fields: Mapping[str, str]) -> Side:
    """Return the front of a card; hints and boxes to type into show nothing of their fields."""
    side = Side()
    side.html = _render(parse(template), fields, side, is_front=True)
    return side


def back(template: str, fields: Mapping[str, str], front_html: str) -> Side:
    """Return the back of a card without the front, which most templates repeat."""
    side = Side()
    whole = _render(parse(template), fields, side, is_front=False)
    before, rule, after = _split(whole)
    if rule and (not before.strip() or to_markdown.plain(before) == to_markdown.plain(front_html)):
        whole = after
    side.html = _RULE.sub("<hr>", whole)
    return side


def is_plain(template: str, *, is_front: bool) -> str:
    """Return the name of the only field that a template shows, "" if it shows anything else.

    Of an answer the question it repeats does not count.
    """
    shown = [node for node in _flat(parse(template)) if isinstance(node, _Shown)]
    rest = "".join(node.text for node in _flat(parse(template)) if isinstance(node, _Text))
    if not is_front:
        shown = [node for node in shown if node.name != "FrontSide"]
    if len(shown) != 1 or set(shown[0].filters) - {"type"} or to_markdown.plain(rest):
        return ""
    if shown[0].filters and is_front:
        return ""
    return shown[0].name


def cloze_fields(template: str) -> list[str]:
    """Return the fields that a template shows as clozes."""
    nodes = [node for node in _flat(parse(template)) if isinstance(node, _Shown)]
    return [node.name for node in nodes if "cloze" in node.filters]


def asked_about(template: str) -> set[str]:
    """Return the fields in a template's conditions."""
    found: set[str] = set()
    waiting = list(parse(template))
    while waiting:
        node = waiting.pop()
        if isinstance(node, _If):
            found.add(node.name)
            waiting += node.inside
    return found


def _split(html: str) -> tuple[str, str, str]:
    match = _RULE.search(html)
    if match is None:
        return html, "", ""
    return html[: match.start()], match[0], html[match.end() :]


def _flat(nodes: tuple[_Node, ...]) -> list[_Node]:
    """Return the nodes in order, with those inside conditions."""
    found: list[_Node] = []
    for node in nodes:
        found += _flat(node.inside) if isinstance(node, _If) else [node]
    return found


def _render(
    nodes: tuple[_Node, ...], fields: Mapping[str, str], side: Side, *, is_front: bool
) -> str:
    parts: list[str] = []
    for node in nodes:
        if isinstance(node, _Text):
            parts.append(node.text)
        elif isinstance(node, _If):
            if _holds(node, fields):
                parts.append(_render(node.inside, fields, side, is_front=is_front))
        else:
            parts.append(_field(node, fields, side, is_front=is_front))
    return "".join(parts)


def _holds(node: _If, fields: Mapping[str, str]) -> bool:
    if node.name in fields:
        return bool(_EMPTY.match(fields[node.name])) is not node.wanted
    # A cloze condition depends on the card that is shown, which is not known here.
    return node.wanted if _CLOZE_CONDITION.fullmatch(node.name) else not node.wanted


def _field(node: _Shown, fields: Mapping[str, str], side: Side, *, is_front: bool) -> str:
    if node.name not in fields:
        return ""
    if is_front and {"hint", "type"} & set(node.filters) and "cloze" not in node.filters:
        return ""
    if any(each.startswith("tts ") or each == "tts" for each in node.filters):
        return ""
    value = fields[node.name]
    side.shown.add(node.name)
    for each in node.filters:
        if each == "text":
            value = to_markdown.plain(value)
        elif each == "kanji":
            value = _RUBY.sub(r"\1", value)
        elif each == "kana":
            value = _RUBY.sub(r"\2", value)
        elif each == "furigana":
            value = _RUBY.sub(r"\1(\2)", value)
    return value
