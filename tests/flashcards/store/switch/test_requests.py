"""A request that meets a switch of engines is answered again only if it has committed nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest import mock

from django.db import connections, transaction
from django.test import TransactionTestCase

from accounts.models import User
from flashcards import store
from flashcards.cards import notes
from flashcards.domain.records import Flashcard
from flashcards.maintenance import switch_store
from flashcards.models import StoreVersions
from flashcards.store import engines
from tests.factories import stored_card

LANCEDB, POSTGRESQL = StoreVersions.Engine.LANCEDB.value, StoreVersions.Engine.POSTGRESQL.value
NOTE = {"question": "What is 7 times 8?", "answer": "56", "kind": "basic"}


class RequestTests(TransactionTestCase):
    def setUp(self) -> None:
        StoreVersions.objects.update_or_create(id=1, defaults={"engine": LANCEDB})
        engines.forget()
        self.addCleanup(engines.forget)
        self.alice = User.objects.create_user("alice@example.org")
        self.card = stored_card(self.alice)
        self.client.force_login(self.alice)
        self.real: Callable[..., Any] = notes.create_note

    def switch(self, target: str = POSTGRESQL) -> None:
        """Switch as another process does: by a connection of its own, and unnoticed by this one."""
        before = engines.name()

        def run() -> None:
            switch_store.run(target)
            connections.close_all()

        with ThreadPoolExecutor(1) as threads:
            threads.submit(run).result()
        engines.remember(before)

    def save_note(self, create: Callable[..., Any]) -> Any:
        with mock.patch.object(notes, "create_note", autospec=True, side_effect=create):
            return self.client.post("/cards/new/", NOTE)

    def questions(self) -> list[str]:
        store.clear_cache()
        return [card.question for card in store.cards.for_owner(self.alice)]

    def test_what_had_committed_nothing_is_done_once_by_the_new_engine(self) -> None:
        calls: list[str] = []

        def meet(**given: Any) -> Any:
            if not calls:
                self.switch()
            calls.append(engines.name())
            return self.real(**given)

        self.assertEqual(self.save_note(meet).status_code, 302)
        self.assertEqual(calls, [LANCEDB, POSTGRESQL])
        self.assertEqual(self.questions().count(NOTE["question"]), 1)

    def test_what_had_committed_something_is_not_done_again(self) -> None:
        def create_and_meet(**given: Any) -> Any:
            made = self.real(**given)
            self.switch()
            with transaction.atomic():
                store.lock_owner(self.alice.pk)
            return made

        response = self.save_note(create_and_meet)
        self.assertEqual(response.status_code, 503)
        self.assertContains(response, "may be done in part", status_code=503)
        # What was typed is there.
        self.assertContains(response, NOTE["question"], status_code=503)
        self.assertEqual(self.questions().count(NOTE["question"]), 1)
        # Sent once more, it is answered by the new engine.
        self.assertEqual(self.client.post("/cards/new/", NOTE).status_code, 302)
        self.assertEqual(engines.name(), POSTGRESQL)

    def test_a_script_gets_words(self) -> None:
        def create_and_meet(**given: Any) -> Any:
            self.real(**given)
            raise store.EngineChanged("The cards are in PostgreSQL now.")

        with mock.patch.object(notes, "create_note", autospec=True, side_effect=create_and_meet):
            response = self.client.post("/cards/new/", NOTE, headers={"HX-Request": "true"})
        self.assertEqual(response.status_code, 503)
        self.assertIn("text/plain", response["Content-Type"])

    def test_a_lazy_query_after_a_commit_is_read_from_the_new_engine(self) -> None:
        reads: dict[str, Callable[[Any], Any]] = {
            "list": list,
            "len": len,
            "first": lambda query: query.first(),
            "get": lambda query: query.get(id=self.card.id),
            "exists": lambda query: query.exists(),
            "count": lambda query: query.count(),
            "in_bulk": lambda query: query.in_bulk([self.card.id]),
            "values": lambda query: query.values("id"),
            "columns": lambda query: query.columns("id")["id"].tolist(),
            "stream": lambda query: [each["id"] for each in query.stream()],
            "aggregate": lambda query: str(query.aggregate()),
        }
        for target, before in ((POSTGRESQL, LANCEDB), (LANCEDB, POSTGRESQL)):
            asked = store.cards.for_owner(self.alice).filter(id=self.card.id)
            expected = {name: read(asked.all()) for name, read in reads.items()}
            lazy = {name: asked.all() for name in reads}
            self.switch(target)
            for name, read in reads.items():
                with self.subTest(target=target, read=name):
                    engines.remember(before)
                    self.assertEqual(read(lazy[name]), expected[name])
            # Within a transaction nobody knows what else was done by the other engine.
            engines.remember(before)
            with self.assertRaises(store.EngineChanged), transaction.atomic():
                len(asked.all())
            engines.forget()

    def test_a_list_that_is_read_after_a_commit_is_shown(self) -> None:
        shown: list[Flashcard] = []

        def create_and_read(**given: Any) -> Any:
            lazy = store.cards.for_owner(self.alice)
            made = self.real(**given)
            self.switch()
            shown.extend(lazy)
            return made

        self.assertEqual(self.save_note(create_and_read).status_code, 302)
        self.assertEqual(len(shown), 2)
        self.assertEqual(self.questions().count(NOTE["question"]), 1)
