"""The switch from one embedding model to another: at each step search finds cards by meaning."""

import dataclasses
import datetime
import time
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock
from uuid import UUID

from django.db import connection

from flashcards import store
from flashcards.cards import embedding, jobs, model_switch
from flashcards.cards.cards import delete_card, edit_card
from flashcards.cards.trash import restore
from flashcards.domain.records import Flashcard
from flashcards.maintenance import check
from flashcards.models import CardVector, StoreVersions
from flashcards.store import cards, failpoints
from flashcards.store.lance import tables
from flashcards.store.maintenance import checkpoint
from flashcards.store.rows.schema import FLASHCARDS
from memoryloop.embeddings import EmbeddingError
from memoryloop.embeddings.builtin import BuiltIn
from memoryloop.embeddings.minilm import MiniLM
from tests.base import TestCase
from tests.engines import InLanceDB, InPostgreSQL
from tests.factories import NOW, stored_card
from tests.flashcards.embedders import Words, using

TOPICS = ("kidney", "sonnet", "lithium", "osmosis", "recursion")
STEPS = ("vectors-begun", "vectors-indexed", "vectors-before-switch", "vectors-switched")


class DiedError(Exception):
    """What a kill is in these tests."""


class SwitchContract(TestCase):
    """Promises of every engine. For an engine's tests to inherit."""

    def setUp(self) -> None:
        self.old, self.new = Words(BuiltIn.name, BuiltIn.dimensions), Words("new", 480)
        self.cards = [stored_card(self.alice, question=f"What is {w}?") for w in TOPICS]
        stored_card(self.bob, question="What is lithium?")
        with using(wanted=self.old):
            self.embed_everything()
        store.checkpoint_all()

    def switching(self) -> AbstractContextManager[None]:
        return using(self.old, wanted=self.new)

    def embed_everything(self) -> None:
        for owner in (self.alice, self.bob):
            embedding.embed_all(owner_id=owner.pk)

    def found(self, word: str) -> list[str]:
        near = embedding.similar_cards(owner_id=self.alice.pk, text=word, limit=1)
        return [card.question for card in near]

    def assert_all_are_found(self, *more: str, but: str = "") -> None:
        for word in (*TOPICS, *more):
            if word != but:
                self.assertEqual(self.found(word), [f"What is {word}?"])
        ids, matrix = store.vectors(self.alice.pk)
        served = list(store.read_vector_sets().served_keys)
        embedded = cards.for_owner(self.alice).filter(embedding_model__in=served)
        self.assertEqual(len(ids), embedded.count())
        self.assertEqual(len(set(ids)), len(matrix))

    def columns(self) -> set[str]:
        """Return the columns of the sets that there are, or whose vectors are still there."""
        raise NotImplementedError

    def serving(self) -> str:
        return store.read_vector_sets().serving.model

    def test_at_each_step_the_cards_are_found_and_changes_go_on(self) -> None:
        with self.switching():
            model_switch.follow_settings()
            self.assertEqual(self.columns(), {"embedding_1", "embedding_2"})
            self.assert_all_are_found()
            self.assertEqual(embedding.embed_cards(owner_id=self.alice.pk, limit=2), 2)
            self.assert_all_are_found()
            store.checkpoint_all()
            self.assert_all_are_found()
            # One of those that have both vectors gets other words, and another is new.
            both = cards.for_owner(self.alice).filter(embedding_model="new")[0]
            edit_card(
                owner_id=self.alice.pk, card_id=both.id, question="What is inertia?", answer="a",
                now=NOW,
            )  # fmt: skip
            gone = both.question.split()[-1].rstrip("?")
            stored_card(self.alice, question="What is entropy?")
            self.assertFalse(store.finish_vectors())
            for limit in (1, 1, 3, 3, 3, 3):
                embedding.embed_cards(owner_id=self.alice.pk, limit=limit)
                self.assert_all_are_found(*self.embedded_of("inertia", "entropy"), but=gone)
                store.checkpoint_all()
                self.assert_all_are_found(*self.embedded_of("inertia", "entropy"), but=gone)
            self.assertEqual(self.serving(), BuiltIn.name)
            self.assertFalse(store.finish_vectors())
            self.embed_everything()
            self.assertTrue(store.finish_vectors())
            self.assertEqual(self.serving(), "new")
            self.assert_all_are_found("inertia", "entropy", but=gone)
            store.checkpoint_all()
            self.assert_all_are_found("inertia", "entropy", but=gone)
        self.assertEqual(check.check().findings, [])
        self.assertEqual(self.embedded_of("inertia", "entropy"), ["inertia", "entropy"])

    def embedded_of(self, *words: str) -> list[str]:
        """Return those of the words whose card has got its vector."""
        served = store.read_vector_sets().served_keys
        found = cards.for_owner(self.alice).filter(embedding_model__in=list(served))
        questions = {card.question for card in found}
        return [word for word in words if f"What is {word}?" in questions]

    def test_killed_at_any_step_it_goes_on(self) -> None:
        for number, step in enumerate(STEPS):
            with self.subTest(step):
                wanted = Words(f"model {number}", 500 + number)
                before = Words(self.serving(), store.read_vector_sets().serving.dimensions)

                def die(reached: str, step: str = step) -> None:
                    if reached == step:
                        raise DiedError

                with using(self.old, before, wanted=wanted):
                    with (
                        mock.patch.object(failpoints, "reach", autospec=True, side_effect=die),
                        self.assertRaises(DiedError),
                    ):
                        model_switch.follow_settings()
                        self.embed_everything()
                        store.finish_vectors()
                    self.assert_all_are_found()
                    model_switch.follow_settings()
                    self.embed_everything()
                    store.finish_vectors()
                    self.assertEqual(self.serving(), wanted.name)
                    self.assert_all_are_found()
        self.assertEqual(check.check().findings, [])

    def test_whoever_changes_their_mind_keeps_what_serves(self) -> None:
        third = Words("third", 320)
        with self.switching():
            model_switch.follow_settings()
            embedding.embed_all(owner_id=self.alice.pk)
            self.assert_all_are_found()
        with using(self.old, wanted=third):
            model_switch.follow_settings()
            self.assert_all_are_found()
        with using(wanted=self.old):
            self.assertIsNone(model_switch.follow_settings().coming)
            self.assert_all_are_found()
        with self.switching():
            # What was made of it before may be of other words by now.
            sets = model_switch.follow_settings()
            assert sets.coming is not None
            self.assertEqual((sets.coming.key, sets.coming.model), ("new#4", "new"))
            self.assertFalse(store.finish_vectors())
            self.embed_everything()
            self.assertTrue(store.finish_vectors())
            self.assert_all_are_found()

    def test_a_card_in_the_trash_is_found_once_it_is_restored(self) -> None:
        (lithium,) = (card for card in self.cards if "lithium" in card.question)
        delete_card(owner_id=self.alice.pk, card_id=lithium.id, now=NOW)
        with self.switching():
            model_switch.follow_settings()
            self.embed_everything()
            self.assertTrue(store.finish_vectors())
            restore(owner_id=self.alice.pk, card_ids=[lithium.id])
            store.checkpoint_all()
            self.assert_all_are_found()

    def test_vectors_of_the_old_model_that_come_too_late_are_made_of_the_new(self) -> None:
        with self.switching():
            model_switch.follow_settings()
            self.embed_everything()
            stored_card(self.alice, question="What is entropy?")

            def switch() -> None:
                self.assertTrue(store.finish_vectors())

            self.old.meanwhile = switch
            self.assertEqual(embedding.embed_cards(owner_id=self.alice.pk), 1)
            self.assertEqual(self.serving(), "new")
            self.assert_all_are_found("entropy")

    def test_while_the_wanted_model_is_away_the_other_serves_new_cards_too(self) -> None:
        with self.switching():
            model_switch.follow_settings()
            self.new.fails = True
            stored_card(self.alice, question="What is entropy?")
            with self.assertRaisesRegex(EmbeddingError, "gone"):
                self.embed_everything()
            self.assert_all_are_found("entropy")
            model_switch.work(sweep=False)
            self.assertEqual(self.serving(), BuiltIn.name)

    def test_a_model_that_is_not_known_any_more_is_left_behind(self) -> None:
        with using(wanted=self.new):
            stored_card(self.alice, question="What is entropy?")
            model_switch.follow_settings()
            self.embed_everything()
            self.assertTrue(store.finish_vectors())
            self.assert_all_are_found("entropy")

    def test_all_are_made_anew_beside_those_that_serve(self) -> None:
        with using(wanted=self.old):
            before = self.old.texts
            self.assertEqual(model_switch.make_anew().filled[-1].key, f"{BuiltIn.name}#2")
            self.assert_all_are_found()
            self.embed_everything()
            self.assertTrue(store.finish_vectors())
            self.assert_all_are_found()
        self.assertGreaterEqual(self.old.texts - before, len(TOPICS) + 1)

    def test_the_worker_switches_by_itself(self) -> None:
        asked: list[UUID] = []
        with (
            self.switching(),
            mock.patch.object(jobs, "request_embedding", side_effect=asked.append),
        ):
            model_switch.work(sweep=False)
            self.assertEqual(set(asked), {self.alice.pk, self.bob.pk})
            for owner_id in asked:
                embedding.embed_all(owner_id=owner_id)
            model_switch.work(sweep=False)
            self.assertEqual(self.serving(), "new")
            asked.clear()
            model_switch.work(sweep=True)
            self.assertEqual(asked, [])
            stored_card(self.bob)
            model_switch.work(sweep=True)
            self.assertEqual(asked, [self.bob.pk])

    def test_the_columns_that_nobody_asks_for_go_after_an_hour(self) -> None:
        with self.switching():
            model_switch.follow_settings()
            self.embed_everything()
            self.assertTrue(store.finish_vectors())
            self.assertEqual(store.drop_retired_vectors(), 0)
            later = datetime.datetime.now(datetime.UTC).timestamp() + 4_000
            with mock.patch.object(time, "time", return_value=later):
                self.assertEqual(store.drop_retired_vectors(), 1)
            self.assertEqual(self.columns(), {"embedding_2"})
            self.assert_all_are_found()
            self.cards.append(stored_card(self.alice))
            store.checkpoint_all()
        self.assertEqual(check.check().findings, [])

    def test_an_import_in_the_middle_brings_no_vectors_that_do_not_fit(self) -> None:
        (card, vector) = self.new_card("What is inertia?"), self.old.embed(["inertia"])[0]
        with self.switching():
            model_switch.follow_settings()
            store.lock_owner(self.alice.pk)
            store.write_many(self.alice.pk, [card], [], [vector])
            store.checkpoint_all()
            self.assert_all_are_found("inertia")

    def new_card(self, question: str) -> Flashcard:
        card = stored_card(self.bob, question=question)
        return dataclasses.replace(
            card,
            id=UUID(int=7),
            note_id=UUID(int=7),
            owner_id=self.alice.pk,
            embedding_model=BuiltIn.name,
        )

    def test_another_width_under_the_same_name_is_told_plainly(self) -> None:
        wider = Words(BuiltIn.name, 12)
        with using(wanted=wider), self.assertRaisesRegex(EmbeddingError, "reembed --all"):
            self.found("kidney")
        stored_card(self.alice)
        with using(wanted=wider), self.assertRaisesRegex(EmbeddingError, "reembed --all"):
            self.embed_everything()


