"""What the engine that does not serve has is kept until it is dropped, however it came there."""

import tempfile
import uuid
from pathlib import Path

from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings

from accounts.models import User
from flashcards import store
from flashcards.maintenance import restore, switch_store
from flashcards.models import CardRow, StoreSwitch, StoreVersions
from flashcards.store import Change, engines
from flashcards.store.lance import tables
from flashcards.store.rows.schema import FLASHCARDS
from tests.factories import flashcard

LANCEDB, POSTGRESQL = StoreVersions.Engine.LANCEDB.value, StoreVersions.Engine.POSTGRESQL.value
NOTHING = "nothing is old"


class DropOldTests(TransactionTestCase):
    def setUp(self) -> None:
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": LANCEDB})
        engines.forget()
        self.addCleanup(engines.forget)
        self.alice = User.objects.create_user("alice@example.org")
        self.cards = [flashcard(self.alice) for _ in range(3)]
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.write([Change(card) for card in self.cards])

    def ids(self) -> set[uuid.UUID]:
        store.clear_cache()
        return {card.id for card in store.cards.for_owner(self.alice)}

    def record_restored(self) -> None:
        """Record what a restore of a backup of PostgreSQL does, whose rows are those here.

        The dump was made by an installation of which LanceDB here knows nothing, in the middle of a
        switch.
        """
        with store.named(POSTGRESQL).restore_files(Path("/nowhere"), ()) as record:
            StoreVersions.objects.update(store_id=uuid.uuid4(), flashcards=7, review_logs=7)
            StoreSwitch.objects.update(target=LANCEDB, parts=8, done=5, switched_at=None)
            with connection.cursor() as cursor:
                cursor.execute(record)
        store.named(POSTGRESQL).claim()
        engines.forget()

    def test_a_copy_in_lancedb_outlives_a_restore_and_can_be_dropped(self) -> None:
        switch_store.run(POSTGRESQL)
        self.record_restored()
        self.assertEqual(engines.name(), POSTGRESQL)
        self.assertTrue(tables.is_there(FLASHCARDS))
        self.assertEqual(switch_store.drop_old(), "LanceDB")
        self.assertFalse(tables.is_there(FLASHCARDS))
        self.assertEqual(self.ids(), {card.id for card in self.cards})
        with self.assertRaisesMessage(switch_store.SwitchError, NOTHING):
            switch_store.drop_old()
        # And the way to LanceDB is open.
        self.assertEqual(switch_store.run(LANCEDB).cards, 3)

    def test_a_lancedb_that_is_away_keeps_no_restore_of_postgresql_from_its_end(self) -> None:
        store.checkpoint_all()
        self.assertEqual(restore._kept(POSTGRESQL), "LanceDB")
        with tempfile.NamedTemporaryFile() as file, override_settings(LANCEDB_URI=file.name):
            store.clear_cache()
            self.assertEqual(restore._kept(POSTGRESQL), "")
        store.clear_cache()

    def test_a_switch_after_a_restore_takes_no_row_of_the_old_copy_for_done(self) -> None:
        switch_store.run(POSTGRESQL)
        self.record_restored()
        # The same number of a change as in the copy, with other words.
        CardRow.objects.update(answer="As it was then")
        self.assertEqual(switch_store.run(LANCEDB).cards, 3)
        store.clear_cache()
        answers = {card.answer for card in store.cards.for_owner(self.alice)}
        self.assertEqual(answers, {"As it was then"})
        self.assertEqual(switch_store.drop_old(), "PostgreSQL")
        self.assertFalse(CardRow.objects.exists())

    def test_tables_of_another_database_are_not_touched(self) -> None:
        switch_store.run(POSTGRESQL)
        tables.write_store_id(uuid.uuid4())
        with self.assertRaisesMessage(store.StoreError, "belong to another PostgreSQL database"):
            switch_store.drop_old()
        self.assertTrue(tables.is_there(FLASHCARDS))

    def test_what_a_switch_that_was_cut_off_has_copied_can_be_dropped(self) -> None:
        def stop(progress: switch_store.Progress) -> None:
            raise KeyboardInterrupt

        for target, other in ((POSTGRESQL, "PostgreSQL"), (LANCEDB, "LanceDB")):
            with self.subTest(target=target):
                with self.assertRaises(KeyboardInterrupt):
                    switch_store.run(target, tell=stop)
                self.assertEqual(switch_store.drop_old(), other)
                self.assertFalse(StoreSwitch.objects.exists())
                self.assertEqual(self.ids(), {card.id for card in self.cards})
                with self.assertRaisesMessage(switch_store.SwitchError, NOTHING):
                    switch_store.drop_old()
                self.assertEqual(switch_store.run(target).cards, 3)
                switch_store.drop_old()

    def test_nothing_is_old_where_nothing_was_stored(self) -> None:
        StoreVersions.objects.all().delete()
        with self.assertRaisesMessage(switch_store.SwitchError, NOTHING):
            switch_store.drop_old()
