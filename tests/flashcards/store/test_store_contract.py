"""Both engines keep the contract of the card store: LanceDB under its journal, and PostgreSQL."""

import inspect

from flashcards import store
from flashcards.store import CardStore, OwnerView, Query
from tests.engines import InLanceDB, InPostgreSQL
from tests.flashcards.store import none_contract, store_contract, upkeep_contract, view_contract


class LanceDB(InLanceDB):
    def settle(self) -> None:
        store.checkpoint_all()


class PostgreSQL(InPostgreSQL):
    def settle(self) -> None:
        """Do nothing: a change is where it stays."""


class LanceDBTests(LanceDB, store_contract.StoreContract):
    pass


class LanceDBViewTests(LanceDB, view_contract.ViewContract):
    pass


class LanceDBUpkeepTests(LanceDB, upkeep_contract.UpkeepContract):
    pass


class LanceDBNoneTests(LanceDB, none_contract.NoneContract):
    pass


class PostgreSQLTests(PostgreSQL, store_contract.StoreContract):
    pass


class PostgreSQLViewTests(PostgreSQL, view_contract.ViewContract):
    pass


class PostgreSQLUpkeepTests(PostgreSQL, upkeep_contract.UpkeepContract):
    pass


class PostgreSQLNoneTests(PostgreSQL, none_contract.NoneContract):
    pass


# Of the process, and what is seen only after an accident: test_other_store.py.
ELSEWHERE = {
    *("preload", "remembered_view", "due_counts", "near_dues"),
    # The switch of models: tests/flashcards/cards/test_model_switch.py.
    *("read_vector_sets", "begin_vectors", "give_up_vectors", "finish_vectors"),
    *("owners_to_embed", "drop_retired_vectors"),
}


# What `typing.Protocol` gives each.
PROTOCOLS = {"__init__", "__subclasshook__"}


def test_every_promise_of_the_protocol_is_tried() -> None:
    tried = "".join(
        inspect.getsource(module) for module in (store_contract, view_contract, upkeep_contract)
    )
    promised = {
        name
        for protocol in (CardStore, OwnerView)
        for name in vars(protocol)
        if not name.startswith("_")
    }
    assert {name for name in promised if name not in tried} - ELSEWHERE == set()


def test_every_method_of_the_query_is_tried_on_nothing() -> None:
    methods = {name for name, each in vars(Query).items() if inspect.isfunction(each)}
    tables = (none_contract.READS, none_contract.NARROWS, none_contract.OF_CARDS)
    assert methods - PROTOCOLS == {name for table in tables for name in table}
