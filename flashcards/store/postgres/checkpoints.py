"""Checkpoints: there are none. What was committed is where it stays, and nothing is pending."""

from uuid import UUID

from flashcards.store.values import Checkpoint


def run(*, wait: bool = False) -> Checkpoint:  # noqa: ARG001 - nothing to wait for
    """Return that nothing was moved."""
    return Checkpoint()


def run_until_empty() -> Checkpoint:
    """Return that nothing was moved."""
    return Checkpoint()


def settle_batches(owner_id: UUID) -> None:
    """Do nothing: what `write_many` wrote is seen once it is committed."""


def count_pending() -> int:
    """Return 0."""
    return 0
