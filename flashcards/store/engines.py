"""Which engine serves: LanceDB behind the journal, or PostgreSQL alone.

PostgreSQL records it (`StoreVersions.engine`); until anything is recorded, CARD_STORE says it. A
process remembers what was recorded. When the store moves to another engine meanwhile, whatever
reads or writes next finds out and raises EngineChanged; then it is asked for again.
"""

import importlib
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import connection

from flashcards.models import StoreVersions
from flashcards.store.errors import EngineChanged
from flashcards.store.protocol.engine import CardStore
from flashcards.store.protocol.queries import Manager, Query
from flashcards.store.queries.manager import RecordManager
from flashcards.store.queries.query_spec import QuerySpec
from flashcards.store.queries.record_query import RecordQuery, ask_elsewhere
from flashcards.store.rows.schema import FLASHCARDS

_MODULES = {
    StoreVersions.Engine.LANCEDB.value: "flashcards.store.lance_engine",
    StoreVersions.Engine.POSTGRESQL.value: "flashcards.store.postgres_engine",
}
if TYPE_CHECKING:
    from flashcards.store import lance_engine, postgres_engine

    # Each is imported when it serves; that it keeps the protocol is checked here.
    _lance: CardStore = lance_engine
    _postgres: CardStore = postgres_engine

_TABLE = StoreVersions._meta.db_table
_FIRST = StoreVersions.Engine.LANCEDB.value
_remembered: list[str] = []


def name() -> str:
    """Return the name of the engine that serves. Two SQL queries the first time in a process."""
    if _remembered:
        return _remembered[0]
    with connection.cursor() as cursor:
        is_migrated = _TABLE in connection.introspection.table_names(cursor)
    if not is_migrated:
        return str(settings.CARD_STORE)
    _remembered[:] = [recorded() or settings.CARD_STORE]
    return _remembered[0]


def recorded() -> str | None:
    """Return what PostgreSQL recorded; None where nothing was stored yet.

    The table may be of an earlier version, which knew LanceDB alone.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(to_jsonb(v) ->> 'engine', %s) FROM {_TABLE} v", [_FIRST])  # noqa: S608 - our own name
        row = cursor.fetchone()
    return None if row is None else str(row[0])


def named(engine: str) -> CardStore:
    """Return an engine by its name, whether it serves or not."""
    return cast("CardStore", importlib.import_module(_MODULES[engine]))


def current() -> CardStore:
    """Return the engine that serves."""
    return named(name())


def remember(engine: str) -> None:
    """Go by an engine in this process from now on."""
    _remembered[:] = [engine]


def forget() -> None:
    """Have it looked up again, as after a switch or between tests."""
    _remembered.clear()


def _query_of_serving(wanted: QuerySpec) -> RecordQuery[Any]:
    forget()
    serving = current()
    manager = serving.cards if wanted.spec is FLASHCARDS else serving.review_logs
    return cast("RecordManager[Any]", manager).asking(wanted)


ask_elsewhere(_query_of_serving)


class Chosen:
    """The engine that serves when something is asked of it; see `CardStore`."""

    def __getattr__(self, asked: str) -> Callable[..., Any]:
        def ask(*arguments: Any, **named_arguments: Any) -> Any:
            try:
                return getattr(current(), asked)(*arguments, **named_arguments)
            except EngineChanged:
                forget()
                if connection.in_atomic_block:
                    # What was written so far belongs to the one that served before.
                    raise
                return getattr(current(), asked)(*arguments, **named_arguments)

        return ask

    def clear_cache(self) -> None:
        """Drop what this process remembers of every engine that it has used."""
        for engine, module in _MODULES.items():
            if module in sys.modules:
                # Another thread may be importing it just now: `named` waits for that.
                named(engine).clear_cache()

    @property
    def SCHEMA_VERSION(self) -> int:  # noqa: N802 - a constant of the engine
        return current().SCHEMA_VERSION

    @property
    def cards(self) -> "ChosenManager":
        return ChosenManager("cards")

    @property
    def review_logs(self) -> "ChosenManager":
        return ChosenManager("review_logs")


class ChosenManager:
    """A manager of the engine that serves."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def table(self) -> str:
        """Return the name of the table."""
        return self._manager.table

    def for_owner(self, owner: Any) -> Query[Any]:
        """Return the records of one user, given as the user or their id."""
        return self._manager.for_owner(owner)

    def all_owners(self) -> Query[Any]:
        """Return everybody's records: for the admin and maintenance, never for a learner's page."""
        return self._manager.all_owners()

    @property
    def _manager(self) -> Manager[Any]:
        manager: Manager[Any] = getattr(current(), self._name)
        return manager
