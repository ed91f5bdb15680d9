import asyncio
import csv
import io
import json
import zipfile
from datetime import UTC, datetime
from typing import Any
from unittest import mock

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import transaction
from django.test import Client, TransactionTestCase
from django.urls import reverse
from django.utils import timezone

from accounts import account_export, endpoints, services
from accounts.models import User
from accounts.web.views import export
from chat.conversations.conversations import append_message, start_conversation
from chat.models import AnswerContext, Conversation, Instructions, Summary
from flashcards.maintenance.account_export import exported_models
from flashcards.models import Deck
from flashcards.store import cards, lock_owner, write_many
from flashcards.store.maintenance import checkpoint
from tests.accounts.keys import KEY, KeyTestCase
from tests.base import PASSWORD, TestCase
from tests.factories import flashcard, review_log, store, stored_card
from tests.servers.compatible import OpenAIServer
from tests.waiting import wait_until

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def unzip(content: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        assert bundle.testzip() is None
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def lines(text: str) -> list[Any]:
    return [json.loads(line) for line in text.splitlines()]


class ArchiveTests(TestCase):
    def archive(self, user: User | None = None) -> dict[str, str]:
        return unzip(b"".join(account_export.archive((user or self.alice).pk, now=NOW)))

    def test_it_has_a_readme_that_tells_what_is_what(self) -> None:
        readme = self.archive()["README.txt"]

        for words in ("2026-11-22 12:00 UTC", "conversations/", "cards.jsonl", "rating 1 is Again"):
            self.assertIn(words, readme)

    def test_it_has_the_learner_and_nobody_else(self) -> None:
        files = self.archive()

        profile = json.loads(files["account/profile.json"])
        self.assertEqual((profile["name"], profile["time_zone"]), ("Alice Learner", "UTC"))
        self.assertNotIn("bob@example.org", "".join(files.values()))
        self.assertNotIn(self.alice.password, "".join(files.values()))

    def test_it_has_the_cards_of_both_stores_and_the_bin(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Biology::Cells")
        moved = stored_card(self.alice, question="Moved?", tags=("a", "b"), deck_ids=(deck.id,))
        changed = stored_card(self.alice, question="Before")
        checkpoint.run_until_empty()
        pending = flashcard(self.alice, question='“Pending”, "quoted"\nand broken')
        store(pending, logs=(review_log(pending),))
        binned = stored_card(self.alice, question="Binned", deleted_at=NOW)
        store(flashcard(self.alice, id=changed.id, question="After"))
        stored_card(self.bob, question="Of Bob")

        files = self.archive()

        cards = {card["id"]: card for card in lines(files["cards/cards.jsonl"])}
        self.assertEqual(len(cards), 4)
        self.assertEqual(cards[str(moved.id)]["decks"], ["Biology::Cells"])
        self.assertEqual(cards[str(changed.id)]["question"], "After")
        self.assertEqual(cards[str(binned.id)]["deleted_at"], "2026-11-22T12:00:00.000000Z")
        self.assertEqual(cards[str(moved.id)]["state"], "new")
        self.assertEqual(
            datetime.fromisoformat(cards[str(moved.id)]["due"]), moved.due, "to the microsecond"
        )
        table = list(csv.DictReader(io.StringIO(files["cards/cards.csv"], newline="")))
        self.assertEqual({row["id"] for row in table}, set(cards))
        (row,) = (row for row in table if row["id"] == str(pending.id))
        self.assertEqual(row["question"], pending.question)
        (review,) = lines(files["cards/reviews.jsonl"])
        self.assertEqual((review["rating"], review["state_after"]), (3, "learning"))
        self.assertIn(review["id"], files["cards/reviews.csv"])
        self.assertEqual(lines(files["cards/decks.jsonl"])[0]["name"], "Biology::Cells")
        self.assertNotIn("Of Bob", "".join(files.values()))
        self.assertNotIn("embedding", cards[str(moved.id)])

    def test_it_has_every_conversation_twice(self) -> None:
        for text in ("# Why do we forget?", "Why do we forget?"):
            start_conversation(self.alice, text, now=NOW)
        Conversation.objects.filter(
            pk=start_conversation(self.alice, "Gone", now=NOW).conversation_id
        ).update(deleted_at=NOW)
        start_conversation(self.bob, "Of Bob", now=NOW)

        files = self.archive()

        talks = sorted(name for name in files if name.startswith("conversations/"))
        self.assertEqual(
            talks,
            [
                "conversations/2026-11-22 why-do-we-forget 2.json",
                "conversations/2026-11-22 why-do-we-forget 2.md",
                "conversations/2026-11-22 why-do-we-forget.json",
                "conversations/2026-11-22 why-do-we-forget.md",
                "conversations/deleted/2026-11-22 gone.json",
                "conversations/deleted/2026-11-22 gone.md",
            ],
        )
        self.assertIn("Why do we forget?", files[talks[1]])
        (message,) = json.loads(files[talks[0]])["messages"]
        self.assertIn("Why do we forget?", message["content"])
        self.assertNotIn("Of Bob", "".join(files.values()))

    def test_it_has_what_was_recalled_for_an_answer_and_summaries(self) -> None:
        for user in (self.alice, self.bob):
            message = start_conversation(user, "What is a cell?", now=NOW)
            answer = append_message(message.conversation, "A unit.", role="assistant", now=NOW)
            shared, _ = Instructions.objects.get_or_create(digest="d", text="You are a tutor.")
            found = [{"text": f"A card of {user.name}"}]
            AnswerContext.objects.create(answer=answer, instructions=shared, found=found)
            Summary.objects.create(until=message, text=f"What {user.name} asked")

        files = self.archive()
        (kept,) = lines(files["conversations/more/answer_contexts.jsonl"])
        self.assertEqual(kept["found"], [{"text": "A card of Alice Learner"}])
        (summary,) = lines(files["conversations/more/summaries.jsonl"])
        self.assertEqual(summary["text"], "What Alice Learner asked")

    def test_it_costs_no_more_memory_with_more_cards(self) -> None:
        with mock.patch("flashcards.store.repository.query.STREAMED_ROWS", 10):
            for _ in range(35):
                stored_card(self.alice)
            checkpoint.run_until_empty()
            self.assertEqual(len(lines(self.archive()["cards/cards.jsonl"])), 35)

    def test_every_model_with_an_owner_is_exported_or_left_out_on_purpose(self) -> None:
        left_out = {
            # What is shown of it is in account/, without keys.
            *("ApiKey", "Endpoint", "EmailChange"),
            # In conversations/, and what search finds them by.
            *("Conversation", "Message", "MessageVector", "SearchWord"),
            # The store's own, and what is counted from the reviews.
            *("JournalEntry", "MovedEntry", "ReviewTotals", "StoredFlashcard", "StoredReviewLog"),
            *("CardRow", "ReviewRow", "CardVector", "CardKeys", "KnownWord"),
            # Where cards lie on the map: computed from them.
            *("CardMap",),
            # Django's log of what staff did in the administration.
            *("LogEntry",),
            # Whoever runs the installation wrote it, of somebody who had no account yet.
            *("Invitation",),
        }
        exported = {model.__name__ for model in exported_models()}
        user = get_user_model()
        for model in apps.get_models():
            names_owner = any(
                field.attname == "owner_id" or field.related_model is user
                for field in model._meta.concrete_fields
            )
            if names_owner and model._meta.managed and not model._meta.auto_created:
                with self.subTest(model=model.__name__):
                    self.assertIn(model.__name__, exported | left_out)


class SecretsTests(KeyTestCase):
    def test_no_key_and_no_ciphertext_is_in_it(self) -> None:
        own_key = "sk-own-" + "Ww5" * 10
        services.save_api_key(user=self.alice, api_key=KEY, now=timezone.now())
        with OpenAIServer() as own:
            endpoints.save_endpoint(
                user=self.alice, base_url=own.url, api_key=own_key, model="", now=timezone.now()
            )

        files = unzip(b"".join(account_export.archive(self.alice.pk, now=NOW)))

        everything = "".join(files.values())
        for secret in (KEY[12:-7], own_key[8:-5], self.key_of(self.alice).ciphertext):
            self.assertNotIn(secret, everything)
        self.assertNotIn(self.alice.endpoint.ciphertext, everything)
        self.assertEqual(
            json.loads(files["account/tutor.json"])["own_server"]["model"], "local-model"
        )


class ExportViewTests(TestCase):
    url = reverse("accounts:export")
    download = reverse("accounts:export_download")

    def setUp(self) -> None:
        self.log_in()

    def test_the_page_says_what_is_in_it(self) -> None:
        response = self.client.get(self.url)

        for words in ("conversations", "CSV", "every review", "Download the archive"):
            self.assertContains(response, words)

    def test_it_sends_the_archive(self) -> None:
        stored_card(self.alice, question="Mine")
        response = self.client.post(self.download)

        self.assertEqual(response["Content-Type"], "application/zip")
        self.assertIn('filename="memoryloop-', response["Content-Disposition"])
        self.assertIn("no-store", response["Cache-Control"])
        self.assertIn("Mine", unzip(response.getvalue())["cards/cards.jsonl"])

    def test_nobody_makes_it_over_and_over(self) -> None:
        for _ in range(5):
            self.client.post(self.download)
        response = self.client.post(self.download)

        self.assertContains(response, "Too many attempts", status_code=429)

    def test_it_is_for_learners_who_are_logged_in(self) -> None:
        self.assertEqual(Client().get(self.url).status_code, 302)
        self.assertEqual(Client().post(self.download).status_code, 302)

    def test_it_takes_only_its_methods(self) -> None:
        self.assertEqual(self.client.post(self.url).status_code, 405)
        self.assertEqual(self.client.get(self.download).status_code, 405)


class AsynchronousExportTests(TransactionTestCase):
    def test_it_is_made_in_a_thread_of_its_own(self) -> None:
        alice = User.objects.create_user("alice@example.org", PASSWORD)
        stored_card(alice, question="Mine")

        async def fetch() -> bytes:
            parts = export.in_a_thread(account_export.archive(alice.pk, now=NOW))
            return b"".join([part async for part in parts])

        self.assertIn("Mine", unzip(asyncio.run(fetch()))["cards/cards.jsonl"])

    def test_a_reader_who_leaves_frees_the_place(self) -> None:
        closed: list[bool] = []

        def endless() -> Any:
            try:
                while True:
                    yield b"part"
            finally:
                closed.append(True)

        async def leave() -> None:
            parts = export.in_a_thread(endless())
            assert await anext(parts) == b"part"
            await parts.aclose()  # type: ignore[attr-defined]  # an asynchronous generator

        for _ in range(export.AT_ONCE + 2):
            asyncio.run(asyncio.wait_for(leave(), 10))
        # The thread of the last ones may not have come to it yet.
        wait_until(lambda: len(closed) == export.AT_ONCE + 2)


class PendingBatchTests(TestCase):
    def test_cards_brought_in_by_the_thousand_are_in_it_too(self) -> None:
        with transaction.atomic():
            lock_owner(self.alice.pk)
            write_many(self.alice.pk, [flashcard(self.alice) for _ in range(3)], [])

        files = unzip(b"".join(account_export.archive(self.alice.pk, now=NOW)))

        self.assertEqual(len(lines(files["cards/cards.jsonl"])), 3)
        self.assertEqual(len(cards.for_owner(self.alice)), 3)
