"""What any engine must do to be looked after: many rows at once, erasing, totals, backups."""

import dataclasses
import uuid
from collections import Counter
from datetime import UTC, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.db import connection, transaction

from flashcards import store
from flashcards.domain.answer_codes import QUARTER_MICROS, code_of
from flashcards.domain.records import Flashcard, LogKind, Rating, ReviewLog
from flashcards.domain.study_day import micros
from flashcards.models import ReviewTotals
from tests.factories import NOW, flashcard, review_log
from tests.factories import store as write
from tests.flashcards.store.contract import Contract


class UpkeepContract(Contract):
    """Promises of what an administrator relies on."""

    def fill(self) -> tuple[list[Flashcard], list[ReviewLog]]:
        """Write three cards of Alice's, each with a review, and return them."""
        cards, logs = [], []
        for number in range(3):
            card = flashcard(self.alice, sequence=1)
            rating = (Rating.AGAIN, Rating.GOOD, Rating.EASY)[number]
            log = review_log(card, sequence=0, rating=rating, reviewed_at=NOW, duration_ms=1_000)
            write(card, logs=(log,))
            cards.append(card)
            logs.append(log)
        return cards, logs

    def images(self) -> dict[uuid.UUID, Flashcard]:
        return {card.id: card for card in store.cards.for_owner(self.alice).with_deleted()}

    def test_many_rows_at_once_are_there_when_they_have_settled(self) -> None:
        cards = [flashcard(self.alice, sequence=1) for _ in range(20)]
        logs = [review_log(card, sequence=0) for card in cards]
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.write_many(self.alice.pk, cards, logs)
        store.settle_batches(self.alice.pk)
        self.assertEqual(self.images(), {card.id: card for card in cards})
        self.assertEqual(store.review_logs.for_owner(self.alice).count(), 20)
        store.settle_batches(self.alice.pk)
        self.assertEqual(store.count_rows(), 40)
        # On a disk of ours, or in PostgreSQL.
        self.assertGreaterEqual(store.bytes_on_disk(), 0)

    def test_cards_and_owners_are_erased_with_their_reviews(self) -> None:
        cards, _ = self.fill()
        other = flashcard(self.bob)
        write(other)
        self.settle()
        write(dataclasses.replace(cards[0], flag=2))
        with transaction.atomic():
            store.lock_owner(self.alice.pk)
            store.erase_cards([cards[0], cards[1]])
        for _ in self.both_ways():
            self.assertEqual(set(self.images()), {cards[2].id})
            self.assertEqual(store.review_logs.for_owner(self.alice).count(), 1)
        with transaction.atomic():
            store.erase_owner(self.alice.pk)
        for _ in self.both_ways():
            self.assertEqual(self.images(), {})
            self.assertEqual(store.cards.all_owners().count(), 1)
        self.assertEqual(store.count_rows(), 1)

    def test_totals_count_each_review_once_by_the_owners_day(self) -> None:
        self.fill()
        span = (NOW - timedelta(days=2), NOW + timedelta(days=2))
        self.settle()
        for _ in range(2):
            totals = store.review_totals(
                self.alice.pk, *span, zone=UTC, day_begins=timedelta(hours=4)
            )
            self.assertEqual(totals.by_rating, {1: 1, 3: 1, 4: 1})
            self.assertEqual(totals.by_day, {NOW.date(): 3})
            self.assertEqual(totals.milliseconds, 3_000)
            days = store.review_days(
                self.alice.pk, span[0], zone=UTC, day_begins=timedelta(hours=4)
            )
            self.assertEqual(days, {NOW.date()})
            store.checkpoint_all()
        theirs = store.review_totals(self.bob.pk, *span, zone=UTC, day_begins=timedelta(hours=4))
        self.assertEqual(theirs.by_rating, {})

    def test_totals_below_the_log_are_raised_to_it_and_others_stay(self) -> None:
        self.fill()
        self.settle()
        totals = ReviewTotals.objects.filter(owner_id=self.alice.pk, reviews__gt=0)
        lost, more, _ = totals.order_by("code")
        totals.filter(pk=lost.pk).delete()
        totals.filter(pk=more.pk).update(reviews=5)
        store.mend_totals(self.alice.pk)
        found = dict(totals.values_list("code", "reviews"))
        self.assertEqual(sorted(found.values()), [1, 1, 5])
        self.assertEqual((found[lost.code], found[more.code]), (1, 5))

    def test_answers_say_when_and_what_and_of_which_card(self) -> None:
        cards, logs = self.fill()
        undone = dataclasses.replace(logs[0], id=uuid.uuid4(), kind=LogKind.CRAM, sequence=1)
        write(cards[0], logs=(undone,))
        undo = review_log(cards[0], kind=LogKind.UNDO, rating=None, undoes=logs[2].id, sequence=2)
        write(cards[0], logs=(undo,))
        left = [logs[0], logs[1], undone]
        quarter = micros(NOW) // QUARTER_MICROS
        for _ in self.both_ways():
            columns, found = store.columns(self.alice.pk), store.answers(self.alice.pk)
            ids = columns.ids(found.places(columns))
            codes = [code_of(log) for log in left]
            wanted = zip([log.flashcard_id for log in left], codes, strict=True)
            self.assertCountEqual(zip(ids, found.codes.tolist(), strict=True), wanted)
            self.assertEqual(set(found.quarters.tolist()), {quarter})
            self.assertEqual(found.durations_ms.sum(), 3_000)
            totals = store.answer_totals(self.alice.pk)
            assert totals is not None
            counts: Counter[int] = Counter()
            for code, count in zip(totals.codes.tolist(), totals.counts.tolist(), strict=True):
                counts[code] += count
            self.assertEqual(+counts, Counter(codes))
            self.assertEqual(totals.durations_ms.sum(), 3_000)
            self.assertEqual(len(store.answers(self.bob.pk)), 0)
            theirs = store.answer_totals(self.bob.pk)
            assert theirs is not None
            self.assertEqual(len(theirs.codes), 0)

    def test_a_checkpoint_moves_what_is_pending_and_changes_nothing_seen(self) -> None:
        cards, logs = self.fill()
        before = store.count_pending()
        done = store.checkpoint(wait=True)
        self.assertEqual(done.entries, before)
        self.assertEqual(store.count_pending(), 0)
        self.assertEqual(store.checkpoint_all().entries, 0)
        self.assertEqual(self.images(), {card.id: card for card in cards})
        found = store.review_logs.for_owner(self.alice).in_bulk([log.id for log in logs])
        self.assertEqual(found, {log.id: log for log in logs})

    def test_a_sound_store_has_no_faults_however_it_is_looked_after(self) -> None:
        cards, _ = self.fill()
        self.settle()
        store.optimize()
        store.optimize_if_due()
        self.assertEqual(len(store.optimize_fully(timedelta(hours=1))), 2)
        store.check_readable()
        self.assertEqual(store.find_missing_rows(), [])
        self.assertEqual(store.find_residue(), [])
        self.assertEqual(list(store.find_index_faults()), [])
        every = uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)
        self.assertEqual(store.find_differing_images(*every), [])
        store.drop_duplicates(store.cards, [card.id for card in cards])
        self.assertEqual(list(store.needed_upgrades()), [])
        self.assertEqual(list(store.upgrade()), [])
        self.assertEqual(store.recover(), 0)
        status = store.status()
        self.assertEqual([table.rows for table in status.tables], [3, 3])
        self.assertEqual((status.schema, status.pending), (store.SCHEMA_VERSION, 0))
        self.assertEqual(self.images(), {card.id: card for card in cards})

    def test_a_backup_holds_one_moment_and_is_put_back(self) -> None:
        cards, _ = self.fill()
        self.settle()
        folder = Path(self.enterContext(TemporaryDirectory()))
        with store.snapshot() as snapshot:
            rows = snapshot.write_files(folder, count)
        self.assertEqual(rows, {"flashcards": 3, "review_logs": 3})
        self.assertEqual(store.count_files(folder, count), rows)
        with store.older_snapshot() as snapshot:
            again = Path(self.enterContext(TemporaryDirectory()))
            self.assertEqual(snapshot.write_files(again, count), rows)
        self.assertEqual(store.count_files(again, count), rows)
        # As far as the rows are PostgreSQL's, its dump has them.
        dumped = transaction.savepoint()
        write(dataclasses.replace(cards[0], flag=4), flashcard(self.alice))
        self.settle()
        with self.assertRaises(KeyError), store.restore_files(folder, _names(folder)):
            raise KeyError
        self.assertEqual(len(self.images()), 4)
        with self.assertRaises(KeyError), transaction.atomic(), store.unchanged_on_error():
            store.erase_cards([cards[1]])
            raise KeyError
        self.assertEqual(len(self.images()), 4)
        with store.restore_files(folder, _names(folder)) as record, connection.cursor() as cursor:
            transaction.savepoint_rollback(dumped)
            cursor.execute(record)
        store.claim()
        store.clear_cache()
        self.assertEqual(self.images(), {card.id: card for card in cards})
        write(dataclasses.replace(cards[0], flag=5))
        for _ in self.both_ways():
            self.assertEqual(self.images()[cards[0].id].flag, 5)


def count(table: str) -> int:
    """Return how many rows a table of PostgreSQL has."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT count(*) FROM "{table}"')
        (rows,) = cursor.fetchone()
    return int(rows)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]