class PostgreSQLSwitchTests(InPostgreSQL, SwitchContract):
    def columns(self) -> set[str]:
        there = set(CardVector.objects.values_list("column", flat=True))
        return there | {each.column for each in store.read_vector_sets().filled}


class LanceDBSwitchTests(InLanceDB, SwitchContract):
    def columns(self) -> set[str]:
        schema = tables.for_writing(FLASHCARDS).schema
        return set(schema.names) - set(FLASHCARDS.schema.names)

    def test_a_checkpoint_that_dies_loses_no_vector(self) -> None:
        with self.switching():
            model_switch.follow_settings()
            self.embed_everything()

            def die(reached: str) -> None:
                if reached == "checkpoint-before-commit":
                    raise DiedError

            dying = mock.patch.object(failpoints, "reach", autospec=True, side_effect=die)
            with dying, self.assertRaises(DiedError):
                checkpoint.run()
            self.assert_all_are_found()
            self.assertTrue(store.finish_vectors())
            self.assert_all_are_found()

    def test_a_store_of_one_model_is_searched_and_then_brought_up(self) -> None:
        """As after the upgrade of an installation that has MiniLM's vectors."""
        earlier = Words(MiniLM.name, MiniLM.dimensions)
        with using(earlier, wanted=self.old):
            self.leave_one_model()
            self.embed_everything()
            checkpoint.run()
            self.assertEqual(self.columns(), {"embedding_1", "embedding"})
            self.assert_all_are_found()
            model_switch.follow_settings()
            stored_card(self.alice, question="What is entropy?")
            self.embed_everything()
            self.assert_all_are_found("entropy")
            self.assertTrue(store.finish_vectors())
            self.assert_all_are_found("entropy")

    def leave_one_model(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(import_module("flashcards.migrations.0020_vector_sets").OF_ONE_MODEL)
        sets = dataclasses.replace(store.read_vector_sets(), made=1)
        StoreVersions.objects.update(vectors=sets.to_json())

    def test_a_backup_in_the_middle_has_both(self) -> None:
        with self.switching(), TemporaryDirectory() as folder:
            model_switch.follow_settings()
            embedding.embed_cards(owner_id=self.alice.pk, limit=2)
            checkpoint.run()
            with store.snapshot() as snapshot:
                snapshot.write_files(Path(folder), lambda _: 0)
            named = [path.name for path in Path(folder).iterdir()]
            with store.restore_files(Path(folder), named):
                pass
            self.assertEqual(self.columns(), {"embedding_1", "embedding_2"})
            filled = tables.for_writing(FLASHCARDS).count_rows("embedding_2 IS NOT NULL")
            self.assertEqual(filled, 2)


# By itself it settles nothing.
del SwitchContract
