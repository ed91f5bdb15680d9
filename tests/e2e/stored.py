"""What a running MemoryLoop has in LanceDB, read past the application."""

import uuid
from typing import Any

import lancedb

from tests.live import LiveMemoryLoop


def rows(site: LiveMemoryLoop, table: str, owner_id: str) -> list[dict[str, Any]]:
    """Return a learner's rows of a LanceDB table. A checkpoint must have moved them there."""
    owner = str(uuid.UUID(owner_id))
    stored = lancedb.connect(str(site.data / "lancedb")).open_table(table)
    found: list[dict[str, Any]] = (
        stored.search().where(f"owner_id = '{owner}'").limit(10_000).to_list()
    )
    return found
