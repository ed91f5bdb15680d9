"""The papers in the repository, and what the tests read in them."""

import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PAPERS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda path: path.as_posix()
)


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def without_code(text: str) -> str:
    """Return a text without its blocks of code and its code spans."""
    text = re.sub(r"^(?: {4}|\t).*$", "", text, flags=re.MULTILINE)
    return re.sub(r"`[^`\n]*`", "", text)


def sections(text: str, *, level: int) -> dict[str, str]:
    """Return what stands below each heading of a level, by the heading."""
    parts = re.split(rf"^#{{{level}}} +(.+)$", text, flags=re.MULTILINE)
    return {
        title.strip(): re.split(rf"^#{{1,{level}}} ", body, flags=re.MULTILINE)[0]
        for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def rows(text: str) -> Iterator[list[str]]:
    """Yield the cells of each row of a text's tables, the heads left out."""
    for line in text.splitlines():
        if line.startswith("|") and not re.fullmatch(r"[|\s:-]+", line):
            yield [cell.strip() for cell in line.strip("|").split("|")]


def anchors(text: str) -> set[str]:
    """Return what a link may name after `#`, as the usual renderers make it of the headings."""
    found = set()
    for title in re.findall(r"^#{1,6} +(.+)$", text, flags=re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", title.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found
