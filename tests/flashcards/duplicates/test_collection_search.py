"""The whole collection is looked through for cards that say the same; its owner decides on them."""

import uuid
from datetime import timedelta
from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from flashcards.cards import embedding
from flashcards.cards.cards import delete_card, edit_card, get_card
from flashcards.domain.records import Flashcard, Rating
from flashcards.duplicates import collection_search, overlaps, resolving
from flashcards.models import DuplicateSearch, NotDuplicates
from flashcards.store import checkpoint_all, vectors
from flashcards.tasks import find_duplicates
from memoryloop.embeddings import EmbeddingError
from tests.base import TestCase
from tests.factories import NOW, flashcard, store, stored_card
from tests.flashcards.given_cards import answer

SPAIN = ("What is the capital of Spain?", "Madrid")
SAME = ("Which city is Spain's capital?", "Madrid")


class SearchTestCase(TestCase):
    def setUp(self) -> None:
        self.first = stored_card(self.alice, question=SPAIN[0], answer=SPAIN[1])
        self.second = stored_card(self.alice, question=SAME[0], answer=SAME[1])
        stored_card(self.alice, question="What is the capital of Portugal?", answer="Lisbon")
        stored_card(self.alice, question="What do enzymes do?", answer="Catalyse reactions")
        stored_card(self.bob, question=SPAIN[0], answer=SPAIN[1])
        for owner in (self.alice, self.bob):
            embedding.embed_cards(owner_id=owner.pk)

    def search(self, user: Any = None) -> DuplicateSearch:
        owner = user or self.alice
        search = collection_search.start(owner_id=owner.pk, now=timezone.now())
        find_duplicates(owner_id=str(owner.pk), search_id=str(search.id))
        search.refresh_from_db()
        return search

    def groups(self) -> list[set[uuid.UUID]]:
        search = DuplicateSearch.objects.get(owner=self.alice)
        found = collection_search.groups(owner_id=self.alice.pk, search=search)
        return [{card.id for card in group.cards} for group in found]


class SearchTests(SearchTestCase):
    def test_it_finds_what_says_the_same_pending_or_stored(self) -> None:
        for _ in range(2):
            search = self.search()
            self.assertEqual((search.status, search.compared, search.total), ("done", 4, 4))
            self.assertEqual(self.groups(), [{self.first.id, self.second.id}])
            checkpoint_all()

    def test_another_learners_card_is_in_no_group(self) -> None:
        self.search(self.bob)
        self.assertEqual(DuplicateSearch.objects.get(owner=self.bob).pairs, [])

    def test_the_card_known_best_comes_first(self) -> None:
        answer(self.second, Rating.GOOD, now=NOW + timedelta(days=1))
        search = self.search()
        (group,) = collection_search.groups(owner_id=self.alice.pk, search=search)
        self.assertEqual(group.cards[0].id, self.second.id)

    def test_siblings_deleted_cards_and_those_told_apart_are_left_out(self) -> None:
        note = flashcard(self.alice).note_id
        for words in (("What is H2O?", "Water"), ("What is H2O?", "Water")):
            stored_card(self.alice, question=words[0], answer=words[1], note_id=note)
        embedding.embed_cards(owner_id=self.alice.pk)
        self.search()
        self.assertEqual(len(self.groups()), 1)
        ids = [self.first.id, self.second.id]
        resolving.mark_not_duplicates(owner_id=self.alice.pk, card_ids=ids, now=NOW)
        self.assertEqual(self.groups(), [])
        NotDuplicates.objects.all().delete()
        delete_card(owner_id=self.alice.pk, card_id=self.first.id, now=NOW)
        self.assertEqual(self.groups(), [])

    def test_once_stopped_it_ends_and_what_was_found_stays(self) -> None:
        search = collection_search.start(owner_id=self.alice.pk, now=timezone.now())
        again = collection_search.start(owner_id=self.alice.pk, now=timezone.now())
        self.assertEqual(search.id, again.id)
        collection_search.stop(owner_id=self.alice.pk, now=timezone.now())
        collection_search.run(owner_id=self.alice.pk, search_id=search.id)
        search.refresh_from_db()
        self.assertEqual((search.status, search.pairs), ("stopped", []))
        self.assertNotEqual(self.search().id, search.id)

    def test_a_search_whose_worker_died_says_so(self) -> None:
        old = timezone.now() - timedelta(minutes=6)
        collection_search.start(owner_id=self.alice.pk, now=old)
        found = collection_search.latest(owner_id=self.alice.pk, now=timezone.now())
        assert found is not None
        self.assertEqual(found.status, "failed")
        self.assertIn("interrupted", found.error)

    def test_without_the_model_it_says_so(self) -> None:
        broken = EmbeddingError("No model.")
        with (
            self.assertLogs("flashcards.duplicates.collection_search", "WARNING"),
            mock.patch.object(overlaps, "compare", autospec=True, side_effect=broken),
        ):
            search = self.search()
        self.assertEqual(search.status, "failed")
        self.assertIn("Try again later", search.error)

    def test_vectors_are_of_the_present_words_only(self) -> None:
        checkpoint_all()
        ids, matrix = vectors(self.alice.pk)
        self.assertEqual((len(ids), matrix.shape), (4, (4, 896)))
        delete_card(owner_id=self.alice.pk, card_id=self.first.id, now=NOW)
        edit_card(
            owner_id=self.alice.pk, card_id=self.second.id, question="Else?", answer="-", now=NOW
        )
        left, _ = vectors(self.alice.pk)
        self.assertFalse({self.first.id, self.second.id} & set(left))
        embedding.embed_cards(owner_id=self.alice.pk)
        self.assertIn(self.second.id, vectors(self.alice.pk)[0])
        self.assertEqual(vectors(uuid.uuid4())[0], [])


