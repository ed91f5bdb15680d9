"""Import choices: which decks of a file are imported, and into which decks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from flashcards import study_settings
from flashcards.cards import decks
from flashcards.cards.decks import BadDeck
from flashcards.exchange.report import Report
from flashcards.models import Deck, StudySettings
from flashcards.models.decks import DECK_NAME_MAX_CHARACTERS, DECK_SEPARATOR
from flashcards.scheduling import ScheduleSettings
from flashcards.study_settings import PRESET_FIELDS, EffectiveSettings, presets
from flashcards.study_settings.presets import BadPreset
from memoryloop.folding import fold

# Anki's deck for cards that were put into no other.
DEFAULT = "Default"
NAME_CUT = (
    f"its name is longer than {DECK_NAME_MAX_CHARACTERS} characters: the deck has its beginning"
)
NAME_SHARED = "its name is the same here as another deck’s of the file: their cards are in one deck"
# Instead of the id of a preset: the one of most cards, if the learner has no parameters; or none.
AUTOMATIC, NO_PRESET = "auto", "none"


@dataclass(frozen=True)
class Choice:
    """What a learner chose: decks of the file (None for all), schedules, and a parent deck."""

    deck_ids: frozenset[int] | None = None
    keep_schedule: bool = True
    parent: str = ""
    # The id of the preset whose settings are taken for all cards, AUTOMATIC or NO_PRESET.
    # With NO_PRESET decks get no preset either.
    preset: str = AUTOMATIC

    def as_json(self) -> dict[str, Any]:
        return {
            "decks": None if self.deck_ids is None else sorted(map(str, self.deck_ids)),
            "keep_schedule": self.keep_schedule,
            "parent": self.parent,
            "preset": self.preset,
        }

    @classmethod
    def from_json(cls, known: Mapping[str, Any]) -> "Choice":
        ids = known.get("decks")
        return cls(
            deck_ids=None if ids is None else frozenset(map(int, ids)),
            keep_schedule=bool(known.get("keep_schedule", True)),
            parent=str(known.get("parent", "")),
            preset=str(known.get("preset", AUTOMATIC)),
        )

    def wants(self, deck_id: int) -> bool:
        return self.deck_ids is None or deck_id in self.deck_ids


@dataclass(frozen=True)
class WantedPreset:
    """A preset that decks of a file use: its name there, and what it sets."""

    name: str
    # None: as for all cards.
    desired_retention: float | None
    parameters: tuple[float, ...] | None
    # Steps, limits and the longest interval, by the names of the settings.
    options: Mapping[str, Any]

    @property
    def values(self) -> dict[str, Any]:
        given, retention = self.parameters, self.desired_retention
        return {
            **self.options,
            **({} if retention is None else {"desired_retention": retention}),
            "parameters": None if given is None else list(given),
        }

    def is_same(self, row: StudySettings) -> bool:
        """Tell whether a learner's preset is this one: called so, perhaps with a number."""
        named = fold(row.name).removeprefix(fold(self.name)).strip()
        return (not named or named.isdecimal()) and self.values == {
            name: getattr(row, name) for name in PRESET_FIELDS if getattr(row, name) is not None
        } | {"parameters": row.parameters}


