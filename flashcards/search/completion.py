"""Completion of a search while it is typed: keys, and the learner's own decks and tags."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from flashcards import store
from flashcards.domain.query.parser import KEYS
from flashcards.domain.query.syntax import CardStatus, InDeck, Property, Tagged
from flashcards.models import Deck
from flashcards.search.matcher import NONE, path_and_parents
from flashcards.store import CardColumns
from memoryloop.folding import fold

SHOWN = 8
_MEANS = {
    "deck": "in a deck",
    "tag": "with a tag",
    "is": "new, due, suspended …",
    "prop": "r, s, d, lapses … compared",
    "added": "in so many days",
    "edited": "in so many days",
    "rated": "in so many days",
    "introduced": "first reviewed, in so many days",
    "returned": "first reviewed again after it was forgotten, in so many days",
    "flag": "0 to 7",
}
_PROPERTIES = {
    Property.RETRIEVABILITY: ("<0.9", "chance to recall it now"),
    Property.STABILITY: (">21", "days until recall falls to 90%"),
    Property.DIFFICULTY: (">7", "1 to 10"),
    Property.LAPSES: (">3", "times forgotten"),
    Property.REPS: ("<5", "reviews"),
    Property.INTERVAL: (">30", "days from review to review"),
    Property.DUE: ("=0", "days from today"),
}


@dataclass(frozen=True)
class Completion:
    """A replacement for `start` to `end` of the text, and what it means."""

    text: str
    means: str
    start: int
    end: int


def complete(*, owner_id: UUID, text: str, at: int) -> list[Completion]:
    """Return the completions of the term that ends at `at`, best first."""
    found = re.search(r"(?:^|[\s(-])(([A-Za-z]*)(:)?(\"[^\"]*|[^\s\"()]*))$", text[:at])
    if found is None:
        return []
    start, key, typed = found.start(1), found[2].lower(), fold(found[4].lstrip('"'))
    if not found[3]:
        if not key:
            return []
        options = [(f"{name}:", _MEANS[name]) for name in KEYS if name.startswith(key)]
    elif key == "deck":
        names = [deck.name for deck in Deck.objects.filter(owner_id=owner_id)]
        options = [(str(InDeck(name)), "deck") for name in _fitting([*names, NONE], typed)]
    elif key == "tag":
        options = [
            (str(Tagged(name)), "tag")
            for name in _fitting([*_tags(store.columns(owner_id)), NONE], typed)
        ]
    elif key == "is":
        names = [status.value for status in CardStatus]
        options = [(f"is:{name}", "") for name in _fitting(names, typed)]
    elif key == "prop":
        options = [
            (f"prop:{prop}{example}", means)
            for prop, (example, means) in _PROPERTIES.items()
            if prop.startswith(typed)
        ]
    else:
        options = []
    whole = fold(text[start:at])
    return [
        Completion(option, means, start, at)
        for option, means in options[:SHOWN]
        if fold(option) != whole
    ]


def tags(read: CardColumns) -> list[str]:
    """Return the tags of an owner's cards, sorted without regard to case."""
    return sorted(_tags(read), key=fold)


def _tags(read: CardColumns) -> Iterable[str]:
    """Return tags and their parents, those on most cards first."""
    pairs, names = read.label_pairs("tags", read.alive)
    counts = np.bincount(pairs[:, 1].astype(np.int64), minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    used = [names[n] for n in order.tolist() if counts[n]]
    return dict.fromkeys(path for name in used for path in path_and_parents(name))


def _fitting(names: Iterable[str], typed: str) -> list[str]:
    """Return the names that begin with the typed text, then those that contain it."""
    fitting = [name for name in names if typed in fold(name)]
    return sorted(fitting, key=lambda name: not fold(name).startswith(typed))
