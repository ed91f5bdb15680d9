"""What any engine answers to a query of nothing: nothing, and nothing is asked of the store."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from django.db.models import Avg, Count, Max, Min, Sum

from flashcards.store import cards, review_logs
from tests.factories import review_log, store, stored_card
from tests.flashcards.store.contract import Contract


def _arrays(query: Any) -> Any:
    return {name: values.tolist() for name, values in query.columns("id", "owner_id").items()}


def _missing(query: Any) -> Any:
    with pytest.raises(query.model.DoesNotExist):
        query.get()
    with pytest.raises(IndexError):
        query[0]
    return []


# What reads, by the name of the method, and what it gives.
READS: Mapping[str, tuple[Callable[[Any], Any], Any]] = {
    "__iter__": (list, []),
    "__len__": (len, 0),
    "__bool__": (bool, False),
    "__getitem__": (lambda query: list(query[1:5]), []),
    "first": (lambda query: query.first(), None),
    "get": (_missing, []),
    "exists": (lambda query: query.exists(), False),
    "count": (lambda query: query.count(), 0),
    "in_bulk": (lambda query: query.in_bulk([UUID(int=1)]), {}),
    "values": (lambda query: [*query.values(), *query.values("id")], []),
    "aggregate": (
        lambda query: query.aggregate(
            n=Count("id"), least=Min("id"), most=Max("id"), total=Sum("sequence"), a=Avg("sequence")
        ),
        {"n": 0, "least": None, "most": None, "total": None, "a": None},
    ),
    "columns": (_arrays, {"id": [], "owner_id": []}),
    "stream": (lambda query: list(query.stream()), []),
}
# What narrows, which leaves nothing of nothing.
NARROWS: Mapping[str, Callable[[Any], Any]] = {
    "filter": lambda query: query.filter(id__isnull=False),
    "exclude": lambda query: query.exclude(id__isnull=True),
    "order_by": lambda query: query.order_by("-id"),
    "with_deleted": lambda query: query.with_deleted(),
    "none": lambda query: query.none(),
    "all": lambda query: query.all(),
}
# Of cards alone, which have words.
OF_CARDS: Mapping[str, Callable[[Any], Any]] = {"containing": lambda query: query.containing(["a"])}


class NoneContract(Contract):
    def test_every_method_of_the_query_gives_nothing_and_asks_for_nothing(self) -> None:
        card = stored_card(self.alice)
        store(card, logs=(review_log(card),))
        for _ in self.both_ways():
            for manager, more in ((cards, OF_CARDS), (review_logs, {})):
                for every in (manager.for_owner(self.alice), manager.all_owners()):
                    self.assertTrue(every.exists())
                    self.check(every.none(), {**NARROWS, **more})

    def check(self, nothing: Any, narrows: Mapping[str, Callable[[Any], Any]]) -> None:
        for way, narrow in {"as it is": lambda query: query, **narrows}.items():
            with self.subTest(way=way), self.assertNumQueries(0):
                found = {name: read(narrow(nothing)) for name, (read, _) in READS.items()}
                self.assertEqual(found, {name: given for name, (_, given) in READS.items()})
