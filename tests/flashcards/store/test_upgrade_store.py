"""A store that an older MemoryLoop wrote is brought up to date; a newer one is refused."""

import json
import signal
import uuid
from datetime import timedelta
from io import StringIO
from typing import Any
from unittest import mock

import pyarrow as pa
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TransactionTestCase

from accounts.models import User
from flashcards.cards.cards import get_card
from flashcards.domain.records import Rating
from flashcards.maintenance import check, health
from flashcards.models import JournalEntry, StoreVersions
from flashcards.review.due import due_queue
from flashcards.review.ratings import review_card, undo_review
from flashcards.store import OtherSchema, cards, clear_cache, failpoints, review_logs
from flashcards.store.lance import tables, upgrades
from flashcards.store.maintenance import checkpoint, run_upgrades
from flashcards.store.rows import codec
from flashcards.store.rows.schema import (
    EVERYTHING,
    FLASHCARDS,
    REVIEW_LOGS,
    SCHEMA_VERSION,
    Index,
    TableSpec,
)
from flashcards.store.search import words
from memoryloop.search_words import terms
from memoryloop.server.health import FailingError
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard, stored_card
from tests.flashcards.store.processes import start

STEPS = [f"upgrade-{u.number}-{n}" for u in upgrades.UPGRADES for n in range(1, len(u.steps) + 1)]
# By schema: the columns that its upgrade brings.
BROUGHT = {
    1: ((FLASHCARDS, "revision"), (REVIEW_LOGS, "undoes")),
    2: ((FLASHCARDS, "image"),),
    3: ((FLASHCARDS, "memory"), (FLASHCARDS, "memory_model")),
    4: (),
    5: ((FLASHCARDS, "search_keys"),),
}


def older_image(image: dict[str, Any]) -> dict[str, Any]:
    """Return an image without what schema 3 brought."""
    return {k: v for k, v in image.items() if k not in ("memory", "memory_model")}


def drop_column(spec: TableSpec, column: str) -> None:
    table = tables.for_writing(spec)
    for index in table.list_indices():
        if index.columns == [column]:
            table.drop_index(index.name)
    table.drop_columns([column])
    if column == "search_keys":
        # What words were looked for in before.
        table.create_index("question", config=tables.index_config(Index.WORDS))


def forget() -> None:
    clear_cache()


