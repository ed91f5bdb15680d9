"""Processes killed with SIGKILL at each step, and many at work at once. Nothing lost or doubled."""

import shutil
from pathlib import Path

from django.conf import settings

from tests.engines import InLanceDB, InPostgreSQL
from tests.factories import stored_card
from tests.flashcards.store import crash_contract
from tests.flashcards.store.processes import acknowledged, judge, start

CHECKPOINT_STEPS = (
    *("checkpoint-read", "checkpoint-logs", "checkpoint-cards"),
    *("checkpoint-written", "checkpoint-before-commit", "checkpoint-committed"),
)


class CrashTests(InLanceDB, crash_contract.CrashContract):
    def test_killed_at_any_step_of_a_checkpoint_it_loses_and_doubles_nothing(self) -> None:
        for step in CHECKPOINT_STEPS:
            with self.subTest(step=step):
                # Something for it to do.
                self.rate(stored_card(self.alice))
                self.kill("checkpoint", step)

    def test_killed_and_started_again_without_its_folder_it_loses_nothing(self) -> None:
        self.kill("checkpoint", "checkpoint-committed")
        folder = Path(settings.LANCEDB_URI)
        elsewhere = folder.with_name("not-mounted")
        for seed, step in enumerate(("checkpoint-read", "checkpoint-cards")):
            with self.subTest(step=step):
                output, errors = start("rate", self.alice.pk, seed=seed, count=4).communicate()
                said = acknowledged(output)
                self.assertTrue(said, errors)
                start("checkpoint", self.alice.pk, failpoint=step).communicate(timeout=300)
                folder.rename(elsewhere)
                if step != "checkpoint-read":
                    folder.mkdir()
                again = start("checkpoint", self.alice.pk)
                _, errors = again.communicate(timeout=300)
                self.assertEqual(again.returncode, 1)
                self.assertIn("has no table flashcards", errors)
                shutil.rmtree(folder)
                elsewhere.rename(folder)
                self.assertEqual(judge(self.alice.pk, said), [])


class ConcurrencyTests(InLanceDB, crash_contract.ConcurrencyContract):
    pass


class PostgreSQLCrashTests(InPostgreSQL, crash_contract.CrashContract):
    pass


class PostgreSQLConcurrencyTests(InPostgreSQL, crash_contract.ConcurrencyContract):
    pass
