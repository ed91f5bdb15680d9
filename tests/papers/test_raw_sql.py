"""Decision 5: it lists every module that sends SQL of its own."""

import re

from tests.papers.markdown import ROOT

PAGE = ROOT / "docs" / "decisions" / "0005-raw-sql.md"
_SENDS = re.compile(r"\.cursor\(\)|\bRawSQL\(|\bRunSQL\(|\bQuestion\(")


def test_it_lists_every_module_with_raw_sql() -> None:
    page = PAGE.read_text()
    senders = [
        path.relative_to(ROOT).as_posix()
        for package in ("accounts", "chat", "flashcards", "memoryloop")
        for path in sorted((ROOT / package).rglob("*.py"))
        if _SENDS.search(path.read_text())
    ]
    listed = set(re.findall(r"`([\w/]+\.py)`", page))
    # Of migrations the folder and the numbers are enough.
    numbers = range(3, 6)
    listed |= {
        path.relative_to(ROOT).as_posix()
        for number in numbers
        for path in (ROOT / "chat" / "migrations").glob(f"{number:04}_*.py")
    }
    assert [sender for sender in senders if sender not in listed] == []


def test_every_module_that_it_lists_is_there() -> None:
    listed = re.findall(r"`((?:\w+/)+\w+\.py)`", PAGE.read_text())
    assert [name for name in listed if not (ROOT / name).is_file()] == []
