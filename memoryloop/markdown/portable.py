r"""Portable HTML for other programs: formulas stay TeX between `\(…\)` and `\[…\]`.

Code is not highlighted, and no class is used. Sanitised as all HTML is.
"""

import functools
import re
from collections.abc import MutableMapping, Sequence
from typing import Any

from django.utils.html import escape
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from memoryloop.markdown.parsing import Parser
from memoryloop.markdown.sanitising import cleaner

_OWN_IMAGE = re.compile(r'src="/media/([0-9a-f]{64}\.[a-z]+)"')
_OWN_SOUND = re.compile(r'<audio [^<>]*src="/media/([0-9a-f]{64}\.[a-z0-9]+)"[^<>]*></audio>')
_PARAGRAPH = re.compile(r"<p>((?:(?!</?p>).)*)</p>", re.DOTALL)
# Words on one line that no rule of Markdown or HTML sees anything in: they stay as they are, which
# takes a fiftieth of the time. Most fields of a collection are such.
_PLAIN = re.compile(
    r"(?!.*(?:://|www|mailto:|xmpp:))(?:[^\W\d_](?:[^\W_]|[ ,.;:?!()%/'\"{}+-])*(?<! ))?",
    re.IGNORECASE,
)
# Attributes that only our own pages use.
_OURS = re.compile(r' (?:class|dir|loading|rel|data-language)="[^"]*"')


def portable(text: str) -> str:
    """Return a Markdown text as HTML for another program, with images by their file names.

    Sounds are as Anki writes them: `[sound:name]`.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    html = _parser().html(text, unfinished=False)
    if html is None:
        # Nested too deep to be parsed.
        return str(escape(text)).replace("\n", "<br>")
    clean = _OURS.sub("", cleaner.clean(html)).strip()
    alone = _PARAGRAPH.fullmatch(clean)
    html = _OWN_SOUND.sub(r"[sound:\1]", alone[1] if alone else clean)
    return _OWN_IMAGE.sub(r'src="\1"', html)


@functools.lru_cache(maxsize=1)
def _parser() -> Parser:
    parser = Parser()
    for name in ("math_block", "math_inline"):
        parser.replace_rule(name, _formula)
    for name in ("fence", "code_block"):
        parser.replace_rule(name, _code)
    return parser


def _formula(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: MutableMapping[str, Any],
) -> str:
    token = tokens[index]
    latex = escape(token.content)
    if token.type == "math_block":
        return f"<p>\\[{latex}\\]{escape(token.info)}</p>\n"
    if token.markup in {"$$", "\\["}:
        return f"\\[{latex}\\]"
    return f"\\({latex}\\)"


def _code(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: MutableMapping[str, Any],
) -> str:
    return f"<pre><code>{escape(tokens[index].content)}</code></pre>\n"
