"""What the parts of the store's contract share."""

from collections.abc import Iterator

from flashcards import store
from tests.base import TestCase


class Contract(TestCase):
    """Promises. For an engine's tests to inherit; by itself it settles nothing."""

    def settle(self) -> None:
        """Move what is pending to where it stays."""
        raise NotImplementedError

    def both_ways(self) -> Iterator[None]:
        """Run a block with its changes pending, and again after they have settled.

        Then as another process, which remembers nothing.
        """
        for state in ("pending", "settled"):
            with self.subTest(state=state):
                yield
            self.settle()
            store.clear_cache()
