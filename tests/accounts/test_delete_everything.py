"""Deleting an account, proven: nothing in either store names who is gone."""

import io
import threading
import uuid
from pathlib import Path

import PIL.Image
from django.conf import settings
from django.db import connection, transaction
from django.test import TransactionTestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from accounts import email_change, endpoints, services, tasks
from accounts.models import User
from chat.conversations.conversations import append_message, start_conversation
from chat.models import AnswerContext, Instructions
from flashcards.cards import jobs, media
from flashcards.models import (
    CardRow,
    Deck,
    Document,
    Draft,
    DraftBatch,
    MediaFile,
    ReviewRow,
    StoreVersions,
)
from flashcards.store import Change, OwnerGone, engines, lock_owner, write
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint
from flashcards.store.rows.schema import FLASHCARDS, REVIEW_LOGS
from tests.accounts.keys import KEY
from tests.base import PASSWORD
from tests.factories import flashcard, review_log, store, stored_card
from tests.servers import ClaudeServer, OpenAIServer


def rows_naming(text: str) -> dict[str, int]:
    """Return how many rows of each PostgreSQL table have a text in any of their columns."""
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS each WHERE each::text ILIKE %s', [f"%{text}%"]
            )
            count = cursor.fetchone()[0]
            if count:
                found[table] = count
    return found


def store_rows_naming(owner_id: uuid.UUID) -> int:
    """Return how many rows both tables of the card store have of an owner, read past it."""
    if engines.name() == StoreVersions.Engine.POSTGRESQL:
        rows = CardRow.objects.filter(owner_id=owner_id).count()
        return rows + ReviewRow.objects.filter(owner_id=owner_id).count()
    return sum(
        tables.for_writing(spec).count_rows(f"owner_id = '{owner_id}'")
        for spec in (FLASHCARDS, REVIEW_LOGS)
    )


class DeleteEverythingTests(TransactionTestCase):
    def setUp(self) -> None:
        self.claude = self.enterContext(ClaudeServer())
        self.own = self.enterContext(OpenAIServer())
        self.enterContext(override_settings(ANTHROPIC_BASE_URL=self.claude.url))
        self.alice = User.objects.create_user("alice@example.org", PASSWORD, name="Alice")
        self.bob = User.objects.create_user("bob@example.org", PASSWORD, name="Bob")

    def fill(self, user: User) -> Path:
        """Give somebody some of everything and return where their picture is."""
        now = timezone.now()
        services.save_api_key(user=user, api_key=KEY, now=now)
        endpoints.save_endpoint(
            user=user, base_url=self.own.url, api_key="sk-own", model="", now=now
        )
        email_change.request(
            user=user, new_email=f"new.{user.email}", base_url="http://here", now=now
        )
        message = start_conversation(user, "What is a cell?", now=now)
        answer = append_message(
            message.conversation, "The unit of life.", role="assistant", now=now
        )
        shared, _ = Instructions.objects.get_or_create(digest="d", text="You are a tutor.")
        AnswerContext.objects.create(
            answer=answer, instructions=shared, found=[{"text": f"About {user.pk}"}]
        )
        Document.objects.create(owner=user, name="notes.txt", text="Cells.", sha256="0" * 64)
        deck = Deck.objects.create(owner=user, name="Biology")
        batch = DraftBatch.objects.create(owner=user, message=message)
        Draft.objects.create(batch=batch, position=0, question="Q?")
        picture = io.BytesIO()
        PIL.Image.new("RGB", (2, 2), "red" if user.name == "Bob" else "blue").save(picture, "PNG")
        image = media.store(owner_id=user.pk, content=picture.getvalue(), now=now)
        for _ in range(3):
            card = stored_card(user, deck_ids=(deck.id,))
            store(card, logs=(review_log(card),))
        checkpoint.run_until_empty()
        pending = stored_card(user)
        store(pending, logs=(review_log(pending),))
        return media.path_of(image)

    def delete(self, user: User) -> None:
        self.client.force_login(user)
        response = self.client.post(reverse("accounts:delete"), {"password": PASSWORD})
        assert response.status_code == 302, response.content.decode()[:500]

    def test_nothing_of_the_learner_is_left_and_all_of_the_others(self) -> None:
        picture, bobs = self.fill(self.alice), self.fill(self.bob)
        checkpoint.run_until_empty()
        before = rows_naming(str(self.bob.pk))
        self.assertEqual(set(before), set(rows_naming(str(self.alice.pk))))
        store(flashcard(self.alice))
        services.request_password_reset(email=self.alice.email, base_url="http://here")
        tasks.send_email_changed.defer(
            old_email="older@example.org", new_email=self.alice.email, base_url="http://here"
        )
        jobs.request_embedding(self.alice.pk)
        jobs.request_import(self.alice.pk, uuid.uuid4())
        self.assertIn("procrastinate_jobs", rows_naming(self.alice.email))
        self.assertGreater(store_rows_naming(self.alice.pk), 0)

        self.delete(self.alice)
        checkpoint.run_until_empty()

        left = rows_naming(str(self.alice.pk)) | rows_naming("alice@example.org")
        self.assertEqual(left, {})
        self.assertEqual(store_rows_naming(self.alice.pk), 0)
        self.assertFalse(picture.exists())
        self.assertEqual(rows_naming(str(self.bob.pk)), before)
        self.assertGreater(store_rows_naming(self.bob.pk), 0)
        self.assertTrue(bobs.exists())
        self.assertEqual(MediaFile.objects.count(), 1)

    def test_a_checkpoint_that_runs_meanwhile_brings_nothing_back(self) -> None:
        self.fill(self.alice)
        stop = threading.Event()
        failed: list[BaseException] = []

        def checkpoints() -> None:
            try:
                while not stop.is_set():
                    checkpoint.run(wait=True)
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        def reviews() -> None:
            try:
                while not stop.is_set():
                    with transaction.atomic():
                        lock_owner(self.alice.pk)
                        write([Change(flashcard(self.alice))])
            except OwnerGone:
                pass
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [threading.Thread(target=each) for each in (checkpoints, reviews)]
        for thread in threads:
            thread.start()
        try:
            self.delete(self.alice)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        checkpoint.run_until_empty()

        self.assertEqual(failed, [])
        self.assertEqual(rows_naming(str(self.alice.pk)), {})
        self.assertEqual(store_rows_naming(self.alice.pk), 0)
        in_lancedb = engines.name() == StoreVersions.Engine.LANCEDB
        self.assertEqual(Path(settings.LANCEDB_URI).exists(), in_lancedb)
