"""Typed queries: an SQL statement together with what its rows are turned into."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection

A = TypeVar("A")
B = TypeVar("B")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """A statement that returns rows, and the function that turns them into the answer."""

    sql: str
    parameters: Sequence[Any]
    answer: Callable[[Rows], A]


def ask(question: Question[A]) -> A:
    """Return the answer to one question. One SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.parameters)
        rows = cursor.fetchall()
    return question.answer(rows)


def ask_both(one: Question[A], other: Question[B]) -> tuple[A, B]:
    """Return the answers to two questions. Two SQL queries.

    Psycopg's pipeline mode is slower than that on a local server: 0.36 ms for 0.28 ms.
    """
    return ask(one), ask(other)
