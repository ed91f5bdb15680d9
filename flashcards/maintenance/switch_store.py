"""The switch of the card store to another engine, with what can stop it said in plain words."""

import contextlib
from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from flashcards import scheduling, study_settings
from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.maintenance.check import MEMORY_FIELDS, SCHEDULE_FIELDS
from flashcards.scheduling import ScheduleSettings
from flashcards.store.switch import run as switch
from flashcards.store.switch.errors import SwitchError
from flashcards.store.switch.run import Progress, Switched
from memoryloop import installation
from memoryloop.errors import is_disk_full
from memoryloop.postgres import unreachable
from memoryloop.postgres.server import PostgresError

__all__ = ["Progress", "SwitchError", "Switched", "drop_old", "run"]

_AGAIN = "The cards are where they were: run this again, and it goes on where it was."
# Whichever the last part of the command was, the record in PostgreSQL says whether it has switched.
_UNLESS = "Had PostgreSQL switched already before it went away, it says so."
# Classes of PostgreSQL's states: the connection was lost; the server stops. Without a state there
# was no answer.
_AWAY = ("08", "57P")
_OF_CONNECTIONS = (
    *(OperationalError, InterfaceError),
    *(psycopg.OperationalError, psycopg.InterfaceError, PostgresError),
)
# A copy of rows raises psycopg's own.
_OF_POSTGRESQL = (DatabaseError, InterfaceError, psycopg.Error, PostgresError)


def run(
    target: str, *, tell: Callable[[Progress], None] = lambda _: None, anew: bool = False
) -> Switched:
    """Switch to an engine by its name, and return what was done. Raises StoreError."""
    with _plainly():
        return switch.run(target, folds=_Folds().count, tell=tell, anew=anew)


def drop_old() -> str:
    """Remove the rows of the engine that does not serve, and return its name. Raises StoreError."""
    with _plainly():
        return switch.drop_old()


class _Folds:
    """Counts the cards whose schedule is not what their reviews give."""

    def __init__(self) -> None:
        self._settings: dict[UUID, study_settings.EffectiveSettings] = {}

    def count(self, histories: list[tuple[Flashcard, list[ReviewLog]]]) -> int:
        return sum(not self._holds(card, logs) for card, logs in histories)

    def _holds(self, card: Flashcard, logs: list[ReviewLog]) -> bool:
        settings = self._settings_for(card)
        folded = scheduling.fold(card, logs, settings=settings)
        # Of a memory of other parameters only what depends on none can be compared.
        is_outdated = scheduling.is_outdated(card, settings)
        compared = [f for f in SCHEDULE_FIELDS if not (is_outdated and f in MEMORY_FIELDS)]
        return all(getattr(folded, f) == getattr(card, f) for f in compared)

    def _settings_for(self, card: Flashcard) -> ScheduleSettings:
        owner_id = card.owner_id
        if owner_id not in self._settings:
            self._settings[owner_id] = study_settings.settings_for(owner_id=owner_id)
        return study_settings.for_card(self._settings[owner_id], card).schedule


@contextlib.contextmanager
def _plainly() -> Iterator[None]:
    """Turn what a full disk or a PostgreSQL that went away raises into a sentence."""
    try:
        yield
    except (OSError, RuntimeError, ValueError, *_OF_POSTGRESQL) as error:
        is_postgresql = isinstance(error, _OF_POSTGRESQL)
        is_away = is_postgresql and _is_away(error)
        if is_away:
            connection.close()
        if is_disk_full(error) or (is_away and unreachable.is_out_of_space()):
            raise SwitchError(f"The disk is full: make room. {_AGAIN}") from error
        if is_away:
            raise SwitchError(f"PostgreSQL went away. {_AGAIN} {_UNLESS}") from error
        if is_postgresql:
            raise SwitchError(f"PostgreSQL refused: {error} {_AGAIN}") from error
        check = installation.command("check_store")
        raise SwitchError(
            f"LanceDB cannot be read or written: {error} Look with `{check}`. {_AGAIN}"
        ) from error


def _is_away(error: BaseException) -> bool:
    """Tell whether an error of PostgreSQL says that there is no connection any more."""
    if not isinstance(error, _OF_CONNECTIONS):
        return False
    state = getattr(error, "sqlstate", None) or getattr(error.__cause__, "sqlstate", None) or ""
    return not state or state.startswith(_AWAY)
