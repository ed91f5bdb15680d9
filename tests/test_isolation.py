"""No address of ours that names something gives it to another learner, whatever comes later.

Every pattern of the four apps is visited, as the owner to see that the thing is there, and as
another learner and as a visitor with the same ids.
"""

import itertools
import uuid
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from chat.conversations.conversations import append_message, start_conversation
from flashcards.models import (
    BulkChange,
    CardEdit,
    CardExport,
    CardImport,
    CoverageAnswer,
    Deck,
    Document,
    Draft,
    DraftBatch,
    Goal,
    JournalEntry,
    MediaFile,
    ParameterFit,
    RemovedDecks,
    ReviewSession,
    StudySettings,
)
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.store import cards, checkpoint_all, review_logs
from tests.base import TestCase
from tests.factories import stored_card

# Addresses whose one argument is a secret of its own: whoever has the link is let in.
BY_SECRET = {
    "accounts:email_confirm",
    "accounts:password_reset_confirm",
    "flashcards:insight_week_off",
}
# What the argument names is nobody's: each sees their own.
OF_NOBODY = {"flashcards:insight_chart"}
NAMESPACES = {"accounts", "chat", "flashcards", "settings"}


def addresses() -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of every address of ours that takes any."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
        for each in patterns:
            if isinstance(each, URLResolver):
                inside = each.namespace or ""
                if inside in NAMESPACES or (not inside and each.app_name is None):
                    yield from walk(each.url_patterns, inside)
            elif isinstance(each, URLPattern) and prefix and each.pattern.converters:
                name = f"{prefix}:{each.name}"
                if name not in BY_SECRET:
                    yield name, sorted(each.pattern.converters)

    yield from walk(get_resolver().url_patterns, "")


class Belongings(TestCase):
    """Alice has one of everything, whose ids are the arguments of addresses."""

    def setUp(self) -> None:
        asked = start_conversation(self.alice, "What is a cell? " * 30)
        answer = append_message(asked.conversation, "The secret of Alice.")
        card = stored_card(self.alice, question="The secret of Alice?", message_id=answer.pk)
        batch = DraftBatch.objects.create(owner=self.alice, message=asked)
        deck = Deck.objects.create(owner=self.alice, name="Secrets")
        self.arguments: dict[str, Any] = {
            "conversation_id": asked.conversation_id,
            "message_id": asked.pk,
            "origin_id": asked.pk,
            "card_id": card.id,
            "into_id": card.id,
            "note_id": card.note_id,
            "batch_id": batch.pk,
            "draft_id": Draft.objects.create(batch=batch, position=0, question="The secret?").pk,
            "other_id": Draft.objects.create(batch=batch, position=1, question="It?").pk,
            "what": "keep",
            "deck_id": deck.pk,
            "preset_id": StudySettings.objects.create(owner=self.alice, name="Hers").pk,
            "removed_id": RemovedDecks.objects.create(owner=self.alice, decks=[]).pk,
            "document_id": Document.objects.create(
                owner=self.alice, name="secret.txt", text="The secret", sha256="0" * 64
            ).pk,
            "edit_id": CardEdit.objects.create(
                owner=self.alice, card_id=card.id, before={"question": "a"}, after={"question": "b"}
            ).pk,
            "change_id": BulkChange.objects.create(
                owner=self.alice, verb="suspend", card_ids=card.id.bytes, total=1
            ).pk,
            "import_id": CardImport.objects.create(
                owner=self.alice, name="secret.apkg", contents={"decks": [], "types": []}
            ).pk,
            "export_id": CardExport.objects.create(
                owner=self.alice, format="csv", card_ids=card.id.bytes, total=1
            ).pk,
            "fit_id": ParameterFit.objects.create(
                owner=self.alice,
                status=ParameterFit.Status.DONE,
                parameters=list(DEFAULT_PARAMETERS),
            ).pk,
            "goal_id": Goal.objects.create(
                owner=self.alice, name="The secret of Alice", lines="The secret"
            ).pk,
            "answer_id": CoverageAnswer.objects.create(
                owner=self.alice,
                message=asked,
                digest="0" * 64,
                card_id=card.id,
                is_covered=True,
            ).pk,
            "log_id": uuid.uuid4(),
            "session_id": ReviewSession.objects.create(
                owner=self.alice, mode="cram", scope="all", todo=[card.id]
            ).pk,
            "name": f"{'0' * 64}.png",
            "chart": "reviews",
            "number": 1,
            "text_id": asked.conversation_id,
        }
        MediaFile.objects.create(
            owner=self.alice, sha256="0" * 64, extension="png", width=1, height=1, size_bytes=1
        )


class IsolationTests(Belongings):
    def visits(self) -> Iterator[tuple[str, HttpResponseBase]]:
        for name, arguments in addresses():
            missing = [each for each in arguments if each not in self.arguments]
            self.assertEqual(missing, [], f"{name}: say in setUp how Alice comes by one")
            url = reverse(name, kwargs={each: self.arguments[each] for each in arguments})
            for visit in (self.client.get, self.client.post):
                with self.subTest(address=name, method=visit.__name__):
                    yield name, visit(url)

    def test_another_learner_meets_nothing(self) -> None:
        self.assertGreater(len(list(addresses())), 50)
        for step in ("pending", "stored"):
            before = self.everything()
            self.log_in(self.bob)
            for name, response in self.visits():
                own = {200} if name in OF_NOBODY else set()
                self.assertIn(response.status_code, {404, 405} | own)
            self.assertEqual(self.everything(), before, step)
            checkpoint_all()

    def test_a_visitor_is_asked_to_log_in(self) -> None:
        for _, response in self.visits():
            self.assertIn(response.status_code, {302, 401, 403, 405})

    def test_lists_and_searches_show_another_learner_nothing(self) -> None:
        self.log_in(self.bob)
        for name, query in itertools.product(
            ("chat:home", "chat:conversations", "chat:search", "flashcards:cards", "palette"),
            ("", "secret", "cell"),
        ):
            with self.subTest(address=name, query=query):
                response = self.client.get(reverse(name), {"q": query})
                self.assertNotContains(response, "secret of Alice")
                self.assertNotContains(response, "What is a cell? What")

    def everything(self) -> tuple[Any, ...]:
        found = list(cards.for_owner(self.alice).with_deleted())
        # What others have, also where it waits.
        entries = [
            JournalEntry.objects.exclude(owner_id=self.alice.pk).count(),
            cards.all_owners().with_deleted().count(),
            review_logs.all_owners().count(),
        ]
        counts = [each.objects.count() for each in (Deck, Draft, Document)]
        rounds = list(ReviewSession.objects.values_list("todo", "ended_at"))
        return found, counts, rounds, entries
