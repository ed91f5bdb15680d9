"""Upgrades of the tables: Django's migrations, and none beside."""

from collections.abc import Callable, Sequence

from flashcards.store.protocol.handles import Upgrade


def needed() -> Sequence[Upgrade]:
    """Return nothing: what the tables lack, `migrate` knows."""
    return []


def run(progress: Callable[[Upgrade], None] = lambda _: None) -> Sequence[Upgrade]:  # noqa: ARG001 - nothing to do
    """Return nothing: `migrate` has done it."""
    return []
