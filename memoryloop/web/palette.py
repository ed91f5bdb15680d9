"""The palette: what Ctrl+K finds.

Apps register their pages and searches from AppConfig.ready; this module imports none of them.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from django.urls import reverse

from memoryloop.folding import fold


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """One line of the palette. Items of one `group` stand together under its name."""

    group: str
    title: str
    url: str
    icon: str
    meta: str = ""
    # Whether it does something: it is sent as a form.
    post: bool = False


class Search(Protocol):
    def __call__(self, *, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
        """Return what of this owner's fits `text`, best first; the newest if `text` is empty."""


_searches: list[Search] = []


@dataclass(frozen=True, slots=True)
class PalettePage:
    """A page that the palette leads to."""

    title: str
    url_name: str
    icon: str
    # Other words that it is found by.
    words: str
    # Whether it does something rather than being a page: it is listed when it is asked for.
    post: bool = False


# What scripts of every page do (keys.js, theme.js): title, fragment, icon, other words.
_IN_PAGE = (
    ("Dark theme", "theme-dark", "sun", "night mode colours colors appearance black lamp"),
    ("Light theme", "theme-light", "sun", "day mode colours colors appearance white bright"),
    ("Theme of the system", "theme-system", "sun", "dark light auto mode appearance default"),
    ("Keyboard shortcuts", "keys", "info", "keys hotkeys help ?"),
)

# With the order in which the apps' pages are listed.
_pages: list[tuple[int, PalettePage]] = []


def register_pages(order: int, *pages: PalettePage) -> None:
    """Add an app's pages; those with the smallest `order` are listed first."""
    added = [(order, page) for page in pages if (order, page) not in _pages]
    _pages.extend(added)
    _pages.sort(key=lambda entry: entry[0])


def register(search: Search) -> None:
    """Add a search; registering it again changes nothing."""
    if search not in _searches:
        _searches.append(search)


def find(*, owner_id: uuid.UUID, text: str, limit: int = 6) -> dict[str, list[PaletteItem]]:
    """Return the pages, and at most `limit` items of each search, by group in order."""
    text = " ".join(text.split())
    items = list(_find_pages(text))
    for search in _searches:
        items += search(owner_id=owner_id, text=text, limit=limit)
    return {name: list(group) for name, group in groupby(items, key=lambda item: item.group)}


def _find_pages(text: str) -> Iterator[PaletteItem]:
    """Find pages by their titles and words; those whose title begins with the text come first."""
    typed = fold(text)
    found = [
        page
        for _, page in _pages
        if (typed or not page.post) and _begins(typed, f"{page.title} {page.words}")
    ]
    for page in sorted(found, key=lambda page: not fold(page.title).startswith(typed)):
        yield PaletteItem("Go to", page.title, reverse(page.url_name), page.icon, post=page.post)
    for title, fragment, icon, words in _IN_PAGE:
        if typed and _begins(typed, f"{title} {words}"):
            yield PaletteItem("Do", title, f"#{fragment}", icon)


def _begins(typed: str, words: str) -> bool:
    """Tell whether each word that was typed begins one of the words."""
    there = f" {fold(words)}"
    return all(f" {word}" in there for word in typed.split())
