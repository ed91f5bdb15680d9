"""A backup that is kept in a place, of whichever kind the place is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flashcards.maintenance.backup import Manifest

# Writes a backup into a folder that is not there yet.
Make = Callable[[Path], Manifest]
Meanwhile = Callable[[], None]


@dataclass(frozen=True)
class Stored:
    """A complete backup in a place."""

    name: str
    # What `restore` is given.
    address: str
    made_at: datetime
    manifest: Manifest
    is_verified: bool


def read_stored(address: str, name: str, manifest: Manifest, is_verified: bool) -> Stored:
    """Return a backup as its manifest describes it."""
    return Stored(name, address, datetime.fromisoformat(manifest.made_at), manifest, is_verified)
