"""The switch from LanceDB in a bucket to PostgreSQL, and back."""

from flashcards import store
from flashcards.maintenance import check, switch_store
from flashcards.store import engines
from flashcards.store.lance import tables
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from tests.flashcards.store.buckets import lancedb_in_bucket, s3_server
from tests.flashcards.store.switch.switching import LANCEDB, POSTGRESQL
from tests.flashcards.store.switch.test_switch import SwitchHelpers, whole


class BucketSwitchTests(SwitchHelpers):
    server: dict[str, str]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.server = cls.enterClassContext(s3_server())

    def setUp(self) -> None:
        self.enterContext(lancedb_in_bucket(self.server))
        super().setUp()

    def test_all_rows_go_there_and_back_and_what_is_old_is_dropped(self) -> None:
        self.fill(self.alice, 30)
        store.checkpoint_all()
        self.assertFalse(tables.is_local())
        before = whole(self.alice)
        self.assertTrue(before[2])
        switch_store.run(POSTGRESQL)
        self.assertEqual((engines.name(), whole(self.alice)), (POSTGRESQL, before))
        self.assertTrue(tables.is_there(FLASHCARDS))
        self.assertEqual(switch_store.drop_old(), "LanceDB")
        self.assertFalse(tables.is_there(FLASHCARDS) or tables.is_there(REVIEW_LOGS))
        self.rate(next(card for card in store.cards.for_owner(self.alice) if not card.sequence))
        before = whole(self.alice)
        switch_store.run(LANCEDB)
        self.assertEqual((engines.name(), whole(self.alice)), (LANCEDB, before))
        self.assertEqual(switch_store.drop_old(), "PostgreSQL")
        self.assertEqual((whole(self.alice), check.check().findings), (before, []))
