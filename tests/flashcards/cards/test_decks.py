"""Decks: made, renamed with what is inside, deleted and brought back, counted; its pages."""

import uuid
from datetime import UTC, timedelta
from typing import Any
from unittest import mock

import numpy as np
from django.db import transaction

from accounts.models import User
from flashcards.cards import decks
from flashcards.cards.decks import BadDeck
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard, State
from flashcards.models import Deck, RemovedDecks
from flashcards.review import deck_tree
from flashcards.store import Change, cards, lock_owner, write
from flashcards.store.maintenance import checkpoint
from flashcards.tutor import deck_about
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.llm.base import Unreachable
from tests.base import TestCase
from tests.engines import counts_queries
from tests.factories import NOW, flashcard, store, stored_card

DAY = timedelta(days=1)


class _Decks(TestCase):
    def make(self, name: str, search: str = "", owner: User | None = None) -> Deck:
        owner_id = (owner or self.alice).id
        return decks.create_deck(owner_id=owner_id, name=name, search=search, now=NOW)

    def names(self, owner: User | None = None) -> list[str]:
        return decks.names((owner or self.alice).id)

    def counts(self) -> dict[str, tuple[int, int, int, int]]:
        lines = deck_tree.tree(owner_id=self.alice.id, now=NOW, zone=UTC)
        return {line.name: (line.new, line.learning, line.due, line.total) for line in lines}


class DeckTests(_Decks):
    def test_names_are_cleaned_and_had_once_in_any_case(self) -> None:
        self.assertEqual(self.make("  Latin  verbs :: strong ").name, "Latin verbs::strong")
        with self.assertRaisesRegex(BadDeck, "already"):
            self.make("latin VERBS::Strong")
        self.make("Latin verbs::strong", owner=self.bob)

    def test_a_name_that_no_search_could_say_is_refused(self) -> None:
        for name in ("", "  ", "a::", "::a", "a*", "None", "x" * 201, "a::::b"):
            with self.subTest(name), self.assertRaises(BadDeck):
                self.make(name)

    def test_there_are_a_thousand_at_most(self) -> None:
        with mock.patch.object(decks, "DECKS_MOST", 1):
            self.make("One")
            with self.assertRaisesRegex(BadDeck, "the maximum"):
                self.make("Two")

    def test_renaming_takes_along_what_is_inside(self) -> None:
        deck = self.make("Bio")
        for name in ("Bio::Cells", "bio::Cells::Wall", "Biology"):
            self.make(name)
        decks.rename_deck(owner_id=self.alice.id, deck=deck, name="Life::Bio")
        self.assertEqual(
            self.names(), ["Biology", "Life::Bio", "Life::Bio::Cells", "Life::Bio::Cells::Wall"]
        )

    def test_a_change_of_case_is_a_renaming_too(self) -> None:
        deck = self.make("bio")
        decks.rename_deck(owner_id=self.alice.id, deck=deck, name="Bio")
        self.assertEqual(self.names(), ["Bio"])

    def test_a_renaming_that_cannot_be_changes_nothing(self) -> None:
        deck = self.make("A")
        for name in ("A::B", "C", "C::B"):
            self.make(name)
        for name in ("C", "A::X", ""):
            with self.subTest(name), self.assertRaises(BadDeck):
                decks.rename_deck(owner_id=self.alice.id, deck=deck, name=name)
        self.assertEqual(self.names(), ["A", "A::B", "C", "C::B"])

    def test_a_deleted_deck_comes_back_with_its_cards(self) -> None:
        deck, inside = self.make("A"), self.make("A::B")
        self.make("AB")
        card = stored_card(self.alice, deck_ids=(inside.id,))
        removed = decks.delete_deck(owner_id=self.alice.id, deck=deck, now=NOW)
        self.assertEqual(self.names(), ["AB"])
        self.assertEqual(cards.for_owner(self.alice).count(), 1)
        decks.restore_decks(owner_id=self.alice.id, removed=removed)
        self.assertEqual(self.names(), ["A", "A::B", "AB"])
        found = deck_tree.deck_cards(owner_id=self.alice.id, deck=deck, now=NOW, zone=UTC)
        self.assertEqual([each.id for each in found], [card.id])

    def test_it_does_not_come_back_over_another_of_its_name(self) -> None:
        removed = decks.delete_deck(owner_id=self.alice.id, deck=self.make("A"), now=NOW)
        self.make("a")
        with self.assertRaisesRegex(BadDeck, "of that name again"):
            decks.restore_decks(owner_id=self.alice.id, removed=removed)
        self.assertTrue(RemovedDecks.objects.exists())

    def test_a_card_is_put_into_decks_of_its_owner_only(self) -> None:
        card, mine = stored_card(self.alice), self.make("A")
        theirs = self.make("B", owner=self.bob)
        smart = self.make("S", search="is:new")
        change = {"owner_id": self.alice.id, "card_id": card.id}
        after = decks.set_decks(**change, deck_ids=[mine.id, mine.id])
        self.assertEqual(after.deck_ids, (mine.id,))
        for deck_id in (theirs.id, smart.id, uuid.uuid4()):
            with self.assertRaises(BadDeck):
                decks.set_decks(**change, deck_ids=[deck_id])


