"""What is wrong with the server's extensions is told in a sentence, with the way out."""

import pytest
from django.db import connection
from django.test import TestCase

from memoryloop.postgres import extensions
from tests.memoryloop.postgres.extension_rows import pretend

Versions = tuple[str, str | None]
WHOLE: dict[str, Versions] = {
    "vector": ("0.8.6", "0.8.6"),
    "pg_trgm": ("1.6", "1.6"),
    "unaccent": ("1.1", None),
}


@pytest.mark.parametrize(
    ("changes", "fault", "lacking"),
    [
        ({}, "", []),
        ({"vector": ("0.8.10", "0.8.10")}, "", []),
        ({"vector": ("0.9.0-dev", None), "pg_trgm": ("1.6", None)}, "", []),
        ({"vector": ("0.8.2", "0.8.2")}, "", ["pgvector 0.8.2 can damage its indexes: install"]),
        ({"vector": ("0.8.0", None)}, "", ["compares all cards of a learner"]),
        ({"vector": ("0.8.6", "0.8.1")}, "", ["has pgvector 0.8.1 yet, and the server 0.8.6"]),
        ({"vector": ("0.7.4", "0.7.4")}, "pgvector 0.7.4 is too old", ["0.7.4"]),
        ({"vector": ("0.8.6", "0.5.1")}, "`ALTER EXTENSION vector UPDATE`", ["0.5.1"]),
        ({"vector": None}, "lacks pgvector: install it", []),
        ({"unaccent": None}, "lacks unaccent: install", []),
        ({"pg_trgm": None}, "", ["lacks pg_trgm, so misspelt words take longer"]),
        ({"pg_trgm": ("1.6", None)}, "", ["run `CREATE EXTENSION pg_trgm` in it"]),
        ({"vector": ("0.8.1", None), "pg_trgm": None}, "", ["0.8.1", "postgresql-contrib"]),
    ],
)
@pytest.mark.django_db
def test_each_fault_is_a_sentence(
    changes: "dict[str, Versions | None]", fault: str, lacking: list[str]
) -> None:
    pretend({name: at for name, at in {**WHOLE, **changes}.items() if at is not None})
    found = extensions.fault()
    assert fault in found
    assert bool(fault) == bool(found)
    said = extensions.lacking_for_cards()
    assert len(said) == len(lacking)
    assert all(words in sentence for words, sentence in zip(lacking, said, strict=True))


class ServerTests(TestCase):
    def test_the_server_of_the_tests_has_what_is_needed(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        self.assertEqual((extensions.fault(), extensions.lacking_for_cards()), ("", []))
        self.assertRegex(extensions.pgvector_version(), r"^0\.8\.[3-9]")
