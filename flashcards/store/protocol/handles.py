"""What an engine hands out: a snapshot, a search that is under way, an upgrade."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from flashcards.store.values import WordMatches

# Of a table of PostgreSQL, by its name there.
RowsOf = Callable[[str], int]


class Snapshot(Protocol):
    """Both tables as they are at one moment, for a backup; reviews go on meanwhile."""

    @property
    def engine(self) -> str:
        """Return which engine's they are, as StoreVersions.Engine has it."""
        ...

    @property
    def versions(self) -> dict[str, int]:
        """Return the engine's own version of each table, by its name."""
        ...

    @property
    def schema(self) -> int:
        """Return the version of the tables' shape."""
        ...

    def write_files(self, folder: Path, dumped: RowsOf) -> dict[str, int]:
        """Write each table that PostgreSQL's dump does not have into a file of the folder.

        Return the rows by the table's name. `dumped` counts those of a table of PostgreSQL in the
        state that is dumped.
        """
        ...


class WordSearch(Protocol):
    """A search for words that is under way."""

    def result(self) -> WordMatches:
        """Wait for the cards that were found. Raises StoreError."""
        ...


class Upgrade(Protocol):
    """One numbered change of the tables."""

    @property
    def number(self) -> int: ...

    @property
    def what(self) -> str:
        """Return what it changes, as part of a sentence."""
        ...
