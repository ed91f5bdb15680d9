"""Another PostgreSQL server's extensions, pretended."""

from collections.abc import Mapping

from django.db import connection


def pretend(versions: Mapping[str, tuple[str, str | None]]) -> None:
    """Have the server tell of these extensions, and no others, until the transaction ends.

    By name: the version that it has, and the one that the database was given.
    """
    with connection.cursor() as cursor:
        # It goes before the server's own view of that name.
        cursor.execute(
            "CREATE TEMPORARY TABLE pg_available_extensions"
            " (name text, default_version text, installed_version text) ON COMMIT DROP"
        )
        cursor.executemany(
            "INSERT INTO pg_available_extensions VALUES (%s, %s, %s)",
            [(name, *each) for name, each in versions.items()],
        )
