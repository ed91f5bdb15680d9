"""What Ctrl+K finds. Apps register a search from AppConfig.ready; none is imported here."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from django.urls import reverse


@dataclass(frozen=True, slots=True)
class PaletteItem:
    """One line of the palette. Items of one `group` stand together under its name."""

    group: str
    title: str
    url: str
    icon: str
    meta: str = ""


class Search(Protocol):
    def __call__(self, *, owner_id: uuid.UUID, text: str, limit: int) -> list[PaletteItem]:
        """Return what of this owner's fits `text`, best first; the newest if `text` is empty."""


_searches: list[Search] = []

# (what it is called, the name of its URL, its icon, other words it is looked for by)
_PAGES = (
    ("Chat", "chat:home", "chat", "ask tutor new conversation"),
    ("Review", "flashcards:review", "review", "due study repeat"),
    ("Study modes", "flashcards:study_modes", "review", "ways cram practise exam minutes search"),
    ("Cards", "flashcards:cards", "cards", "browse search list"),
    ("Decks", "flashcards:decks", "decks", "subjects tree smart saved search"),
    ("Import cards", "flashcards:imports", "plus", "anki apkg csv bring move"),
    ("Export cards", "flashcards:exports", "download", "anki apkg csv take leave backup"),
    ("New card", "flashcards:new_card", "plus", "write add"),
    ("Today", "flashcards:today", "sun", "done hard week days tomorrow"),
    ("Catch-up plan", "flashcards:backlog", "clock", "catching up backlog overdue behind"),
    ("Leeches", "flashcards:leeches", "warning", "hard forgotten again"),
    ("Review settings", "flashcards:study_settings", "settings", "limits retention steps order"),
    ("Settings", "settings:home", "settings", "tutor claude key ollama server model"),
    ("Account", "accounts:profile", "user", "profile name time zone email"),
    ("Change password", "accounts:password_change", "key", "security"),
    ("Change email address", "accounts:email", "user", "mail log in"),
    ("Export your data", "accounts:export", "cards", "export download backup archive zip"),
)


def register(search: Search) -> None:
    """Add a search; registering it again changes nothing."""
    if search not in _searches:
        _searches.append(search)


def find(*, owner_id: uuid.UUID, text: str, limit: int = 6) -> dict[str, list[PaletteItem]]:
    """Return at most `limit` items of each search, and the pages, by group in order."""
    text = " ".join(text.split())
    items = list(_pages(text))
    for search in _searches:
        items += search(owner_id=owner_id, text=text, limit=limit)
    return {name: list(group) for name, group in groupby(items, key=lambda item: item.group)}


def _pages(text: str) -> Iterator[PaletteItem]:
    words = text.casefold().split()
    for title, url_name, icon, other_words in _PAGES:
        haystack = f"{title} {other_words}".casefold()
        if all(word in haystack for word in words):
            yield PaletteItem("Go to", title, reverse(url_name), icon)
