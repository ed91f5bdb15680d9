"""CARD_STORE says where the cards are to be until there are any; then it is where they are."""

from django.db import connection
from django.test import override_settings

from flashcards.models import JournalEntry, StoreVersions
from flashcards.store import engine_choice, engines
from tests.base import TestCase
from tests.flashcards.store.postgres.card_rows import card_row


def chosen(engine: str, *, is_set: bool = True) -> override_settings:
    return override_settings(CARD_STORE=engine, CARD_STORE_IS_SET=is_set)


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


class EngineChoiceTests(TestCase):
    def setUp(self) -> None:
        self.addCleanup(engines.forget)

    def recorded(self) -> str | None:
        return StoreVersions.objects.values_list("engine", flat=True).first()

    def journal(self) -> None:
        JournalEntry.objects.create(owner_id=self.alice.pk, kind=JournalEntry.Kind.CARD)

    def test_it_chooses_for_a_new_installation_until_something_is_stored(self) -> None:
        for engine in ("lancedb", "postgresql", "lancedb"):
            with chosen(engine):
                self.assertEqual(engine_choice.refusal(), "")
                engine_choice.settle()
                self.assertEqual((self.recorded(), engine_choice.find()), (engine, engine))
        # Left out, it chooses nothing any more.
        with chosen("postgresql"):
            engine_choice.settle()
        with chosen("lancedb", is_set=False):
            engine_choice.settle()
            self.assertEqual(engine_choice.find(), "postgresql")

    def test_what_is_recorded_already_is_read_once(self) -> None:
        StoreVersions.objects.create(engine="postgresql")
        # 1. Is the table there? 2. What does it say?
        with chosen("postgresql"), self.assertNumQueries(2):
            engine_choice.settle()

    def test_cards_that_wait_in_the_journal_are_lancedbs_whatever_it_says(self) -> None:
        self.journal()
        with chosen("postgresql"):
            said = engine_choice.refusal()
            self.assertIn("The cards are in LanceDB, and CARD_STORE says postgresql", said)
            self.assertIn("switch_store --to postgresql`, or set CARD_STORE=lancedb", said)
            engine_choice.settle()
            self.assertEqual((self.recorded(), engine_choice.find()), ("lancedb", "lancedb"))
            self.assertNotEqual(engine_choice.refusal(), "")

    def test_cards_in_lancedbs_tables_are_as_well(self) -> None:
        StoreVersions.objects.create(flashcards=3, review_logs=1)
        with chosen("postgresql"):
            self.assertIn("The cards are in LanceDB", engine_choice.refusal())
        with chosen("lancedb"):
            self.assertEqual(engine_choice.refusal(), "")

    def test_cards_in_postgresql_stay_there_without_it(self) -> None:
        card_row(self.alice)
        with chosen("lancedb", is_set=False):
            self.assertEqual((engine_choice.refusal(), engine_choice.find()), ("", "postgresql"))
            engine_choice.settle()
            self.assertEqual(self.recorded(), "postgresql")
        with chosen("lancedb"):
            self.assertIn("switch_store --to lancedb", engine_choice.refusal())

    def test_before_there_was_a_choice_it_was_lancedb(self) -> None:
        StoreVersions.objects.create(flashcards=3)
        execute("ALTER TABLE flashcards_storeversions DROP COLUMN engine")
        with chosen("postgresql"):
            self.assertEqual(engine_choice.find(), "lancedb")
            self.assertIn("The cards are in LanceDB", engine_choice.refusal())

    def test_an_empty_database_has_nothing_to_say(self) -> None:
        execute("ALTER TABLE flashcards_storeversions RENAME TO gone_versions")
        execute("ALTER TABLE flashcards_journalentry RENAME TO gone_entries")
        with chosen("postgresql"):
            self.assertEqual((engine_choice.refusal(), engine_choice.find()), ("", "postgresql"))
