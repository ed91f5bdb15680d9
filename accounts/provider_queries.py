"""What a learner brought to be answered with, read along with something else.

The first words of an answer wait for it: in plain SQL, for one way to PostgreSQL and back.
"""

from typing import Any, TypeVar

from django.db import connection

from accounts.models import ApiKey, Endpoint, User
from memoryloop.postgres.pipeline import Question, Rows

M = TypeVar("M", ApiKey, Endpoint)


def key_question(user: User) -> Question[ApiKey | None]:
    """Ask what `accounts.services.saved_key` returns, without the models it lists."""
    return _question(ApiKey, {"owner_id": user.pk, "provider": ApiKey.Provider.ANTHROPIC.value})


def endpoint_question(user: User) -> Question[Endpoint | None]:
    """Ask what `accounts.endpoints.saved_endpoint` returns, without the models it lists."""
    return _question(Endpoint, {"owner_id": user.pk})


def _question(model: type[M], where: dict[str, Any]) -> Question[M | None]:
    # Lists are long, and nobody asks for them here.
    fields = [
        field.attname for field in model._meta.concrete_fields if field.name != "listed_models"
    ]

    def first(rows: Rows) -> M | None:
        return model.from_db(connection.alias, fields, rows[0]) if rows else None

    condition = " AND ".join(f"{column} = %s" for column in where)
    return Question(
        f"SELECT {', '.join(fields)} FROM {model._meta.db_table} WHERE {condition}",  # noqa: S608
        list(where.values()),
        first,
    )
