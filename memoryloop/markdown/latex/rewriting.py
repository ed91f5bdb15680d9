r"""Environments and commands of LaTeX and its packages in terms of what the converter knows.

The converter numbers no equation, so `align` and its kin become `aligned`: on a card a number would
refer to nothing.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from memoryloop.markdown.latex import chemistry, names, units
from memoryloop.markdown.latex.scanning import (
    PIECE,
    Unreadable,
    after_spaces,
    argument,
    body,
    group,
    option,
    split,
)

# Those that only hold a formula.
_BARE = {"equation", "displaymath", "math", "subequations", "document"}
_COUNTED = {"alignat", "alignedat", "xalignat"}
_ALIGNED_MATRIX = re.compile(r"(p|b|B|v|V|)(?:small)?matrix\*?")
_BRACKETS = {
    "p": ("(", ")"), "b": ("[", "]"), "B": ("\\{", "\\}"), "v": ("|", "|"), "V": ("\\|", "\\|"),
    "": (".", "."),
}  # fmt: skip
_COLUMNS = re.compile(r"[lcr|]")
# After these `<` is a bracket.
_FENCES = ("\\left", "\\right", "\\middle")
_BIG = re.compile(r"\\[bB]igg?[lmr]?")
_ANGLES = {"<": "\\langle ", ">": "\\rangle "}
# The name of an operator, with the spaces in it.
_NAME = re.compile(
    r"(?:\\(?:mathrm|mathsf|text|textrm|operatorname|rm)(?![A-Za-z])|\\[,;:! ]|[A-Za-z{}\s])+"
)
_LIMITS = re.compile(r"\s*\\(|no)limits(?![A-Za-z])\s*")
_SIGN_OF_CELL = re.compile(r"&\s*([+-]|\\pm(?![A-Za-z])|\\cdot(?![A-Za-z]))")
# The converter takes the space after an escaped sign for the end of a command.
_SPACE_AFTER_SIGN = re.compile(r"(\\[%&#$_{}]) ")
# How deep environments and arguments may be in each other.
_DEPTH_MOST = 60


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command stands: in a formula on a line of its own or not, and in how much else."""

    is_display: bool
    depth: int = 0

    def within(self) -> "Place":
        if self.depth >= _DEPTH_MOST:
            raise Unreadable
        return Place(self.is_display, self.depth + 1)


def rewrite(latex: str, *, is_display: bool) -> str:
    """Return a formula in the LaTeX of the converter. Raises Unreadable."""
    written = _rewrite(latex, Place(is_display))
    if len(split(written, "&")) > 1:
        return rf"\begin{{aligned}}{written}\end{{aligned}}"
    rows = [row for row in split(written, "\\\\") if row.strip()]
    if len(rows) > 1:
        return r"\begin{gathered}" + "\\\\".join(rows) + r"\end{gathered}"
    return written


def _rewrite(latex: str, place: Place) -> str:
    parts: list[str] = []
    at = 0
    while match := PIECE.match(latex, at):
        piece, at = match[0], match.end()
        if piece == "\\begin":
            written, at = _environment(latex, at, place)
            parts.append(written)
        elif piece.startswith("%"):
            continue
        elif piece in _FENCES or _BIG.fullmatch(piece):
            at = after_spaces(latex, at)
            sign = latex[at : at + 1]
            at += sign in _ANGLES
            parts.append(f"{piece}{_ANGLES.get(sign, '')}")
        elif command := _COMMANDS.get(piece):
            written, at = command(latex, at, place)
            parts.append(written)
        else:
            parts.append(names.SIGNS.get(piece, piece))
    return "".join(parts)


