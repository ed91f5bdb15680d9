"""What is wrong with the server's extensions is told in a sentence, with the way out."""

import pytest
from django.db import connection
from django.test import TestCase

from memoryloop.postgres import extensions
from tests.memoryloop.postgres.extension_rows import pretend

Versions = tuple[str, str | None]
WHOLE: dict[str, Versions] = {"vector": ("0.8.6", "0.8.6"), "unaccent": ("1.1", None)}


@pytest.mark.parametrize(
    ("changes", "fault", "lacking"),
    [
        ({}, "", ""),
        ({"vector": ("0.8.10", "0.8.1")}, "", ""),
        ({"vector": ("0.9.0-dev", None)}, "", ""),
        ({"vector": ("0.8.2", "0.8.2")}, "", "pgvector 0.8.2 can damage an index of vectors"),
        ({"vector": ("0.8.0", None)}, "", "install 0.8.3 or later"),
        ({"vector": ("0.7.4", "0.7.4")}, "pgvector 0.7.4 is too old", "0.7.4"),
        ({"vector": ("0.8.6", "0.5.1")}, "`ALTER EXTENSION vector UPDATE`", ""),
        ({"vector": None}, "lacks pgvector: install it", "install 0.8.3"),
        ({"unaccent": None}, "lacks unaccent, which comes with PostgreSQL", ""),
    ],
)
@pytest.mark.django_db
def test_each_fault_is_a_sentence(
    changes: "dict[str, Versions | None]", fault: str, lacking: str
) -> None:
    pretend({name: at for name, at in {**WHOLE, **changes}.items() if at is not None})
    found = extensions.fault()
    assert fault in found
    assert bool(fault) == bool(found)
    said = " ".join(extensions.lacking_for_cards())
    assert lacking in said
    assert bool(lacking) == bool(said)


class ServerTests(TestCase):
    def setUp(self) -> None:
        extensions.clear_cache()
        self.addCleanup(extensions.clear_cache)

    def test_the_server_of_the_tests_has_what_is_wanted(self) -> None:
        self.assertEqual((extensions.fault(), extensions.lacking_for_cards()), ("", []))
        self.assertRegex(extensions.pgvector_version(), r"^0\.8\.[3-9]")
        self.assertTrue(extensions.has_trigrams() and extensions.may_index_vectors())

    def test_without_trigrams_the_way_to_have_them_is_told_and_logged_once(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP EXTENSION pg_trgm")
        self.assertEqual(extensions.fault(), "")
        (said,) = extensions.lacking_for_cards()
        self.assertIn("run `CREATE EXTENSION pg_trgm`", said)
        with self.assertLogs("memoryloop.postgres.extensions", "WARNING") as logged:
            self.assertFalse(extensions.has_trigrams())
            self.assertFalse(extensions.has_trigrams())
        self.assertEqual(len(logged.records), 1)