class CountTests(_Decks):
    def test_the_tree_counts_what_waits_each_card_once(self) -> None:
        a, b, c = self.make("A::B"), self.make("A::C"), self.make("D")
        review: dict[str, Any] = {"state": State.REVIEW, "due": NOW - DAY, "reps": 3}
        in_steps = {"state": State.LEARNING, "due": NOW + timedelta(minutes=10)}
        store(
            flashcard(self.alice, deck_ids=(a.id, b.id)),
            flashcard(self.alice, deck_ids=(b.id,), **review),
            flashcard(self.alice, deck_ids=(b.id,), **{**review, "due": NOW + DAY}),
            flashcard(self.alice, deck_ids=(c.id,), **{**review, "state": State.RELEARNING}),
            flashcard(self.alice, deck_ids=(c.id,), **{**review, **in_steps}),
            flashcard(self.alice, deck_ids=(c.id,), **review, suspended=True),
            flashcard(self.alice, deck_ids=(c.id,), buried_until=NOW + DAY),
            flashcard(self.alice, deck_ids=(c.id, uuid.uuid4()), deleted_at=NOW),
            flashcard(self.alice),
            flashcard(self.bob, deck_ids=(c.id,)),
        )
        expected = {
            "A": (1, 0, 1, 3), "A::B": (1, 0, 0, 1), "A::C": (1, 0, 1, 3), "D": (0, 2, 0, 4),
        }  # fmt: skip
        self.assertEqual(self.counts(), expected)
        checkpoint.run_until_empty()
        self.assertEqual(self.counts(), expected)

    def test_a_smart_deck_is_alive(self) -> None:
        self.make("Verbs", search="tag:verbs")
        self.assertEqual(self.counts()["Verbs"], (0, 0, 0, 0))
        stored_card(self.alice, tags=("verbs",))
        stored_card(self.bob, tags=("verbs",))
        self.assertEqual(self.counts()["Verbs"], (1, 0, 0, 1))

    def test_a_smart_deck_whose_search_fails_says_why(self) -> None:
        deck = self.make("S", search="deck:Gone")
        (line,) = deck_tree.tree(owner_id=self.alice.id, now=NOW, zone=UTC)
        self.assertIn("no deck called “Gone”", line.problem)
        with self.assertRaises(BadQuery):
            deck_tree.deck_cards(owner_id=self.alice.id, deck=deck, now=NOW, zone=UTC)

    def test_a_search_that_cannot_be_is_not_saved(self) -> None:
        with self.assertRaises(BadQuery):
            self.make("S", search="is:odd")
        deck = self.make("S", search="is:new")
        for search, error in (("(", BadQuery), (" ", BadDeck)):
            with self.assertRaises(error):
                decks.change_search(deck=deck, search=search)