def _environment(latex: str, at: int, place: Place) -> tuple[str, int]:
    name, at = argument(latex, at)
    inside, end = body(latex, name, at)
    plain = name.removesuffix("*")
    if plain in _BARE:
        return rf"{{{_rewrite(inside, place.within())}}}", end
    columns = ""
    if plain in _COUNTED:
        _, at = argument(inside, 0)
        inside = inside[at:]
    elif plain in ("array", "darray", "subarray", "tabular"):
        _, at = option(inside, 0)
        columns, at = argument(inside, at)
        inside = inside[at:]
        # Rules between columns and their sides are kept; what else stands between them is not.
        columns = "".join(_COLUMNS.findall(re.sub(r"[@!>p<]\{[^{}]*\}", "", columns))) or "l"
    else:
        side, inside_at = option(inside, 0)
        side = side.strip()
        if side in ("t", "b", "c", "l", "r"):
            inside = inside[inside_at:]
        if side in ("l", "r") and (matrix := _ALIGNED_MATRIX.fullmatch(name)):
            return _aligned_matrix(matrix[1], side, _rewrite(inside, place.within())), end
    inside = _rewrite(inside, place.within())
    if plain == "eqnarray":
        inside = "\\\\".join(_two_columns(row) for row in split(inside, "\\\\"))
    if name in ("cases*", "dcases*", "rcases*"):
        inside = "\\\\".join(_worded(row) for row in split(inside, "\\\\"))
    new = names.ENVIRONMENTS.get(name) or names.ENVIRONMENTS.get(plain, name)
    if new == "gathered":
        inside = "\\\\".join(row.replace("&", " ") for row in split(inside, "\\\\"))
    if new == "aligned":
        # A sign at the start of a cell is between two terms, as in a line.
        inside = _SIGN_OF_CELL.sub(r"&{}\1", inside)
    columns = f"{{{columns}}}" if columns else ""
    return rf"\begin{{{new}}}{columns}{inside}\end{{{new}}}", end


def _aligned_matrix(kind: str, side: str, rows: str) -> str:
    """Return mathtools' matrix whose columns are aligned to one side."""
    opening, closing = _BRACKETS[kind]
    width = max(len(split(row, "&")) for row in split(rows, "\\\\"))
    array = rf"\begin{{array}}{{{side * width}}}{rows}\end{{array}}"
    return rf"\left{opening}{array}\right{closing}"


def _two_columns(row: str) -> str:
    """Return a row of `eqnarray` with the sign and the right side in one column."""
    first, *rest = split(row, "&")
    return f"{first}&{{}}{' '.join(rest)}" if rest else row


def _worded(row: str) -> str:
    """Return a row of `cases*`, whose second column is text."""
    first, *rest = split(row, "&")
    return rf"{first}&\text{{{' '.join(rest).strip()}}}" if rest else row


# Commands

_Command = Callable[[str, int, Place], tuple[str, int]]


def _written(template: str, arguments: int = 1, options: int = 0) -> _Command:
    """Return the command that stands for a template."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        for _ in range(options):
            _, at = option(latex, at)
        text = template
        for number in range(1, arguments + 1):
            each, at = argument(latex, at)
            text = text.replace(f"#{number}", each)
        return _rewrite(text, place.within()), at

    return command


def _in_group(name: str) -> _Command:
    """Return a command that puts brackets around its argument, which is kept apart from them."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        inside, at = argument(latex, at)
        return rf"{name}{{{{{_rewrite(inside, place.within())}}}}}", at

    return command


def _of(function: Callable[..., str], arguments: int = 1, *, has_modes: bool = False) -> _Command:
    """Return the command that a function of its arguments writes, and of its options if it may."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        options, at = option(latex, at)
        found = []
        for _ in range(arguments):
            each, at = argument(latex, at)
            found.append(each)
        written = function(*found, options) if has_modes else function(*found)
        # What it takes over from its arguments is LaTeX still.
        return f"{{{_rewrite(written, place.within())}}}", at

    return command


def _substack(latex: str, at: int, place: Place) -> tuple[str, int]:
    """Write lines under a sum: one over the other, without a fraction's line, and as small."""
    inside, at = argument(latex, at)
    lines = [line.strip() for line in split(_rewrite(inside, place.within()), "\\\\")]
    written = lines.pop()
    while lines:
        written = rf"\genfrac{{}}{{}}{{0pt}}{{}}{{{lines.pop()}}}{{{written}}}"
    return f"{{{written}}}", at


