"""Anki's card templates: `{{Field}}`, `{{#Field}}…{{/Field}}`, `{{^Field}}`, filters, FrontSide.

A template is parsed once and rendered for each note. A field with an unknown filter is shown as it
is, so that no word of a note is lost.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flashcards.domain import cloze
from flashcards.exchange.html import to_markdown

# What a template can show of a card besides its note's fields.
SPECIAL_FIELDS = ("Tags", "Type", "Deck", "Subdeck", "Card", "CardFlag")
# Conditions that are nested deeper are ignored.
DEPTH_MOST = 50
# A side is refused beyond this length, which a few long fields shown a thousand times can reach.
HTML_MAX_CHARACTERS = 20_000_000
_TOKEN = re.compile(r"\{\{((?:[^{}]|\{(?!\{)|\}(?!\}))*)\}\}")
# As in Anki (rslib/src/template.rs): a space that does not break is no emptiness, nor is <p>.
_EMPTY = re.compile(r"(?:[ \t\n\v\f\r]|</?(?:br|div) ?/?>)*", re.IGNORECASE)
# A field that is not empty, and of which nothing is seen: the converter drops the sign.
UNSEEN = "\ue01e"
_CLOZE_CONDITION = re.compile(r"c\d+")
_RUBY = re.compile(r" ?(?<![^ >\[\]])([^ >\[\]]+)\[((?!sound:)[^\[\]]+)\]")
_RULE = re.compile(r"<hr\b[^<>]*\bid\s*=\s*[\"']?answer\b[^<>]*>", re.IGNORECASE)
_FILE = re.compile(r"<(?:img|audio|source)\b[^<>]*>|\[sound:[^\]\n]*\]", re.IGNORECASE)


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


class TooLong(Exception):
    """A side is longer than HTML_MAX_CHARACTERS."""


@functools.lru_cache(maxsize=2_048)
def parse(template: str) -> tuple[_Node, ...]:
    """Return the nodes of a template; unclosed conditions end with it."""
    source = _without(_without(template, "<!--", "-->"), "<svg", "</svg>")
    open_: list[tuple[str, bool, list[_Node]]] = [("", True, [])]
    position = 0
    for match in _TOKEN.finditer(source):
        open_[-1][2].append(_Text(source[position : match.start()]))
        position = match.end()
        token = match[1].strip(" \t\r\n{}")
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


def _without(template: str, opening: str, closing: str) -> str:
    """Return a template without its comments or its drawings, unless there is a field in one."""
    lowered = template.lower()
    parts = []
    at = 0
    while (start := lowered.find(opening, at)) >= 0:
        end = lowered.find(closing, start)
        if end < 0:
            break
        end += len(closing)
        keeps = opening == "<svg" and "{{" in template[start:end]
        parts.append(template[at : end if keeps else start])
        at = end
    return "".join([*parts, template[at:]])


def front(template: str, fields: Mapping[str, str]) -> str:
    """Return the front of a card as HTML. Raises TooLong.

    Hints and boxes to type into show nothing of their fields.
    """
    return "".join(_render(parse(template), fields, [HTML_MAX_CHARACTERS], is_front=True))


def back(template: str, fields: Mapping[str, str], front_html: str) -> str:
    """Return the back of a card without the front, which most templates repeat. Raises TooLong."""
    whole = "".join(_render(parse(template), fields, [HTML_MAX_CHARACTERS], is_front=False))
    before, rule, after = _split(whole)
    if rule and (not before.strip() or to_markdown.plain(before) == to_markdown.plain(front_html)):
        # Its words are the question's. What is to be seen or heard besides is not.
        known = set(_FILE.findall(front_html))
        whole = "".join([each for each in _FILE.findall(before) if each not in known]) + after
    return _RULE.sub("<hr>", whole)


@functools.lru_cache(maxsize=2_048)
def shown_fields(
    front_: str, back_: str, filled: frozenset[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return which of a note's fields are read on a card, if these are filled, and which whole.

    A field is not read where only a condition or a script names it, nor in a box to type into. The
    filter `text:` shows the words of a field alone, without its images.
    """
    probes = {name: f"probe{number}eborp" for number, name in enumerate(sorted(filled))}
    whole = {name: f"<img src={probe}>" for name, probe in probes.items()}
    return _read(front_, back_, probes, probes), _read(front_, back_, whole, probes)


def _read(
    front_: str, back_: str, fields: Mapping[str, str], probes: Mapping[str, str]
) -> frozenset[str]:
    front_html = front(front_, fields)
    back_html = back(back_, fields, front_html)
    text = to_markdown.convert(front_html) + to_markdown.convert(back_html)
    return frozenset(name for name, probe in probes.items() if probe in text)


def is_plain(template: str, *, is_front: bool) -> str:
    """Return the name of the only field that a template shows, "" if it shows anything else.

    Of an answer the question it repeats does not count.
    """
    shown = [node for node in _flat(parse(template)) if isinstance(node, _Shown)]
    rest = "".join(node.text for node in _flat(parse(template)) if isinstance(node, _Text))
    if not is_front:
        shown = [node for node in shown if node.name != "FrontSide"]
    has_more = to_markdown.plain(rest) or _FILE.search(rest)
    if len(shown) != 1 or set(shown[0].filters) - {"type"} or has_more:
        return ""
    if shown[0].filters and is_front:
        return ""
    return shown[0].name


def cloze_fields(template: str) -> list[str]:
    """Return the fields that a template shows as clozes."""
    nodes = [node for node in _flat(parse(template)) if isinstance(node, _Shown)]
    return [node.name for node in nodes if "cloze" in node.filters]


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
    nodes: tuple[_Node, ...], fields: Mapping[str, str], left: list[int], *, is_front: bool
) -> list[str]:
    """Return the pieces of a side. `left` has the characters that it may still have."""
    parts: list[str] = []
    for node in nodes:
        if isinstance(node, _If):
            if _holds(node, fields):
                parts += _render(node.inside, fields, left, is_front=is_front)
            continue
        part = node.text if isinstance(node, _Text) else _field(node, fields, is_front=is_front)
        left[0] -= len(part)
        if left[0] < 0:
            raise TooLong
        parts.append(part)
    return parts


def is_empty(value: str) -> bool:
    """Tell whether a field counts as empty in a condition."""
    return bool(_EMPTY.fullmatch(value))


def _holds(node: _If, fields: Mapping[str, str]) -> bool:
    if fields.get(node.name):
        return is_empty(fields[node.name]) is not node.wanted
    # A cloze condition depends on the card that is shown, which is not known here.
    return node.wanted if _CLOZE_CONDITION.fullmatch(node.name) else not node.wanted


def _field(node: _Shown, fields: Mapping[str, str], *, is_front: bool) -> str:
    value = fields.get(node.name, "")
    if is_front and {"hint", "type"} & set(node.filters) and "cloze" not in node.filters:
        return ""
    if any(each.startswith("tts ") or each == "tts" for each in node.filters):
        return ""
    for each in node.filters:
        if each == "text":
            value = to_markdown.plain(value)
        elif each == "cloze" and not is_front:
            value = cloze.revealed(value)
        elif each == "kanji":
            value = _RUBY.sub(r"\1", value)
        elif each == "kana":
            value = _RUBY.sub(r"\2", value)
        elif each == "furigana":
            value = _RUBY.sub(r"\1(\2)", value)
    return value