class PageTests(SearchTestCase):
    url = "/cards/duplicates/"

    def setUp(self) -> None:
        super().setUp()
        self.log_in()

    def act(self, name: str, *ids: uuid.UUID) -> Any:
        return self.client.post(reverse(f"flashcards:{name}", args=ids), follow=True)

    def undo(self, page: Any) -> Any:
        (toast,) = page.context["messages"]
        return self.client.post(toast.extra_tags.removeprefix("undo:"), follow=True)

    def card(self, card_id: uuid.UUID) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=card_id)

    def test_it_begins_shows_progress_and_is_stopped(self) -> None:
        self.assertContains(self.client.get(self.url), "Find duplicate cards")
        page = self.client.post(f"{self.url}start/", follow=True)
        self.assertContains(page, "Waiting for the worker")
        headers = {"HX-Request": "true", "HX-Target": "duplicates-progress"}
        self.assertNotContains(self.client.get(self.url, headers=headers), "<html")
        page = self.client.post(f"{self.url}stop/", follow=True)
        self.assertContains(page, "Stopped after 0 of 0 cards.")
        response = self.client.get(self.url, headers=headers)
        self.assertEqual(response.headers["HX-Refresh"], "true")

    def test_it_shows_the_groups_and_when_there_is_none(self) -> None:
        self.search()
        page = self.client.get(self.url)
        self.assertContains(page, "1 group of cards")
        self.assertContains(page, SAME[0])
        given = {"cards": f"{self.first.id} {self.second.id} nonsense"}
        page = self.client.post(f"{self.url}apart/", given, follow=True)
        self.assertContains(page, "No duplicates found")

    def test_deleting_one_is_undone(self) -> None:
        self.search()
        page = self.act("delete_duplicate", self.second.id)
        self.assertContains(page, "Card deleted.")
        self.undo(page)
        self.assertContains(self.client.get(self.url), "1 group of cards")

    def test_merging_and_replacing_are_undone(self) -> None:
        self.search()
        for action in ("merge_duplicate", "replace_duplicate"):
            with self.subTest(action=action):
                before = self.card(self.first.id)
                page = self.act(action, self.second.id, self.first.id)
                self.assertContains(page, "the other is in the trash")
                after = self.card(self.first.id)
                if action == "replace_duplicate":
                    self.assertEqual(after.question, SAME[0])
                self.assertEqual(after.due, before.due)
                self.assertContains(self.undo(page), "Both cards are restored.")
                self.assertEqual(self.card(self.first.id).question, before.question)
                self.assertEqual(self.card(self.first.id).extra, before.extra)
                self.card(self.second.id)

    def test_a_learner_without_cards_is_told_so(self) -> None:
        self.log_in(self.charlie)
        self.assertContains(self.client.get(self.url), "No cards yet")

    def test_strangers_visitors_and_other_methods(self) -> None:
        theirs = stored_card(self.bob)
        pair = (theirs.id, self.first.id)
        actions = ("merge_duplicate", "replace_duplicate", "undo_duplicate")
        for name in actions:
            self.assertEqual(self.act(name, *pair).status_code, 404)
            self.assertEqual(self.act(name, *reversed(pair)).status_code, 404)
            url = reverse(f"flashcards:{name}", args=pair)
            self.assertEqual(self.client.get(url).status_code, 405)
        self.assertEqual(self.act("merge_duplicate", self.first.id, self.first.id).status_code, 404)
        self.assertEqual(self.act("delete_duplicate", theirs.id).status_code, 404)
        self.client.post(f"{self.url}apart/", {"cards": f"{theirs.id} {self.first.id}"})
        self.assertFalse(NotDuplicates.objects.exists())
        self.client.logout()
        self.assertEqual(self.client.get(self.url).status_code, 302)


