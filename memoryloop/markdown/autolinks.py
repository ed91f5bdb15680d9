"""Bare addresses as links, as on GitHub: `https://…`, `www.…`, `mailto:…` and `name@host.org`.

Each place that may be one is looked at once, over a bounded length: a text of nothing but colons
takes no longer than another of its length.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

# A longer address is text.
MAX_CHARACTERS = 2_048
_NAME_MAX_CHARACTERS = 64
_HOST = r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,20}"
_URL = re.compile(rf"(?:https?://(?P<host>{_HOST})|www\.(?P<rest>{_HOST}))(?=\.?(?:\W|\Z))")
_TAIL = re.compile(rf"[^\s<]{{0,{MAX_CHARACTERS}}}")
_MAIL = re.compile(
    r"(?:mailto:|xmpp:)?[A-Za-z0-9.+_-]{1,64}@"
    r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9][A-Za-z0-9_-]{0,62}){1,20}(?![@A-Za-z0-9_-])"
)
_RESOURCE = re.compile(r"/[A-Za-z0-9@.]{1,200}")
_NAME_BEFORE = re.compile(r"[A-Za-z0-9.+_-]*\Z")
_ENTITY = re.compile(r"&[A-Za-z]{1,30};\Z")
_ENDS = "?!.,:*_~'\"[];"
# What may stand before an address.
_BEFORE = frozenset(" \t\r\n*_~(")
_SCHEMES = ("https", "http", "mailto", "xmpp")


def autolinks_plugin(md: MarkdownIt) -> None:
    md.inline.add_terminator_char("w")
    md.inline.ruler.push("autolink_www", _www)
    md.inline.ruler.push("autolink_scheme", _scheme)
    md.inline.ruler.push("autolink_mail", _mail)


def _www(state: StateInline, silent: bool) -> bool:
    if silent or state.linkLevel or not state.src.startswith("www.", state.pos):
        return False
    address = _url_at(state, state.pos) if _may_begin(state, state.pos) else ""
    return _link(state, state.pos, address, f"http://{address}")


def _scheme(state: StateInline, silent: bool) -> bool:
    source, at = state.src, state.pos
    if silent or state.linkLevel or source[at] != ":":
        return False
    scheme = next((each for each in _SCHEMES if source.endswith(each, max(0, at - 6), at)), "")
    start = at - len(scheme)
    if not scheme or not _may_begin(state, start):
        return False
    if scheme.startswith("http"):
        address = _url_at(state, start)
    else:
        match = _MAIL.match(source, start, min(state.posMax, start + MAX_CHARACTERS))
        address = match[0].rstrip("-_") if match else ""
        if match and scheme == "xmpp" and (more := _RESOURCE.match(source, match.end())):
            address += more[0].rstrip(".")
    return _link(state, start, address, address)


def _mail(state: StateInline, silent: bool) -> bool:
    source, at = state.src, state.pos
    if silent or state.linkLevel or source[at] != "@":
        return False
    # Of the text that no other rule has taken.
    name = _NAME_BEFORE.search(state.pending[-_NAME_MAX_CHARACTERS:])
    start = at - len(name[0]) if name else at
    if start == at or not _may_begin(state, start):
        return False
    match = _MAIL.match(source, start, min(state.posMax, start + MAX_CHARACTERS))
    if match is None or not match[0][-1].isalnum():
        return False
    return _link(state, start, match[0], f"mailto:{match[0]}")


def _may_begin(state: StateInline, start: int) -> bool:
    """Tell whether an address may begin here, in text that no other rule has taken."""
    if len(state.pending) < state.pos - start:
        return False
    return not start or state.src[start - 1] in _BEFORE


def _url_at(state: StateInline, start: int) -> str:
    """Return the address that begins with a scheme or "www."; "" if it is none."""
    match = _URL.match(state.src, start, state.posMax)
    if match is None:
        return ""
    labels = (match["host"] or match["rest"]).split(".")
    if "_" in "".join(labels[-2:]) or (match["rest"] and len(labels) == 1):
        return ""
    tail = _TAIL.match(state.src, match.end(), state.posMax)
    address = match[0] + (tail[0] if tail else "")
    if len(address) > MAX_CHARACTERS:
        return ""
    return _trimmed(address)


def _trimmed(address: str) -> str:
    """Return an address without the punctuation of the sentence around it."""
    unopened = address.count(")") - address.count("(")
    while address:
        if entity := _ENTITY.search(address[-40:]):
            address = address[: -len(entity[0])]
        elif address[-1] in _ENDS:
            address = address[:-1]
        elif address[-1] == ")" and unopened > 0:
            address, unopened = address[:-1], unopened - 1
        else:
            break
    return address


def _link(state: StateInline, start: int, address: str, target: str) -> bool:
    target = state.md.normalizeLink(target) if address else ""
    if not target or not state.md.validateLink(target):
        return False
    if start < state.pos:
        state.pending = state.pending[: start - state.pos]
    for kind, nesting in (("link_open", 1), ("text", 0), ("link_close", -1)):
        if kind == "text":
            state.push("text", "", 0).content = state.md.normalizeLinkText(address)
            continue
        token = state.push(kind, "a", 1 if nesting > 0 else -1)
        token.markup, token.info = "autolink", "auto"
        if nesting > 0:
            token.attrs = {"href": target}
    state.pos = start + len(address)
    return True
