"""Highlighted code: pygments with CSS classes (static/css/prose.css has their colours)."""

import functools
import re
import time
from collections.abc import Iterator
from typing import Any

from django.utils.html import escape
from pygments import format as format_tokens
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Text
from pygments.util import ClassNotFound

CLASSES = {name for name in STANDARD_TYPES.values() if name}
# A longer block is shown without colours.
MAX_CHARACTERS = 20_000
# The time for all blocks of one text; the rest is shown without colours. Lexers are regular
# expressions, which take quadratic time for some texts.
MAX_SECONDS = 0.3
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,30}")
# Languages that people learn. Some of the other 500 lexers are slow on unfit text.
_NAMES = (
    "bash c c++ cpp c# cs csharp clojure css dart diff docker dockerfile elixir erlang f# fortran "
    "fsharp go golang graphql haskell hs html ini java javascript js json jsx julia kotlin kt "
    "latex tex lisp lua make makefile nginx ocaml objective-c perl php postgresql powershell "
    "prolog protobuf py python python3 pycon r rb ruby rs rust sass scala scheme scss sh shell "
    "sql swift toml ts tsx typescript vb verilog vhdl xml yaml yml zig zsh"
)
_LANGUAGES = frozenset(_NAMES.split())
_formatter = HtmlFormatter(nowrap=True)


class Budget:
    """The seconds that are left for the code blocks of one text."""

    def __init__(self) -> None:
        self.seconds = MAX_SECONDS


def render(code: str, info: str, budget: Budget) -> str:
    """Return a code block's HTML; `info` is the text after the opening fence."""
    language = _LANGUAGE.match(info.strip())
    name = language.group().lower() if language else ""
    affordable = len(code) <= MAX_CHARACTERS and budget.seconds > 0
    lexer = _lexer(name) if affordable else None
    body = format_tokens(_tokens(lexer, code, budget), _formatter) if lexer else escape(code)
    shown = f' data-language="{escape(name)}"' if name else ""
    return f'<pre class="code"{shown}><code>{body}</code></pre>\n'


def _tokens(lexer: Lexer, code: str, budget: Budget) -> Iterator[tuple[Any, str]]:
    """Yield the tokens until the time is over, then the rest as plain text."""
    started = time.monotonic()
    read = 0
    for kind, value in lexer.get_tokens(code):
        yield kind, value
        read += len(value)
        if time.monotonic() - started > budget.seconds:
            yield Text, code[read:]
            break
    budget.seconds -= time.monotonic() - started


@functools.lru_cache(maxsize=128)
def _lexer(name: str) -> Lexer | None:
    if name not in _LANGUAGES:
        return None
    try:
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