def _table(environment: str) -> _Command:
    r"""Return plain TeX's command for an environment: `\pmatrix{a & b \cr c & d}`."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        inside, at = argument(latex, at)
        rows = re.sub(r"\\cr\b", r"\\\\", inside)
        return _rewrite(rf"\begin{{{environment}}}{rows}\end{{{environment}}}", place.within()), at

    return command


def _operator(latex: str, at: int, place: Place) -> tuple[str, int]:
    r"""Write `\mathop{…}`, whose scripts are limits where the formula is on a line of its own."""
    inside, at = argument(latex, at)
    if _NAME.fullmatch(inside.strip()):
        name = re.sub(r"\\[A-Za-z]+\s*|[{}]", "", inside)
        return rf"\operatorname*{{{name}}}", at
    base = _rewrite(inside, place.within())
    limits = _LIMITS.match(latex, at)
    at = limits.end() if limits else at
    scripts = {}
    while (start := after_spaces(latex, at)) < len(latex) and latex[start] in "_^":
        each, at = argument(latex, start + 1)
        scripts[latex[start]] = _rewrite(each, place.within())
    if not (limits[1] == "" if limits else place.is_display):
        return f"{{{base}}}" + "".join(f"{sign}{{{each}}}" for sign, each in scripts.items()), at
    if "^" in scripts:
        base = rf"\overset{{{scripts['^']}}}{{{base}}}"
    return (rf"\underset{{{scripts['_']}}}{{{base}}}" if "_" in scripts else f"{{{base}}}"), at


def _limit(base: str) -> _Command:
    """Return the command of an operator that is drawn."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        written, end = _operator(f"{{{base}}}{latex[at:]}", 0, place)
        return written, at + end - len(base) - 2

    return command


def _buildrel(latex: str, at: int, place: Place) -> tuple[str, int]:
    found = re.compile(r"(.*?)\\over(?![A-Za-z])", re.DOTALL).match(latex, at)
    if found is None:
        raise Unreadable
    below, at = argument(latex, found.end())
    return (
        rf"\overset{{{_rewrite(found[1], place.within())}}}{{{_rewrite(below, place.within())}}}",
        at,
    )


def _root(latex: str, at: int, place: Place) -> tuple[str, int]:
    found = re.compile(r"(.*?)\\of(?![A-Za-z])", re.DOTALL).match(latex, at)
    if found is None:
        raise Unreadable
    inside, at = argument(latex, found.end())
    return rf"\sqrt[{_rewrite(found[1], place.within())}]{{{_rewrite(inside, place.within())}}}", at


def _quantity(latex: str, at: int, place: Place) -> tuple[str, int]:
    r"""Write siunitx's `\qty{5}{\metre}`, or the brackets of the package physics: `\qty(x)`."""
    opening = latex[at : at + 1]
    if opening in ("(", "|"):
        closing = ")" if opening == "(" else "|"
        inside, at = group(latex, at, opening + closing)
        return rf"\left{opening}{_rewrite(inside, place.within())}\right{closing}", at
    return _of(units.quantity, 2, has_modes=True)(latex, at, place)


