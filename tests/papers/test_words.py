"""The words that people read: what a native reader stumbles on comes back nowhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.papers.markdown import ROOT

# What stood on pages once, or is of the kind.
STUMBLES = re.compile(
    r"""(?:\d|▢)[ \N{NO-BREAK SPACE}]%|&nbsp;%"""  # in English a percent sign follows at once
    r"""|\bhow reviewing goes\b|\btake everything along\b|\bsomething of your own\b|\bthey keep\."""
    r"""|\bof your cards is one\b|\bblanks\b|\b(?:is|are|which is) the (?:most|least)[.:,]"""
    r"""|\bnot (?:t?here) any more\b|\bthis is no (?!longer)|\bcannot be [\w ]+ just now\b"""
    r"""|\bnot the shape\b""",
    re.IGNORECASE,
)
PACKAGES = ("accounts", "chat", "flashcards", "memoryloop")


def _sentences(path: Path) -> Iterator[str]:
    """Yield the strings of a module that are no documentation, ▢ for what is put into them."""
    tree = ast.parse(path.read_text())
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            said |= {id(part) for part in node.values}
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else "▢" for part in node.values
            )
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said
        ):
            yield node.value


def test_no_sentence_of_a_page_makes_a_native_reader_stumble() -> None:
    found = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        plain = re.sub(r"\{%.*?%\}", " ", path.read_text(), flags=re.DOTALL)
        plain = re.sub(r"\{\{.*?\}\}", "▢", plain, flags=re.DOTALL)
        found += [f"{path.name}: {match[0]}" for match in STUMBLES.finditer(plain)]
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" in path.parts or "rules" in path.parts:
                continue
            found += [
                f"{path.relative_to(ROOT)}: {match[0]}"
                for sentence in _sentences(path)
                for match in STUMBLES.finditer(sentence)
            ]
    assert found == []
