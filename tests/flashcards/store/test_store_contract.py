"""LanceDB under its journal keeps the contract of the card store."""

from flashcards.store.maintenance import checkpoint
from tests.flashcards.store import store_contract


class LanceDBTests(store_contract.StoreContract):
    def settle(self) -> None:
        checkpoint.run_until_empty()
