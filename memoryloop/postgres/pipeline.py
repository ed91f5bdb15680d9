"""Ask PostgreSQL several things at once: on a hot path the waiting is for the way there and back.

The statements go in one message, which PostgreSQL runs as one transaction of its own unless there
is one already; each of them sees what was committed when it began.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection

A = TypeVar("A")
B = TypeVar("B")
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Question(Generic[A]):
    """A statement that returns rows, and what is to be made of them."""

    sql: str
    parameters: Sequence[Any]
    answer: Callable[[Rows], A]


def ask(question: Question[A]) -> A:
    """Return the answer to one question."""
    with connection.cursor() as cursor:
        cursor.execute(question.sql, question.parameters)
        rows = cursor.fetchall()
    return question.answer(rows)


def ask_both(one: Question[A], other: Question[B]) -> tuple[A, B]:
    """Return the answers to two questions, for one way there and back."""
    first, second = ask_all(one, other)
    return first, second


def ask_all(*questions: Question[Any]) -> list[Any]:
    """Return the answers to several questions, for one way there and back."""
    with connection.cursor() as cursor:
        cursor.execute(
            ";\n".join(question.sql for question in questions),
            [parameter for question in questions for parameter in question.parameters],
        )
        answers = []
        for number, question in enumerate(questions):
            if number:
                cursor.nextset()
            answers.append(question.answer(cursor.fetchall()))
    return answers
