"""Whether something was committed is noticed for every way in which Django writes."""

from contextlib import suppress

import pytest
from django.db import connection, transaction
from django.test import SimpleTestCase, TransactionTestCase
from psycopg import sql

from accounts.models import User
from memoryloop.web.middleware import Commits, may_write


class StatementTests(SimpleTestCase):
    def test_what_reads_and_what_may_write(self) -> None:
        for reads in (
            "SELECT 1",
            "  select id FROM flashcards_deck WHERE name = 'x' FOR UPDATE",
            "SELECT id FROM accounts_user u FOR NO KEY UPDATE",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT * FROM flashcards_deck JOIN chat_message ON (true)",
            'SAVEPOINT "s1"',
            'RELEASE SAVEPOINT "s1"',
            "SET LOCAL lock_timeout = 0",
        ):
            self.assertFalse(may_write(reads), reads)
        for writes in (
            "INSERT INTO accounts_user VALUES (1)",
            "UPDATE accounts_user SET email = ''",
            "delete from accounts_user",
            "WITH gone AS (DELETE FROM a RETURNING *) SELECT * FROM gone",
            "WITH new AS (\n  insert into b SELECT 1) SELECT 1",
            "SELECT * FROM flashcards_append(%s, %s)",
            "SELECT flashcards_record(%s)",
            "SELECT procrastinate_defer_jobs_v1(%s)",
            "TRUNCATE accounts_user",
            "COPY flashcards_deck FROM STDIN",
            "MERGE INTO a USING b ON true WHEN MATCHED THEN DELETE",
            sql.SQL("SELECT 1"),
        ):
            self.assertTrue(may_write(writes), writes)


class CommitTests(TransactionTestCase):
    def setUp(self) -> None:
        self.commits = Commits()
        self.enterContext(connection.execute_wrapper(self.commits))

    def make(self) -> User:
        return User.objects.create(email="alice@example.org")

    def test_what_only_reads_commits_nothing(self) -> None:
        with transaction.atomic(), transaction.atomic():
            list(User.objects.select_for_update())
        self.assertFalse(User.objects.exists())
        self.assertFalse(self.commits.were_made)

    def test_a_statement_by_itself_is_committed(self) -> None:
        self.make()
        self.assertTrue(self.commits.were_made)

    def test_a_transaction_counts_once_it_has_committed(self) -> None:
        with transaction.atomic():
            with transaction.atomic():
                self.make()
            self.assertFalse(self.commits.were_made)
        self.assertTrue(self.commits.were_made)

    def test_what_was_rolled_back_does_not_count(self) -> None:
        with suppress(KeyError), transaction.atomic():
            self.make()
            raise KeyError
        with transaction.atomic(), suppress(KeyError), transaction.atomic():
            self.make()
            raise KeyError
        with transaction.atomic():
            self.make()
            transaction.set_rollback(True)
        self.assertFalse(self.commits.were_made)

    def test_a_statement_that_failed_does_not_count(self) -> None:
        with pytest.raises(Exception, match="null value"):
            User.objects.create(email=None)  # type: ignore[misc]
        self.assertFalse(self.commits.were_made)
