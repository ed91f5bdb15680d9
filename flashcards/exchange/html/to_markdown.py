"""The converter from HTML to Markdown: keeps all words, and the formatting that Markdown has.

It does not sanitise: the Markdown is sanitised where it becomes HTML again.
"""

import html
import re
from collections.abc import Callable

from flashcards.exchange.html import inline
from flashcards.exchange.html.elements import Reader
from flashcards.exchange.html.file_names import kind_of
from flashcards.exchange.html.inline import escape
from flashcards.exchange.html.tokens import Text, tokens

Image = Callable[[str, str], str]

_FORMULA_STARTS = re.compile(
    r"(?P<inline>\\\()|(?P<display>\\\[)|(?P<dollar>\[\$\])|(?P<dollars>\[\$\$\])"
    r"|(?P<latex>\[latex\])|(?P<mathjax><anki-mathjax(?P<block>[^<>]*)>)",
    re.IGNORECASE,
)
_FORMULA_ENDS = {
    "inline": re.compile(r"\\\)"),
    "display": re.compile(r"\\\]"),
    "dollar": re.compile(r"\[/\$\]"),
    "dollars": re.compile(r"\[/\$\$\]"),
    "latex": re.compile(r"\[/latex\]", re.IGNORECASE),
    "mathjax": re.compile(r"</anki-mathjax>", re.IGNORECASE),
}
_WITHIN_LATEX = (("$$", "$$", True), ("\\[", "\\]", True), ("$", "$", False))
# A formula within text of LaTeX, and text that is nothing but one.
_FORMULA_IN_TEXT = re.compile(
    r"(?<!\\)\$\$(?P<dollars>[^$]{1,1000})\$\$|(?<!\\)\$(?P<dollar>[^$]{1,1000})(?<!\\)\$"
    r"|\\\((?P<paren>.{1,1000}?)\\\)|\\\[(?P<bracket>.{1,1000}?)\\\]"
    r"|(?P<environment>\\begin\{"
    r"(?P<name>(?:align|equation|gather|eqnarray|multline|displaymath)\*?)\}"
    r".{1,1000}?\\end\{(?P=name)\})",
    re.DOTALL,
)
_WHOLE_FORMULA = re.compile(r"\$\$[^$]*\$\$|\$[^$]*\$|\\\[(?:(?!\\\]).)*\\\]", re.DOTALL)
_LATEX_LAYOUT = re.compile(
    r"\\(?:begin|end)\{(?:itemize|enumerate|center|document|flushleft)\}"
    r"|\\(?:noindent|centering|par)\b ?"
)
_LATEX_MARKS = {
    "textbf": ("**", "**"), "textit": ("*", "*"), "emph": ("*", "*"), "underline": ("<u>", "</u>"),
}  # fmt: skip
_LATEX_SIGN = re.compile(r"\\([%&#$_{} ])")
_TAG = re.compile(r"</?[a-zA-Z!][^<>]*>")
_BR = re.compile(r"<(?:br|/?div|/?p)\b[^<>]*>", re.IGNORECASE)
# Placeholders for formulas while the HTML is read: private characters.
_PLACEHOLDER = re.compile("\ue000([0-9]+)\ue001")
_PLAIN = re.compile(r"[<&\ue000-\ue01f\x00-\x08]|\\[(\[]|\[\$|\[latex", re.IGNORECASE)
# What may end an attribute.
_IN_ATTRIBUTE = str.maketrans({'"': "&quot;", "<": "&lt;", ">": "&gt;"})
_SOUND = re.compile(r"\[sound:(?P<name>[^\]\n]{0,1000})\]|\[/?anki:(?:play|tts)\b[^\]\n]{0,1000}\]")
_PRIVATE = re.compile("[\ue000-\ue01f]")
_NUMERIC = re.compile(r"&#[xX]?[0-9a-fA-F]{1,8};?")


def convert(source: str, image: Image | None = None) -> str:
    """Return HTML as Markdown.

    `image` returns the Markdown of an image or a sound by its address and text; without it, sounds
    are left out. Takes time in proportion to the source.
    """
    source = without_sounds(source) if image is None else _with_players(source)
    if not _PLAIN.search(source):
        return inline.finish(escape(source))
    text, formulas = _hold_formulas(_without_private(source))
    reader = Reader(image or _no_image)
    for token in tokens(text):
        reader.take(token)
    return _PLACEHOLDER.sub(lambda match: formulas[int(match[1])], reader.result()).strip()


