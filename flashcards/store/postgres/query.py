"""The query over PostgreSQL's rows."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import pyarrow as pa

from flashcards.domain.records import Flashcard, ReviewLog
from flashcards.store.postgres import tables
from flashcards.store.postgres.changes import read_pending
from flashcards.store.queries.manager import RecordManager
from flashcards.store.queries.record_query import RecordQuery
from flashcards.store.rows import codec
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS

R = TypeVar("R")
# Rows in memory at a time while a table is read from its beginning to its end.
STREAMED_ROWS = 2_000


class PostgresQuery(RecordQuery[R]):
    """Records of one owner. Costs two SQL queries, of which the first says which engine serves."""

    def _stream(self) -> Iterator[dict[str, Any]]:
        wanted, sets = self.wanted, self._sets()
        conditions = wanted.all_conditions
        for rows in tables.stream(wanted.spec, conditions, sets, STREAMED_ROWS):
            yield from codec.to_plain(rows)

    def _fetch(self) -> list[R]:
        wanted = self.wanted
        self._sets()
        more, values = self._slice()
        return tables.records(wanted.spec, wanted.all_conditions, more=more, values=values)

    def _count_all(self) -> int:
        self._sets()
        return tables.count(self.wanted.spec, self.wanted.all_conditions)

    def _arrow(self, columns: Sequence[str], *, ordered: bool) -> pa.Table:
        wanted, sets = self.wanted, self._sets()
        more, values = self._slice() if ordered else ("", [])
        conditions = wanted.all_conditions
        return tables.read(wanted.spec, columns, conditions, sets, more=more, values=values)

    def _slice(self) -> tuple[str, list[Any]]:
        wanted = self.wanted
        order = tables.order(wanted.spec, wanted.order)
        return f"{order} LIMIT %s OFFSET %s", [wanted.limit, wanted.offset]

    def _sets(self) -> Any:
        return read_pending(self.wanted.owner_id).stored.vectors


cards = RecordManager[Flashcard](FLASHCARDS, PostgresQuery)
review_logs = RecordManager[ReviewLog](REVIEW_LOGS, PostgresQuery)
