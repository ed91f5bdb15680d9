"""check_store finds what is wrong, says where, and mends what can be mended."""

import dataclasses
import errno
import json
import uuid
from io import StringIO
from unittest import mock

import numpy as np
import pyarrow as pa
from django.core.management import call_command
from django.db import transaction

from flashcards.domain.records import Flashcard, Rating
from flashcards.maintenance import check
from flashcards.models import JournalEntry, StoreVersions
from flashcards.review.ratings import review_card, undo_review
from flashcards.store import Change, cards, clear_cache, failpoints, lock_owner, write, write_many
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint, health
from flashcards.store.maintenance.recorded import record_tables
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard, review_log, store, stored_card
from tests.flashcards.maintenance import totals_contract


def kinds(report: check.Report) -> dict[str, tuple[int, int]]:
    return {f.kind: (f.count, f.repaired) for f in report.findings}


class CheckStoreTests(InLanceDB, TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice)
        stored_card(self.bob)
        for sequence in range(3):
            review_card(
                owner_id=self.alice.pk,
                card_id=self.card.id,
                review_id=uuid.uuid4(),
                sequence=sequence,
                rating=Rating.GOOD,
                now=NOW,
            )
        checkpoint.run()

    def tamper(self, spec: object, change: object) -> None:
        """Change LanceDB behind the store's back, as a broken disk or an old copy would."""
        with checkpoint.exclusive() as recorded:
            change(tables.for_writing(spec))  # type: ignore[operator, arg-type]
            record_tables(recorded)

    def test_a_sound_store_is_clean_with_and_without_pending_changes(self) -> None:
        store(dataclasses.replace(self.newest(), flag=2))
        for _ in range(2):
            report = check.check()
            self.assertEqual((report.findings, report.cards, report.logs), ([], 2, 3))
            checkpoint.run()

    def newest(self) -> Flashcard:
        return cards.for_owner(self.alice).get()

    def test_a_schedule_that_is_not_the_fold_is_found_and_mended(self) -> None:
        right = self.newest()
        store(dataclasses.replace(right, stability=99.0))
        self.assertEqual(kinds(check.check()), {"state_is_not_fold": (1, 0)})
        self.assertEqual(kinds(check.check(repair=True)), {"state_is_not_fold": (1, 1)})
        self.assertEqual(kinds(check.check()), {})
        self.assertEqual(self.newest(), right)

    def test_columns_that_are_not_the_record_are_found_and_written_again(self) -> None:
        right = self.newest()
        where = f"id = '{right.id}'"
        self.tamper(FLASHCARDS, lambda table: table.update(where, {"question": "Another?"}))
        self.assertEqual(kinds(check.check()), {"image_differs": (1, 0)})
        self.assertEqual(kinds(check.check(repair=True)), {"image_differs": (1, 1)})
        self.assertEqual(kinds(check.check()), {})
        self.assertEqual(
            cards.for_owner(self.alice).values("question"),
            [{"question": right.question}],
        )

    def test_a_lost_last_review_is_found_and_the_rest_folded(self) -> None:
        self.tamper(REVIEW_LOGS, lambda table: table.delete("sequence = 2"))
        self.assertEqual(kinds(check.check(repair=True)), {"missing_logs": (1, 1)})
        self.assertEqual(kinds(check.check()), {})
        self.assertEqual(self.newest().sequence, 2)

    def test_a_hole_in_a_history_is_told_and_stays(self) -> None:
        self.tamper(REVIEW_LOGS, lambda table: table.delete("sequence = 1"))
        report = check.check(repair=True)
        self.assertEqual(kinds(report), {"missing_logs": (1, 0)})
        self.assertFalse(report.is_clean)

    def test_doubled_rows_are_found_and_one_is_kept(self) -> None:
        for spec, kind in ((FLASHCARDS, "duplicate_cards"), (REVIEW_LOGS, "duplicate_logs")):

            def double(table: object) -> None:
                rows: pa.Table = table.search().limit(1).to_arrow()  # type: ignore[attr-defined]
                table.add(rows, on_bad_vectors="null")  # type: ignore[attr-defined]

            self.tamper(spec, double)
            self.assertEqual(kinds(check.check(repair=True))[kind], (1, 1))
            self.assertEqual(kinds(check.check()), {})

    def test_links_to_deleted_messages_are_found_and_cut(self) -> None:
        stored_card(self.alice, message_id=uuid.uuid4(), source_start=1, source_end=4)
        self.assertEqual(kinds(check.check(repair=True)), {"dangling_messages": (1, 1)})
        self.assertEqual(kinds(check.check()), {})

    def test_cards_of_an_account_that_is_gone_are_found_and_erased(self) -> None:
        stranger = dataclasses.replace(
            self.card, id=uuid.uuid4(), owner_id=uuid.uuid4(), sequence=0
        )
        write([Change(stranger)])
        self.assertEqual(kinds(check.check(repair=True)), {"orphan_cards": (1, 1)})
        self.assertEqual(kinds(check.check()), {})

    def test_a_review_without_its_card_is_told(self) -> None:
        self.tamper(FLASHCARDS, lambda table: table.delete(f"id = '{self.card.id}'"))
        self.assertEqual(kinds(check.check()), {"orphan_logs": (1, 0)})

    def test_residue_of_a_dead_checkpoint_is_told_until_the_next(self) -> None:
        store(dataclasses.replace(self.newest(), flag=1))
        versions = StoreVersions.objects.get()
        entry = JournalEntry.objects.get()
        checkpoint.run()
        entry.save(force_insert=True)
        versions.save()
        clear_cache()
        self.assertEqual(kinds(check.check()), {"journal_residue": (1, 0)})
        checkpoint.run()
        self.assertEqual(kinds(check.check()), {})

    def test_a_missing_index_is_told(self) -> None:
        def drop(table: object) -> None:
            (index,) = (i for i in table.list_indices() if i.columns == ["due"])  # type: ignore[attr-defined]
            table.drop_index(index.name)  # type: ignore[attr-defined]

        self.tamper(FLASHCARDS, drop)
        self.assertEqual(kinds(check.check()), {"index_missing": (1, 0)})

    def test_a_missing_index_of_meaning_is_told_once_it_would_pay(self) -> None:
        card = stored_card(self.alice, embedding_model=BuiltIn.name)
        write([Change(card, vector=np.ones(BuiltIn.dimensions, dtype=np.float32))])
        checkpoint.run()
        self.assertEqual(kinds(check.check()), {})
        with mock.patch.object(checkpoint, "VECTOR_INDEX_ROWS", 1):
            self.assertEqual(kinds(check.check()), {"index_missing": (1, 0)})

    def test_an_index_that_is_far_behind_is_told(self) -> None:
        stored_card(self.alice)
        checkpoint.run()
        with mock.patch.object(health, "UNINDEXED_ROWS_MOST", 0):
            (finding,) = check.check().findings
        self.assertEqual(finding.kind, "index_behind")
        self.assertIn("flashcards.id: 1 rows", finding.examples)

    def test_the_command_tells_people_and_machines(self) -> None:
        out = StringIO()
        call_command("check_store", stdout=out)
        self.assertIn("2 cards, 3 reviews, 0 changes pending.", out.getvalue())
        self.assertIn("All is well.", out.getvalue())
        store(dataclasses.replace(self.newest(), lapses=5))
        out = StringIO()
        with self.assertRaises(SystemExit) as caught:
            call_command("check_store", "--json", stdout=out)
        self.assertEqual(caught.exception.code, 1)
        report = json.loads(out.getvalue())
        self.assertEqual(report["clean"], False)
        self.assertEqual(report["findings"][0]["kind"], "state_is_not_fold")
        self.assertIn(str(self.card.id), report["findings"][0]["examples"][0])

    def test_logs_of_other_kinds_do_not_upset_it(self) -> None:
        undo_review(owner_id=self.alice.pk, undo_id=uuid.uuid4(), now=NOW)
        self.assertEqual(kinds(check.check()), {})
        store(self.newest(), logs=(review_log(self.newest(), sequence=9),))
        self.assertEqual(kinds(check.check()), {"missing_logs": (1, 0)})


class LanceDBTotalsTests(InLanceDB, totals_contract.TotalsContract):
    def test_what_a_checkpoint_stored_before_it_was_cut_off_is_no_fault(self) -> None:
        for many in (False, True):
            with self.subTest(many=many):
                card = flashcard(self.alice, sequence=1)
                log = review_log(card, sequence=0, reviewed_at=NOW)
                if many:
                    with transaction.atomic():
                        lock_owner(self.alice.pk)
                        write_many(self.alice.pk, [card], [log])
                else:
                    store(card, logs=(log,))
                with (
                    mock.patch.object(failpoints, "reach", _full_when_written),
                    self.assertRaises(OSError),
                ):
                    checkpoint.run()
                self.assertEqual(self.totals_found(), [])
                checkpoint.run()
                self.assertEqual(self.totals_found(), [])


def _full_when_written(name: str) -> None:
    if name == "checkpoint-written":
        raise OSError(errno.ENOSPC, "No space left on device")