def without_sounds(source: str) -> str:
    """Return HTML without Anki's marks of sounds and videos."""
    return _SOUND.sub("", source) if "[" in source else source


def _with_players(source: str) -> str:
    """Return HTML with Anki's marks of sounds as elements, and without those of videos."""

    def player(match: re.Match[str]) -> str:
        name = (match["name"] or "").strip()
        if kind_of(name) != "audio":
            return ""
        return f'<audio src="{name.translate(_IN_ATTRIBUTE)}"></audio>'

    return _SOUND.sub(player, source) if "[" in source else source


def plain(source: str) -> str:
    """Return the words of HTML on one line, without any markup."""
    source = without_sounds(source)
    if "<" in source or "&" in source:
        source = " ".join(token.text for token in tokens(source) if isinstance(token, Text))
    return " ".join(source.split())


def _without_private(source: str) -> str:
    """Return HTML without the characters that mark places here, written out or as references."""
    if "&#" in source:
        source = _NUMERIC.sub(
            lambda found: "" if _PRIVATE.search(html.unescape(found[0])) else found[0], source
        )
    return _PRIVATE.sub("", source)


def _hold_formulas(source: str) -> tuple[str, list[str]]:
    """Return HTML with a sign in place of each formula, and the formulas as Markdown.

    What begins as a formula and has no end is text. An end is looked for only as long as there
    are any, so that a text of nothing but beginnings takes no longer than another.
    """
    formulas: list[str] = []
    parts: list[str] = []
    endless: set[str] = set()
    done = at = 0
    while start := _FORMULA_STARTS.search(source, at):
        at = start.start() + 1
        name = next(name for name in _FORMULA_ENDS if start[name] is not None)
        if name in endless:
            continue
        end = _FORMULA_ENDS[name].search(source, start.end())
        if end is None:
            endless.add(name)
            continue
        formulas.append(_formula(name, source[start.end() : end.start()], start["block"] or ""))
        parts += [source[done : start.start()], f"\ue000{len(formulas) - 1}\ue001"]
        done = at = end.end()
    return "".join([*parts, source[done:]]), formulas


def _formula(name: str, text: str, attributes: str) -> str:
    is_block = bool(re.search(r"block=.?true", attributes))
    latex = html.unescape(_TAG.sub("", _BR.sub("\n", text))).replace("\xa0", " ")
    latex = "\n".join(line.strip() for line in latex.split("\n") if line.strip())
    if name == "latex":
        # A LaTeX document, which mostly contains one formula.
        if _FORMULA_IN_TEXT.search(latex) and not _WHOLE_FORMULA.fullmatch(latex):
            return _latex_text(latex)
        for opening, closing, shown in _WITHIN_LATEX:
            if len(latex) > 2 and latex.startswith(opening) and latex.endswith(closing):
                latex, is_block = latex[len(opening) : -len(closing)].strip(), shown
                break
        else:
            is_block = True
    if is_block or name in ("display", "dollars"):
        return f"\\[{latex}\\]"
    return f"\\({latex}\\)"


def _latex_text(latex: str) -> str:
    """Return text of LaTeX with formulas in it as Markdown."""
    parts: list[str] = []
    done = 0
    for match in _FORMULA_IN_TEXT.finditer(latex):
        parts.append(_latex_words(latex[done : match.start()]))
        inside = match["dollar"] or match["paren"]
        if inside is not None:
            parts.append(f"\\({inside.strip()}\\)")
        else:
            display = match["dollars"] or match["bracket"] or match["environment"] or ""
            parts.append(f"\\[{display.strip()}\\]")
        done = match.end()
    return "".join([*parts, _latex_words(latex[done:])])


def _latex_words(text: str) -> str:
    text = _LATEX_LAYOUT.sub("", text)
    text = re.sub(r"\\item\b\s*", "\n- ", text)
    words = re.split(r"(\\(?:textbf|textit|emph|underline)\{[^{}]*\})", text)
    written = []
    for number, part in enumerate(words):
        name, _, inside = part.lstrip("\\").partition("{")
        mark = _LATEX_MARKS[name] if number % 2 else ("", "")
        plain_ = _LATEX_SIGN.sub(r"\1", (inside[:-1] if number % 2 else part).replace("~", " "))
        written.append(f"{mark[0]}{escape(plain_)}{mark[1]}")
    return "".join(written).replace("\\\\", "  \n").replace("\n\\- ", "\n- ")


def _no_image(source: str, alt: str) -> str:
    return "" if kind_of(source) == "audio" else f"[image: {escape(alt or source)}]"