def _text(shown: str) -> _Command:
    r"""Return the command of words: formulas in `\text{if $x$ is}` stand beside them."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        inside, at = argument(latex, at)
        written = []
        for number, part in enumerate(split(inside.replace("\\(", "$").replace("\\)", "$"), "$")):
            if number % 2:
                written.append(f"{{{_rewrite(part, place.within())}}}")
            elif part:
                words = _IN_WORDS.sub(lambda found: names.WORDS[found[0]], part)
                words = _SPACE_AFTER_SIGN.sub(r"\1~", words)
                written.append(rf"\{shown}{{{words}}}")
        return f"{{{''.join(written)}}}", at

    return command


def _nothing(arguments: int = 0) -> _Command:
    return _written("", arguments, 1 if arguments else 0)


def _derivative(sign: str) -> _Command:
    r"""Return the derivatives of the package physics: `\dv[2]{f}{x}`, `\dv{x}`."""

    def command(latex: str, at: int, place: Place) -> tuple[str, int]:
        order, at = option(latex, at)
        power = f"^{{{_rewrite(order, place.within())}}}" if order else ""
        above, at = argument(latex, at)
        below = above
        if latex[at : at + 1] == "{":
            below, at = argument(latex, at)
        else:
            above = ""
        above, below = _rewrite(above, place.within()), _rewrite(below, place.within())
        return rf"\frac{{{sign}{power} {above}}}{{{sign} {below}{power}}}", at

    return command


_IN_WORDS = re.compile("|".join(
    re.escape(name) + (r"(?![A-Za-z])" if name[1].isalpha() else "") for name in names.WORDS
))  # fmt: skip
_COMMANDS: dict[str, _Command] = {
    "\\pmod": _in_group("\\pmod"), "\\pod": _in_group("\\pod"), "\\bra": _in_group("\\bra"),
    "\\ket": _in_group("\\ket"), "\\braket": _in_group("\\braket"), "\\set": _in_group("\\set"),
    "\\ce": _of(chemistry.formula), "\\cee": _of(chemistry.formula), "\\pu": _of(units.physical),
    "\\SI": _of(units.quantity, 2, has_modes=True), "\\si": _of(units.unit, 1, has_modes=True),
    "\\unit": _of(units.unit, 1, has_modes=True), "\\num": _of(units.number),
    "\\ang": _of(units.angle), "\\SIrange": _of(units.quantity_range, 3, has_modes=True),
    "\\qtyrange": _of(units.quantity_range, 3, has_modes=True),
    "\\numrange": _of(units.number_range, 2), "\\numlist": _of(units.number_list),
    "\\SIlist": _of(units.quantity_list, 2, has_modes=True),
    "\\qtylist": _of(units.quantity_list, 2, has_modes=True), "\\qty": _quantity,
    "\\mathop": _operator, "\\varlimsup": _limit("\\overline{\\lim}"),
    "\\varliminf": _limit("\\underline{\\lim}"), "\\substack": _substack, "\\root": _root,
    "\\emph": _text("textit"), "\\textsuperscript": _written("{}^{\\text{#1}}"),
    "\\textsubscript": _written("{}_{\\text{#1}}"), "\\tag": _written("\\qquad\\text{(#1)}"),
    "\\tag*": _written("\\qquad\\text{#1}"), "\\label": _nothing(1), "\\vspace": _nothing(1),
    "\\require": _nothing(1), "\\hspace*": _written("\\hspace{#1}"),
    "\\ensuremath": _written("{#1}"), "\\rule": _written("", 2, 1), "\\color": _nothing(1),
    "\\textcolor": _written("{#2}", 2, 1), "\\colorbox": _written("{\\text{#2}}", 2, 1),
    "\\bbox": _written("{#1}", 1, 1), "\\fcolorbox": _written("\\fbox{#3}", 3, 1),
    "\\href": _written("{#2}", 2), "\\url": _written("\\text{#1}"), "\\class": _written("{#2}", 2),
    "\\cssId": _written("{#2}", 2), "\\style": _written("{#2}", 2),
    "\\htmlClass": _written("{#2}", 2), "\\smash": _written("{#1}", 1, 1),
    "\\vcenter": _written("{#1}"), "\\mathclap": _written("{#1}"), "\\mathllap": _written("{#1}"),
    "\\clap": _written("{#1}"), "\\mathrlap": _written("{#1}"), "\\rlap": _written("{#1}"),
    "\\llap": _written("{#1}"), "\\raisebox": _written("{\\text{#2}}", 2),
    "\\pmb": _written("\\boldsymbol{#1}"), "\\mathds": _written("\\mathbb{#1}"),
    "\\mathbbm": _written("\\mathbb{#1}"), "\\widetilde": _written("\\overset{\\sim}{#1}"),
    "\\overarc": _written("\\overparen{#1}"), "\\wideparen": _written("\\overparen{#1}"),
    "\\vv": _written("\\overrightarrow{#1}"), "\\Vec": _written("\\vec{#1}"),
    "\\vb": _written("\\mathbf{#1}"), "\\va": _written("\\vec{\\mathbf{#1}}"),
    "\\vu": _written("\\hat{\\mathbf{#1}}"), "\\abs": _written("\\left|#1\\right|"),
    "\\norm": _written("\\left\\|#1\\right\\|"),
    "\\expval": _written("\\left\\langle #1\\right\\rangle"),
    "\\ev": _written("\\left\\langle #1\\right\\rangle"),
    "\\comm": _written("\\left[#1,#2\\right]", 2),
    "\\order": _written("\\mathcal{O}\\left(#1\\right)"), "\\dv": _derivative("\\mathrm{d}"),
    "\\pdv": _derivative("\\partial"),
    "\\underoverset": _written("\\underset{#1}{\\overset{#2}{#3}}", 3),
    "\\textcircled": _written("\\boxed{\\text{#1}}"), "\\cases": _table("cases"),
    "\\matrix": _table("matrix"), "\\pmatrix": _table("pmatrix"), "\\eqalign": _table("aligned"),
    "\\displaylines": _table("gathered"), "\\eqref": _written("\\text{(#1)}"),
    "\\ref": _written("\\text{#1}"), "\\buildrel": _buildrel,
    "\\enclose": _written("\\boxed{#2}", 2, 0), "\\longdiv": _written("\\overline{)#1}"),
}  # fmt: skip
_FACES = ("textbf", "textit", "textrm", "textsf", "texttt")
_COMMANDS |= {f"\\{name}": _text(name) for name in _FACES}
_PLAIN = "text textsc textsl textmd textup textnormal mbox hbox intertext shortintertext"
_COMMANDS |= {f"\\{name}": _text("text") for name in _PLAIN.split()}