class DeckPageTests(_Decks):
    def setUp(self) -> None:
        self.log_in()

    def test_without_decks_it_shows_the_way_to_one(self) -> None:
        self.assertContains(self.client.get("/decks/"), "No decks yet")

    def test_it_shows_the_tree_and_only_mine(self) -> None:
        self.make("Bio::Cells")
        self.make("Theirs", owner=self.bob)
        response = self.client.get("/decks/")
        self.assertEqual([line.name for line in response.context["lines"]], ["Bio", "Bio::Cells"])
        self.assertContains(response, "/cards/?q=deck%3ABio%3A%3ACells")

    def test_a_search_is_saved_as_a_deck(self) -> None:
        response = self.client.get("/decks/new/", {"search": "is:due tag:verbs"})
        self.assertContains(response, 'value="is:due tag:verbs"')
        data = {"name": "Due verbs", "search": "is:due tag:verbs"}
        self.assertRedirects(self.client.post("/decks/new/", data), "/decks/")
        self.assertEqual(Deck.objects.get().search, "is:due tag:verbs")

    def test_what_is_wrong_with_a_form_stands_at_its_field(self) -> None:
        for data, sentence in (
            ({"name": ""}, "Give the deck a name."),
            ({"name": "a*"}, "cannot have a *"),
            ({"name": "a", "search": "is:odd"}, "is: can be new"),
        ):
            with self.subTest(data):
                response = self.client.post("/decks/new/", data)
                self.assertContains(response, sentence, status_code=422)

    def test_it_is_renamed_and_its_search_changed(self) -> None:
        deck = self.make("S", search="is:new")
        url = f"/decks/{deck.id}/edit/"
        self.assertContains(self.client.get(url), 'value="is:new"')
        self.client.post(url, {"name": "T", "search": "is:due"})
        deck.refresh_from_db()
        self.assertEqual((deck.name, deck.search), ("T", "is:due"))
        self.assertEqual(self.client.post(url, {"name": "T", "search": ""}).status_code, 422)

    def test_it_is_deleted_and_undone(self) -> None:
        deck = self.make("A")
        self.make("A::B")
        response = self.client.post(f"/decks/{deck.id}/delete/", follow=True)
        self.assertContains(response, "“A” and 1 inside it deleted.")
        self.assertEqual(self.names(), [])
        undo = f"/decks/{RemovedDecks.objects.get().id}/restore/"
        self.assertContains(response, f'action="{undo}"')
        self.client.post(undo)
        self.assertEqual(self.names(), ["A", "A::B"])

    def test_a_name_above_decks_that_is_no_deck_itself_has_their_menu(self) -> None:
        inside = self.make("Languages::Latin")
        response = self.client.get("/decks/")
        self.assertEqual(response.content.count(b'class="menu"'), 2)
        self.assertContains(response, 'action="/decks/parent/edit/"')

        response = self.client.post("/decks/parent/edit/", {"name": "Languages"})
        parent = Deck.objects.get(name="Languages")
        self.assertRedirects(response, f"/decks/{parent.id}/edit/")
        self.client.post(f"/decks/{parent.id}/edit/", {"name": "Tongues"})
        inside.refresh_from_db()
        self.assertEqual(inside.name, "Tongues::Latin")

        Deck.objects.filter(id=parent.id).delete()
        self.client.post("/decks/parent/delete/", {"name": "Tongues"})
        self.assertEqual(self.names(), [])
        undo = f"/decks/{RemovedDecks.objects.get().id}/restore/"
        self.client.post(undo)
        self.assertEqual(self.names(), ["Tongues", "Tongues::Latin"])

    def test_a_name_that_no_deck_is_inside_of_is_not_there(self) -> None:
        self.make("Languages::Latin", owner=self.bob)
        self.make("Latin")
        for url in ("/decks/parent/edit/", "/decks/parent/delete/"):
            for name in ("Languages", "Latin", "", "\x00"):
                with self.subTest(url, name=name):
                    response = self.client.post(url, {"name": name})
                    self.assertEqual(response.status_code, 404)
        self.assertEqual(self.names(), ["Latin"])

    def test_another_learners_decks_are_not_there(self) -> None:
        deck = self.make("Theirs", owner=self.bob)
        removed = decks.delete_deck(
            owner_id=self.bob.id, deck=self.make("X", owner=self.bob), now=NOW
        )
        self.assertEqual(self.client.get(f"/decks/{deck.id}/edit/").status_code, 404)
        self.assertEqual(self.client.post(f"/decks/{deck.id}/delete/").status_code, 404)
        self.assertEqual(self.client.post(f"/decks/{removed.id}/restore/").status_code, 404)

    def test_visitors_and_wrong_methods_are_turned_away(self) -> None:
        some = uuid.uuid4()
        for url, method in (
            ("/decks/", "get"), ("/decks/new/", "get"), ("/decks/about/", "get"),
            ("/decks/about/create/", "post"), (f"/decks/{some}/edit/", "get"),
            (f"/decks/{some}/delete/", "post"), (f"/decks/{some}/restore/", "post"),
            ("/decks/parent/edit/", "post"), ("/decks/parent/delete/", "post"),
        ):  # fmt: skip
            with self.subTest(url):
                self.assertEqual(self.client.put(url).status_code, 405)
                self.client.logout()
                response = getattr(self.client, method)(url)
                self.assertRedirects(
                    response, f"/accounts/login/?next={url}", fetch_redirect_response=False
                )
                self.log_in()

    def test_the_palette_finds_my_decks(self) -> None:
        self.make("Latin verbs")
        self.make("Latin of Bob", owner=self.bob)
        response = self.client.get("/palette/", {"q": "latin"})
        self.assertContains(response, "Latin verbs")
        self.assertNotContains(response, "Latin of Bob")

    @counts_queries
    def test_it_costs_the_same_with_many_decks(self) -> None:
        for n in range(3):
            self.make(f"D{n}")
        # Session, user, decks, the journal, study settings.
        with self.assertNumQueries(5):
            self.client.get("/decks/")
        for n in range(3, 9):
            self.make(f"D{n}::E")
        with self.assertNumQueries(5):
            self.client.get("/decks/")


