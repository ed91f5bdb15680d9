"""What can go wrong in the store, one sentence each."""


class StoreError(Exception):
    """The store cannot answer. Nothing that was acknowledged is lost by it."""


class OtherSchema(StoreError):
    """The store was written by a newer MemoryLoop, or waits to be upgraded from an older one."""


class OtherStore(StoreError):
    """LanceDB lacks rows that PostgreSQL recorded: tables are missing, older, or of another store.

    Nothing is written until the right ones are there.
    """


class UnknownLookup(StoreError):
    """A filter or an order names a field or a lookup that is not declared."""


class OwnerGone(StoreError):
    """A write names an owner whose account was deleted."""


class EngineChanged(StoreError):
    """The store has moved to another engine since this process looked; asked again, that answers.

    Nothing was read or written.
    """


class TablesChanged(StoreError):
    """What failed has changed the tables, and they could not go back to what they were."""
