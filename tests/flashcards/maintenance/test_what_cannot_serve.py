"""MemoryLoop does not start where PostgreSQL lacks something, or the cards are elsewhere."""

from io import StringIO

from django.core.management import CommandError, call_command
from django.test import override_settings

from flashcards.models import JournalEntry, StoreVersions
from flashcards.store import engines
from tests.base import TestCase
from tests.memoryloop.postgres.extension_rows import pretend


class StartTests(TestCase):
    def setUp(self) -> None:
        self.addCleanup(engines.forget)

    def refusal(self) -> str:
        with self.assertRaises(CommandError) as caught:
            call_command("upgrade")
        return str(caught.exception)

    def test_a_server_without_pgvector_is_a_sentence(self) -> None:
        pretend({})
        said = self.refusal()
        self.assertIn("lacks pgvector: install it on that machine", said)
        self.assertIn("Nothing was changed.", said)

    @override_settings(CARD_STORE="lancedb", CARD_STORE_IS_SET=False)
    def test_what_makes_searches_slow_is_told_where_the_cards_are_in_postgresql(self) -> None:
        pretend({"vector": ("0.8.1", "0.8.1"), "unaccent": ("1.1", "1.1")})
        out = StringIO()
        call_command("upgrade", "--quiet", stdout=out)
        self.assertEqual(out.getvalue(), "")
        StoreVersions.objects.update(engine=StoreVersions.Engine.POSTGRESQL)
        call_command("upgrade", "--quiet", stdout=out)
        self.assertIn("pgvector 0.8.1 can damage an index of vectors", out.getvalue())

    def test_a_card_store_that_has_no_cards_is_refused_with_the_command_that_moves_them(
        self,
    ) -> None:
        JournalEntry.objects.create(owner_id=self.alice.pk, kind=JournalEntry.Kind.CARD)
        with override_settings(CARD_STORE="postgresql", CARD_STORE_IS_SET=True):
            said = self.refusal()
        self.assertIn("`manage.py switch_store --to postgresql`", said)
        self.assertEqual(JournalEntry.objects.count(), 1)