class UpgradeStoreTests(InLanceDB, TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org")
        self.card = stored_card(self.alice, tags=("history",))
        stored_card(self.alice)
        for sequence in range(3):
            review_card(
                owner_id=self.alice.pk,
                card_id=self.card.id,
                review_id=uuid.uuid4(),
                sequence=sequence,
                rating=Rating.GOOD,
                now=NOW + timedelta(days=sequence),
            )
        checkpoint.run()
        # These wait in the journal, as they may when a new version is installed.
        stored_card(self.alice)
        self.cards = list(cards.for_owner(self.alice))
        self.logs = list(review_logs.for_owner(self.alice))
        self.make_older()

    def make_older(self, schema: int = 0) -> None:
        """Leave both tables, and what is in the journal, as this schema had them."""
        with checkpoint.exclusive(upgrading=True) as recorded:
            for number in range(schema + 1, SCHEMA_VERSION + 1):
                for spec, column in BROUGHT[number]:
                    drop_column(spec, column)
            if schema >= 2:
                table = tables.for_writing(FLASHCARDS)
                rows = table.search().select(["id", "image"]).limit(EVERYTHING).to_arrow()
                images = [older_image(json.loads(i)) for i in rows["image"].to_pylist()]
                stored = pa.table({"id": rows["id"], "image": [json.dumps(i) for i in images]})
                table.merge_insert("id").when_matched_update_all().execute(stored)
            recorded.flashcards = tables.for_writing(FLASHCARDS).version
            recorded.review_logs = tables.for_writing(REVIEW_LOGS).version
            recorded.schema = schema
        for entry in JournalEntry.objects.exclude(card=None):
            JournalEntry.objects.filter(pk=entry.pk).update(card=older_image(entry.card or {}))
        forget()

    def assert_up_to_date(self) -> None:
        forget()
        self.assertEqual(StoreVersions.objects.get().schema, SCHEMA_VERSION)
        indexed = {i.columns[0] for i in tables.for_writing(FLASHCARDS).list_indices()}
        self.assertEqual(indexed & {"question", "search_keys"}, {"search_keys"})
        for spec in (FLASHCARDS, REVIEW_LOGS):
            table = tables.for_writing(spec)
            vectors = [f.name for f in table.schema if pa.types.is_fixed_size_list(f.type)]
            self.assertEqual(sorted(table.schema.names), sorted([*spec.schema.names, *vectors]))
            for field in spec.schema:
                found = table.schema.field(field.name)
                self.assertEqual((found.type, found.nullable), (field.type, field.nullable))
        self.assertEqual(list(cards.for_owner(self.alice)), self.cards)
        found = words.begin(self.alice.pk, terms("number"), limit=9).result()
        self.assertEqual(len(found.cards), 3)
        self.assertEqual(list(review_logs.for_owner(self.alice)), self.logs)

    def assert_it_works(self) -> None:
        """Rate, undo and move both, for which the new columns are needed."""
        owner_id = self.alice.pk
        card = get_card(owner_id=owner_id, card_id=self.card.id)
        review_card(
            owner_id=owner_id,
            card_id=card.id,
            review_id=uuid.uuid4(),
            sequence=card.sequence,
            rating=Rating.AGAIN,
            now=NOW + timedelta(days=30),
        )
        undo_review(owner_id=owner_id, undo_id=uuid.uuid4(), now=NOW + timedelta(days=31))
        self.assertEqual(check.check().findings, [])
        checkpoint.run()
        self.assertEqual(check.check().findings, [])
        self.assertEqual(review_logs.for_owner(self.alice).count(), 5)

    def test_until_it_is_upgraded_nothing_reads_or_writes_it(self) -> None:
        sentence = rf"schema 0 .* wants {SCHEMA_VERSION}: run `manage.py upgrade_store`"
        for act in (
            lambda: list(cards.for_owner(self.alice)),
            lambda: due_queue(owner_id=self.alice.pk, now=NOW),
            lambda: checkpoint.run(),
            lambda: checkpoint.exclusive().__enter__(),
        ):
            with self.assertRaisesRegex(OtherSchema, sentence):
                act()
        with self.assertRaisesRegex(FailingError, sentence):
            health.check_card_store()
        self.assertEqual(JournalEntry.objects.count(), 1)

    def test_the_command_upgrades_it_and_keeps_all_it_holds(self) -> None:
        out = StringIO()
        call_command("upgrade_store", stdout=out)
        self.assertIn("Schema 1: reviews name what they take back", out.getvalue())
        self.assert_up_to_date()
        self.assert_it_works()
        health.check_card_store()

    def test_a_second_time_it_does_nothing_and_says_so(self) -> None:
        run_upgrades.run()
        versions = StoreVersions.objects.get()
        out = StringIO()
        call_command("upgrade_store", "--json", stdout=out)
        self.assertEqual(json.loads(out.getvalue()), {"done": []})
        out = StringIO()
        call_command("upgrade_store", stdout=out)
        self.assertEqual(out.getvalue(), "The card store is up to date.\n")
        self.assertEqual(StoreVersions.objects.get().checkpoints, versions.checkpoints)

    def test_killed_after_any_step_it_goes_on_where_it_was(self) -> None:
        self.assertEqual(len(STEPS), 6)
        for step in STEPS:
            with self.subTest(step=step):
                process = start("upgrade", self.alice.pk, failpoint=step)
                _, errors = process.communicate(timeout=60)
                self.assertEqual(process.returncode, -signal.SIGKILL, errors)
                number = int(step.split("-")[1])
                self.assertEqual(StoreVersions.objects.get().schema, number - 1)
        # What was written before the deaths is there, and is not written again.
        process = start("upgrade", self.alice.pk)
        output, errors = process.communicate(timeout=60)
        self.assertEqual(json.loads(output), {"upgraded": [SCHEMA_VERSION]}, errors)
        self.assert_up_to_date()
        self.assert_it_works()

    def test_a_death_in_this_process_between_the_tables_leaves_the_old_number(self) -> None:
        class DiedError(Exception):
            pass

        def die(step: str) -> None:
            if step == STEPS[0]:
                raise DiedError

        with (
            mock.patch.object(failpoints, "reach", autospec=True, side_effect=die),
            self.assertRaises(DiedError),
        ):
            run_upgrades.run()
        forget()
        self.assertIn("undoes", tables.for_writing(REVIEW_LOGS).schema.names)
        self.assertNotIn("revision", tables.for_writing(FLASHCARDS).schema.names)
        with self.assertRaises(OtherSchema):
            cards.for_owner(self.alice).count()
        run_upgrades.run()
        self.assert_up_to_date()

    def test_upgrades_of_two_processes_at_once_are_done_once(self) -> None:
        processes = [start("upgrade", self.alice.pk) for _ in range(2)]
        done: list[Any] = []
        for process in processes:
            output, errors = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, errors)
            done += json.loads(output)["upgraded"]
        self.assertEqual(sorted(done), list(range(1, SCHEMA_VERSION + 1)))
        self.assert_up_to_date()

    def test_a_batch_that_waits_in_the_journal_in_the_old_shape_is_moved(self) -> None:
        card = flashcard(self.alice)
        lacking = [c for brought in BROUGHT.values() for spec, c in brought if spec is FLASHCARDS]
        rows = codec.to_table(FLASHCARDS, [card]).drop_columns(lacking)
        JournalEntry.objects.create(
            owner_id=self.alice.pk, kind=JournalEntry.Kind.BATCH, card_rows=codec.to_ipc(rows)
        )
        run_upgrades.run()
        checkpoint.run()
        self.assertEqual(cards.for_owner(self.alice).get(id=card.id), card)
        self.assertEqual(check.check().findings, [])

    def test_a_store_of_the_schema_before_keeps_its_memories_and_names_their_model(self) -> None:
        run_upgrades.run()
        self.make_older(schema=2)
        done = [upgrade.number for upgrade in run_upgrades.run()]
        self.assertEqual(done, list(range(3, SCHEMA_VERSION + 1)))
        self.assert_up_to_date()
        rows = tables.for_writing(FLASHCARDS).search().select(["memory", "memory_model"])
        for row in rows.limit(EVERYTHING).to_arrow().to_pylist():
            self.assertEqual((row["memory"], row["memory_model"]), (None, "fsrs-6"))
        self.assertEqual(check.check().findings, [])
        self.assert_it_works()

    def test_a_batch_of_the_schema_before_is_moved(self) -> None:
        run_upgrades.run()
        card = flashcard(self.alice)
        rows = codec.to_table(FLASHCARDS, [card]).drop_columns(["memory", "memory_model"])
        JournalEntry.objects.create(
            owner_id=self.alice.pk, kind=JournalEntry.Kind.BATCH, card_rows=codec.to_ipc(rows)
        )
        checkpoint.run()
        self.assertEqual(cards.for_owner(self.alice).get(id=card.id), card)
        self.assertEqual(check.check().findings, [])

    def test_a_newer_store_is_refused_by_readers_checkpoints_and_the_upgrade_itself(self) -> None:
        run_upgrades.run()
        StoreVersions.objects.update(schema=SCHEMA_VERSION + 1)
        forget()
        sentence = "install the newer MemoryLoop that wrote it, or restore an older backup"
        for act in (
            lambda: cards.for_owner(self.alice).exists(),
            lambda: checkpoint.run(),
            lambda: run_upgrades.run(),
        ):
            with self.assertRaisesRegex(OtherSchema, sentence):
                act()
        with self.assertRaisesRegex(FailingError, sentence):
            health.check_card_store()
        with self.assertRaisesRegex(CommandError, sentence):
            call_command("upgrade_store")
        self.assertEqual(JournalEntry.objects.count(), 1)


class EmptyStoreTests(InLanceDB, TransactionTestCase):
    def test_an_empty_store_needs_no_upgrade_and_begins_with_todays_schema(self) -> None:
        self.assertEqual(run_upgrades.run(), [])
        stored_card(User.objects.create_user("alice@example.org"))
        checkpoint.run()
        self.assertEqual(StoreVersions.objects.get().schema, SCHEMA_VERSION)
        indexed = {i.columns[0] for i in tables.for_writing(FLASHCARDS).list_indices()}
        self.assertEqual(indexed & {"question", "search_keys"}, {"search_keys"})
        self.assertEqual(run_upgrades.run(), [])

    def test_the_last_upgrade_leads_to_todays_schema_and_none_is_left_out(self) -> None:
        numbers = [upgrade.number for upgrade in upgrades.UPGRADES]
        self.assertEqual(numbers, list(range(1, SCHEMA_VERSION + 1)))
