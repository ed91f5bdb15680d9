"""Presentation is in web/ and charts/: no room below them makes links, forms or HTML."""

import ast
from collections.abc import Iterator
from pathlib import Path
from unittest import TestCase

from tests.architecture.imports import floor_of, floors, modules

LINKS_AND_PAGES = ("django.urls", "django.shortcuts", "django.forms", "django.template")
HTML = ("django.utils.html", "django.utils.safestring")
_FLOORS = floors()


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, at its top or in a function."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def is_below_pages(name: str) -> bool:
    floor, pages = floor_of(name, _FLOORS), floor_of("flashcards.web", _FLOORS)
    return name.startswith("flashcards.") and (floor or 0) > (pages or 0)


class PresentationTests(TestCase):
    def found(self, packages: tuple[str, ...], *, but_in: str = "") -> list[tuple[str, str]]:
        return [
            (name, other)
            for name, path in modules().items()
            if is_below_pages(name) and not (but_in and name.startswith(but_in))
            for other in imported(path)
            if any(other == each or other.startswith(f"{each}.") for each in packages)
        ]

    def test_no_room_below_the_pages_makes_links_or_forms(self) -> None:
        self.assertEqual(self.found(LINKS_AND_PAGES), [])

    def test_only_charts_make_html_below_the_pages(self) -> None:
        self.assertEqual(self.found(HTML, but_in="flashcards.charts"), [])

    def test_it_sees_what_the_pages_import(self) -> None:
        urls = "flashcards.web.views.review"
        self.assertIn("django.urls.reverse", set(imported(modules()[urls])))