class DeckAboutTests(_Decks):
    def setUp(self) -> None:
        self.log_in()
        vectors = np.eye(896, dtype=np.float32)
        self.near = self.embedded(self.alice, "near", vectors[0])
        self.nearer = self.embedded(self.alice, "also near", vectors[0] * 0.8 + vectors[1] * 0.6)
        self.embedded(self.alice, "far", vectors[2])
        self.embedded(self.bob, "bobs", vectors[0])
        embedder = mock.Mock()
        embedder.embed_query.return_value = vectors[0]
        patched = mock.patch(
            "flashcards.cards.embedding.embedder_named", autospec=True, return_value=embedder
        )
        patched.start()
        self.addCleanup(patched.stop)

    def embedded(self, owner: User, question: str, vector: Any) -> Flashcard:
        card = flashcard(owner, question=question, embedding_model=BuiltIn.name)
        with transaction.atomic():
            lock_owner(owner.id)
            write([Change(card, vector=vector)])
        return card

    def titles(self, **query: str) -> list[tuple[str, bool]]:
        proposed = self.client.get("/decks/about/", {"topic": "it", **query}).context["proposed"]
        return [(each.title, each.fits) for each in proposed.cards]

    def with_model(self, **answer: Any) -> Any:
        provider = mock.Mock(is_model=True, label="Claude")
        provider.window = mock.AsyncMock(return_value=None)
        provider.structured = mock.AsyncMock(**answer)
        return mock.patch.object(deck_about, "provider_for", autospec=True, return_value=provider)

    def test_without_a_model_the_nearest_of_my_cards_are_proposed(self) -> None:
        self.assertEqual(self.titles(), [("near", True), ("also near", True)])

    def test_a_model_orders_them_in_a_second_step(self) -> None:
        chosen = deck_about.Chosen(numbers=[2, 9, 2])
        with self.with_model(return_value=chosen):
            first = self.client.get("/decks/about/", {"topic": "it"})
            self.assertContains(first, "Claude is choosing from")
            second = self.client.get(
                "/decks/about/", {"topic": "it"}, headers={"HX-Request": "true"}
            )
            proposed = second.context["proposed"]
            self.assertEqual(
                [(each.title, each.fits) for each in proposed.cards],
                [("also near", True), ("near", False)],
            )
            self.assertContains(second, "ranked by Claude")
            self.assertEqual(len(self.titles(now="1")), 2)

    def test_a_model_that_fails_leaves_the_order_of_meaning_and_says_so(self) -> None:
        with self.with_model(side_effect=Unreachable("Claude cannot be reached.")):
            response = self.client.get(
                "/decks/about/", {"topic": "it"}, headers={"HX-Request": "true"}
            )
        self.assertContains(response, "Claude cannot be reached.")
        self.assertEqual(len(response.context["proposed"].cards), 2)

    def test_the_accepted_cards_are_put_into_the_deck(self) -> None:
        data = {"topic": "it", "name": "About it", "ids": [str(self.nearer.id)]}
        response = self.client.post("/decks/about/create/", data, follow=True)
        self.assertContains(response, "Deck “About it” created with 1 card.")
        found = deck_tree.deck_cards(
            owner_id=self.alice.id, deck=Deck.objects.get(), now=NOW, zone=UTC
        )
        self.assertEqual([card.id for card in found], [self.nearer.id])

    def test_nothing_accepted_or_no_name_leads_back(self) -> None:
        for data in ({"name": "A"}, {"name": "", "ids": [str(self.near.id)]}):
            response = self.client.post("/decks/about/create/", {"topic": "it", **data})
            self.assertRedirects(response, "/decks/about/?topic=it", fetch_redirect_response=False)
        self.assertFalse(Deck.objects.exists())

    def test_a_topic_that_no_card_is_near_says_so(self) -> None:
        self.log_in(self.charlie)
        response = self.client.get("/decks/about/", {"topic": "it"})
        self.assertContains(response, "None of your cards is about that.")
