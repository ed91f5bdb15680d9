"""What is wrong with the server's extensions is told in a sentence, with the way out."""

import pytest
from django.db import connection
from django.test import TestCase

from memoryloop.postgres import extensions

Found = dict[str, tuple[str, str | None]]
WHOLE: Found = {
    "vector": ("0.8.6", "0.8.6"),
    "unaccent": ("1.1", None),
}


@pytest.mark.parametrize(
    ("changes", "said", "said_with_cards"),
    [
        ({}, "", ""),
        ({"vector": ("0.8.10", "0.8.10")}, "", ""),
        ({"vector": ("0.9.0-dev", None)}, "", ""),
        ({"vector": ("0.8.2", "0.8.2")}, "", "pgvector 0.8.2 is too old for cards in PostgreSQL"),
        ({"vector": ("0.8.0", None)}, "", "install 0.8.3 or later"),
        ({"vector": ("0.7.4", "0.7.4")}, "pgvector 0.7.4 is too old", "0.7.4 is too old"),
        ({"vector": ("0.8.6", "0.5.1")}, "ALTER EXTENSION vector UPDATE", "still has pgvector"),
        ({"vector": None}, "lacks pgvector: install it", "postgresql-NN-pgvector"),
        ({"unaccent": None}, "lacks unaccent, which comes", "postgresql-contrib"),
    ],
)
@pytest.mark.django_db
def test_each_fault_is_a_sentence(
    changes: "dict[str, tuple[str, str | None] | None]", said: str, said_with_cards: str
) -> None:
    given = {name: at for name, at in {**WHOLE, **changes}.items() if at is not None}
    with connection.cursor() as cursor:
        # It goes before the server's own view of that name.
        cursor.execute(
            "CREATE TEMPORARY TABLE pg_available_extensions"
            " (name text, default_version text, installed_version text) ON COMMIT DROP"
        )
        cursor.executemany(
            "INSERT INTO pg_available_extensions VALUES (%s, %s, %s)",
            [(name, *versions) for name, versions in given.items()],
        )
    for expected, with_cards in ((said, False), (said_with_cards, True)):
        found = extensions.fault(with_cards=with_cards)
        assert expected in found
        assert bool(expected) == bool(found)


class ServerTests(TestCase):
    def test_the_server_of_the_tests_has_what_is_needed(self) -> None:
        self.assertEqual(extensions.fault(with_cards=True), "")
        self.assertRegex(extensions.pgvector_version(), r"^0\.8\.[3-9]")

    def test_what_search_can_do_without_is_advice_where_the_cards_are(self) -> None:
        self.assertEqual(extensions.advice(with_cards=True), "")
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm")
        self.assertEqual(extensions.fault(with_cards=True), "")
        self.assertEqual(extensions.advice(with_cards=False), "")
        self.assertIn("run CREATE EXTENSION pg_trgm", extensions.advice(with_cards=True))
        extensions.has_trigrams.cache_clear()
        self.addCleanup(extensions.has_trigrams.cache_clear)
        with self.assertLogs("memoryloop.postgres.extensions", "WARNING") as logs:
            self.assertFalse(extensions.has_trigrams())
            self.assertFalse(extensions.has_trigrams())
        self.assertEqual(len(logs.output), 1)
