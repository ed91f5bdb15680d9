"""A write that PostgreSQL refuses or takes back leaves nothing in memory, in either engine."""

from tests.engines import InLanceDB, InPostgreSQL
from tests.flashcards.store import failure_contract


class LanceDBTests(InLanceDB, failure_contract.FailureContract):
    pass


class PostgreSQLTests(InPostgreSQL, failure_contract.FailureContract):
    pass