class Decks:
    """Finds the learner's deck for a deck of a file; creates it for the first card in it."""

    def __init__(
        self,
        owner_id: UUID,
        names: Mapping[int, str],
        choice: Choice,
        report: Report,
        now: datetime,
        presets: Mapping[int, WantedPreset] | None = None,
    ) -> None:
        self._owner_id = owner_id
        self._names = names
        self._parent = choice.parent
        self._report = report
        self._now = now
        # The preset that a deck gets when it is created.
        self._presets = presets or {}
        self._settings: EffectiveSettings | None = None
        self._found: dict[int, tuple[UUID, ...]] = {}
        own = Deck.objects.filter(owner_id=owner_id).values_list("id", flat=True)
        # The decks that there are.
        self.living: frozenset[UUID] = frozenset(own)

    def name_of(self, deck_id: int) -> str:
        """Return the name of a deck in the file."""
        return self._names.get(deck_id) or DEFAULT

    def existing(self, deck_id: int) -> UUID | None:
        """Return the deck that there is for a deck of the file, if there is one."""
        name = storable(self.name_of(deck_id), self._parent)
        found = Deck.objects.filter(owner_id=self._owner_id, search="").named(name)
        return found.id if found else None

    def tell_names(self, deck_ids: Iterable[int]) -> None:
        """Name in the report which of these decks of the file have another's name here, or a part
        of their own."""
        used: set[str] = set()
        for name in sorted(self.name_of(deck_id) for deck_id in deck_ids):
            here = storable(name if name != DEFAULT else "", self._parent)
            if here and fold(here) in used:
                self._report.leave_out(NAME_SHARED, name)
            elif len(_whole(name, self._parent)) > DECK_NAME_MAX_CHARACTERS:
                self._report.leave_out(NAME_CUT, name)
            used.add(fold(here))

    def of(self, deck_id: int) -> tuple[UUID, ...]:
        """Return the ids of the decks that a card goes into: one, or none."""
        if deck_id not in self._found:
            self._found[deck_id] = self._deck(deck_id, self.name_of(deck_id))
        return self._found[deck_id]

    def schedule_of(self, deck_ids: Sequence[UUID]) -> ScheduleSettings:
        """Return what the scheduler goes by for a card in these decks."""
        if self._settings is None:
            self._settings = study_settings.settings_for(owner_id=self._owner_id)
        return self._settings.of_decks(deck_ids).schedule

    def _use(self, wanted: WantedPreset, deck: Deck) -> None:
        """Have a deck use a preset: the learner's that is the same, or one that is created."""
        with transaction.atomic():
            there = (row for row in presets.presets_of(self._owner_id) if wanted.is_same(row))
            preset = next(there, None)
            if preset is None:
                try:
                    preset = presets.create(
                        owner_id=self._owner_id,
                        name=presets.free_name(self._owner_id, wanted.name.strip() or "Anki"),
                        values=wanted.values,
                        now=self._now,
                    )
                except BadPreset:
                    # The maximum is reached: the report says which decks have not theirs.
                    return
                self._report.presets.append(preset.pk)
            presets.choose(
                owner_id=self._owner_id, deck_ids=[deck.id], preset_id=preset.pk, now=self._now
            )

    def _deck(self, deck_id: int, theirs: str) -> tuple[UUID, ...]:
        name = storable(theirs if theirs != DEFAULT else "", self._parent)
        if not name:
            return ()
        known = {fold(each) for each in decks.names(self._owner_id)}
        for candidate in (name, f"{name} (imported)"):
            try:
                deck = decks.deck_named(owner_id=self._owner_id, name=candidate, now=self._now)
            except BadDeck as error:
                # A smart deck has this name, or the limit of decks is reached.
                reason = error.sentence
                continue
            if fold(candidate) not in known:
                self._report.decks.append(str(deck.id))
                self._settings = None
                if deck_id in self._presets:
                    self._use(self._presets[deck_id], deck)
            self.living |= {deck.id}
            return (deck.id,)
        self._report.skip_deck(name, reason)
        return ()


def storable(name: str, parent: str = "") -> str:
    """Return a valid name for a deck; "" if nothing is left of the name."""
    kept = _whole(name, parent)[:DECK_NAME_MAX_CHARACTERS].rstrip(": ")
    return f"{kept} (deck)" if fold(kept) == "none" else kept


def _whole(name: str, parent: str) -> str:
    whole = DECK_SEPARATOR.join([parent, name])
    parts = (" ".join(part.replace("*", "-").split()) for part in whole.split(DECK_SEPARATOR))
    return DECK_SEPARATOR.join(part for part in parts if part)