class BlockTests(TestCase):
    def test_pairs_across_blocks_are_found(self) -> None:
        with mock.patch.object(collection_search, "BLOCK", 2):
            cards = [flashcard(self.alice, question=q, answer="42") for q in ("A?", "B?", "C?")]
            twin = flashcard(self.alice, question="A?", answer="42")
            store(*cards, twin)
            embedding.embed_cards(owner_id=self.alice.pk)
            search = collection_search.start(owner_id=self.alice.pk, now=NOW)
            collection_search.run(owner_id=self.alice.pk, search_id=search.id)
            search.refresh_from_db()
            pairs = [{pair[0], pair[1]} for pair in search.pairs]
            self.assertIn({str(cards[0].id), str(twin.id)}, pairs)

    def test_slices_find_what_one_run_finds(self) -> None:
        questions = [f"Where is {place}?" for place in ("Rome", "Oslo", "Rome", "Bern", "Oslo")]
        store(*(flashcard(self.alice, question=q, answer="There") for q in questions))
        embedding.embed_cards(owner_id=self.alice.pk)
        search = collection_search.start(owner_id=self.alice.pk, now=NOW)
        collection_search.run(owner_id=self.alice.pk, search_id=search.id)
        search.refresh_from_db()
        whole = search.pairs
        self.assertGreaterEqual(len(whole), 2)
        # Stopped and started again while a job waits, which then does the new one.
        old, search = search, collection_search.start(owner_id=self.alice.pk, now=NOW)
        with mock.patch.object(collection_search, "BLOCK", 2):
            compared = []
            while search.status == "working":
                collection_search.run(owner_id=self.alice.pk, search_id=old.id, seconds=0)
                search.refresh_from_db()
                compared.append(search.compared)
        self.assertEqual(compared, [2, 4, 5])
        self.assertCountEqual(search.pairs, whole)


class OtherVerdictTests(SearchTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in()
        self.there = stored_card(self.alice, question="el perro", answer="dog")
        self.back = stored_card(self.alice, question="dog", answer="el perro")
        self.anode = stored_card(
            self.alice, question="What happens at the anode?", answer="Oxidation"
        )
        stored_card(self.alice, question="What happens at the cathode?", answer="Reduction")
        embedding.embed_cards(owner_id=self.alice.pk)
        self.search()

    def act(self, name: str, *ids: uuid.UUID) -> Any:
        return self.client.post(reverse(f"flashcards:{name}", args=ids), follow=True)

    def test_each_verdict_has_its_section(self) -> None:
        page = self.client.get("/cards/duplicates/")
        self.assertContains(page, "1 group of cards that look like duplicates")
        self.assertContains(page, "1 fact asked both ways round")
        self.assertContains(page, "that are easily confused")
        self.assertContains(page, f"{self.anode.id}/contrast/?with=")

    def test_two_directions_are_joined_and_separated(self) -> None:
        page = self.act("join_duplicates", self.back.id, self.there.id)
        self.assertContains(page, "asked both ways round")
        self.assertNotContains(page, "1 fact asked both ways round")
        joined = get_card(owner_id=self.alice.pk, card_id=self.back.id)
        self.assertEqual((joined.note_id, joined.ordinal), (self.there.note_id, 2))
        (toast,) = page.context["messages"]
        self.client.post(toast.extra_tags.removeprefix("undo:"))
        apart = get_card(owner_id=self.alice.pk, card_id=self.back.id)
        self.assertEqual((apart.kind, apart.question), ("basic", "dog"))

    def test_pairs_of_an_earlier_search_are_duplicates(self) -> None:
        DuplicateSearch.objects.update(pairs=[[str(self.there.id), str(self.back.id), 0.9]])
        search = DuplicateSearch.objects.get(owner=self.alice)
        (group,) = collection_search.groups(owner_id=self.alice.pk, search=search)
        self.assertEqual(group.verdict, "same")

    def test_nobody_joins_the_cards_of_another(self) -> None:
        self.log_in(self.bob)
        for name in ("join_duplicates", "separate_duplicates"):
            self.assertEqual(self.act(name, self.back.id, self.there.id).status_code, 404)
            url = reverse(f"flashcards:{name}", args=[self.back.id, self.there.id])
            self.assertEqual(self.client.get(url).status_code, 405)
