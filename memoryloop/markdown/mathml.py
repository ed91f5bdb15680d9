r"""LaTeX as MathML, by math-core, with limits: no formula takes long or nests too deep.

math-core sets what a table looks like in `style` attributes, which the Content-Security-Policy
forbids. They become classes of static/css/prose.css.
"""

import functools
import logging
import re

from math_core import LatexError, LatexToMathML

from memoryloop.markdown import latex as latex_
from memoryloop.markdown.latex import brackets

logger = logging.getLogger(__name__)

# A longer formula is shown as it was written.
MAX_CHARACTERS = 4_000
# Braces, \left and \begin nested deeper than this are shown as written: the converter recurses.
MAX_DEPTH = 40
# The converter takes twice as long for each opening bracket that no other closes.
MAX_UNCLOSED = 8
ELEMENTS = {
    "math", "menclose", "merror", "mfrac", "mi", "mmultiscripts", "mn", "mo", "mover", "mpadded",
    "mphantom", "mprescripts", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub",
    "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover",
}  # fmt: skip
ATTRIBUTES = {
    "accent", "accentunder", "depth", "display", "displaystyle", "fence", "form", "height",
    "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits", "notation",
    "rspace", "scriptlevel", "separator", "stretchy", "voffset", "width",
}  # fmt: skip
_STYLES = {
    "text-align:left": "math-left",
    "text-align:right": "math-right",
    "border-right": "math-rule-after",
    "border-top": "math-rule-above",
    "border-left": "math-rule-before",
    "border-bottom": "math-rule-below",
    "padding-left:0": "math-joined-before",
    "padding-right:0": "math-joined-after",
    "padding-left:1em": "math-apart",
}
CLASSES = {*_STYLES.values(), "menclose-updiagonalstrike", "menclose-downdiagonalstrike"}
_STYLE = re.compile(r' style="([^"]*)"')
# The converter draws the lines with a combining character, which takes no place.
_LINE = re.compile('(<mo stretchy="true">)\u0332(?=</mo></(munder|mover)>)()')
# Commands that a formula defines could be anything.
_DEFINES = re.compile(r"\\(?:[gex]?def|let|futurelet|(?:re)?newcommand|providecommand|newenv\w*"
                      r"|renewenv\w*|Declare\w+|NewDocument\w+)(?![A-Za-z])")  # fmt: skip

_converter = LatexToMathML(fancy_error=False)


@functools.lru_cache(maxsize=2_048)
def to_mathml(latex: str, display: str) -> str | None:
    """Return MathML, or None where the LaTeX is not understood. Not sanitised.

    `display` is "block" or "inline".
    """
    if len(latex) > MAX_CHARACTERS or _depth(latex) > MAX_DEPTH or _DEFINES.search(latex):
        return None
    try:
        known = latex_.rewrite(latex, is_display=display == "block")
        if _depth(known) > 2 * MAX_DEPTH or brackets.unclosed(known) > MAX_UNCLOSED:
            return None
        mathml = _converter.convert_with_local_state(known, displaystyle=display == "block")
    except (LatexError, latex_.Unreadable):
        logger.debug("LaTeX was not understood.", exc_info=True)
        return None
    return _STYLE.sub(_classes, _LINE.sub(_line, mathml))


def _line(found: re.Match[str]) -> str:
    """Return the line over or under a group as one that stretches, and stands by itself."""
    return ("_" if found[2] == "munder" else "‾").join((found[1], found[3]))


def _classes(style: re.Match[str]) -> str:
    """Return the classes that stand for a style."""
    found = []
    for rule in style[1].replace(" ", "").split(";"):
        name = _STYLES.get(rule) or _STYLES.get(rule.partition(":")[0])
        found += [name] if name else []
    return f' class="{" ".join(found)}"' if found else ""


def _depth(latex: str) -> int:
    """Return an upper bound of the nesting of groups and scripts."""
    depth = deepest = 0
    for match in re.finditer(r"\\(?:begin|left)\b|\\(?:end|right)\b|\\.|[{}^_]", latex):
        sign = match.group()
        if sign in {"{", "\\begin", "\\left"}:
            depth += 1
        elif sign in {"}", "\\end", "\\right"}:
            depth -= 1
        deepest = max(deepest, depth)
    chained = max((len(run) for run in re.findall(r"(?:[\^_]\s*)+", latex)), default=0)
    return max(deepest, chained)
