"""Why a switch is refused or stopped."""

from flashcards.store.errors import StoreError


class SwitchError(StoreError):
    """The switch cannot be made, or went no further; a sentence or two says why and what to do."""
