"""Links, file names and labels in the papers: each names something that is there."""

import ast
import re
from pathlib import Path

import pytest

from tests.papers.markdown import PAPERS, ROOT, anchors, name_of, without_code

PAGES = [path for path in PAPERS if name_of(path) in {"README.md", "docs/using.md"}]
PAGES.append(ROOT / "docs" / "backup.md")
# A name of a file that the papers speak of and that is not in the repository.
_MADE = re.compile(r"^data/|^media/|^secrets/|^dist/|^\.venv")


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_its_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code(path.read_text())):
        file, _, anchor = target.partition("#")
        if re.match(r"https?:", target):
            continue
        linked = (path.parent / file).resolve() if file else path
        if not linked.exists() or (anchor and anchor not in anchors(linked.read_text())):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_the_functions_that_it_names_are_there(path: Path) -> None:
    """Named as `flashcards/review/ratings.py: review_card()`, or a class without parentheses."""
    missing = []
    for file, name in re.findall(r"`([\w/]+\.py): (\w+)(?:\(\))?`", path.read_text()):
        source = ROOT / file
        if not source.is_file() or name not in _defined(source):
            missing.append(f"{file}: {name}")
    assert missing == []


@pytest.mark.parametrize("path", PAPERS, ids=name_of)
def test_the_files_that_it_names_are_there(path: Path) -> None:
    named = set(re.findall(r"`((?:[\w.]+/)+[\w.]*)[`:]", path.read_text()))
    packages = [ROOT, *(ROOT / name for name in ("flashcards", "flashcards/web", "chat"))]
    missing = [
        name
        for name in sorted(named)
        if not _MADE.match(name) and not any((package / name).exists() for package in packages)
    ]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_the_labels_that_it_names_are_on_the_pages(path: Path) -> None:
    """What stands in italics is a label, or several from a menu to its entry."""
    text = re.sub(r"\*\*[^*]+\*\*", "", without_code(path.read_text()))
    named = {
        part.strip()
        for label in re.findall(r"(?<![*\w])\*([^*]+)\*(?![*\w])", text)
        for part in " ".join(label.split()).split("→")
    }
    assert named
    shown = " ".join(_shown().split())
    assert sorted(label for label in named if label.rstrip(" …") not in shown) == []


def test_every_decision_is_listed() -> None:
    listed = (ROOT / "docs" / "decisions" / "README.md").read_text()
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [page.name for page in pages if f"({page.name})" not in listed] == []


def _defined(source: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    tree = ast.parse(source.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def _shown() -> str:
    """Return all that pages are made of: templates, and what the code has them say."""
    files = [*(ROOT / "templates").rglob("*.html")]
    for package in ("accounts", "chat", "flashcards", "memoryloop"):
        files += (ROOT / package).rglob("*.py")
    return "\n".join(file.read_text() for file in files)
