"""reembed gives every card a vector of the present model, and can be cut off."""

import json
from io import StringIO
from typing import Any
from unittest import mock

import numpy as np
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from flashcards.cards import embedding
from flashcards.cards.cards import delete_card
from flashcards.maintenance import reembed
from flashcards.store import cards
from flashcards.store.lance import tables
from flashcards.store.lance.schema import FLASHCARDS
from flashcards.store.maintenance import checkpoint
from memoryloop.embeddings import EmbeddingError
from tests.base import TestCase
from tests.factories import NOW, stored_card

OLD, NEW = "model-of-old", "model-of-today"


class Model:
    """An embedder that costs nothing: each text gets the direction of its model."""

    dimensions = 896

    def __init__(self, name: str, texts_most: int = 1_000_000) -> None:
        self.name = name
        self.left = texts_most

    def embed(self, texts: Any) -> Any:
        self.left -= len(texts)
        if self.left < 0:
            raise EmbeddingError("The model could not be run.")
        vectors = np.zeros((len(texts), 896), dtype=np.float32)
        vectors[:, 0 if self.name == OLD else 1] = 1.0
        return vectors


class ReembedTests(TestCase):
    def setUp(self) -> None:
        for owner, count in ((self.alice, 3), (self.bob, 2)):
            for _ in range(count):
                stored_card(owner)
            with self.model(OLD):
                embedding.embed_cards(owner_id=owner.pk)
        checkpoint.run()
        # Never embedded, and still in the journal.
        stored_card(self.alice)

    def model(self, name: str, texts_most: int = 1_000_000) -> Any:
        model = Model(name, texts_most)
        stack = mock.patch.multiple(embedding, get_embedder=lambda: model)
        other = mock.patch.multiple(reembed, get_embedder=lambda: model)
        return _Both(stack, other)

    def models(self, owner: User) -> list[str]:
        found = cards.for_owner(owner).with_deleted()
        return [card.embedding_model for card in found]

    def stored_directions(self) -> set[int | None]:
        rows = tables.for_writing(FLASHCARDS).to_arrow()["embedding"].to_pylist()
        return {None if row is None else row.index(1.0) for row in rows}

    def test_only_what_is_missing_or_made_by_another_model_is_embedded(self) -> None:
        with self.model(NEW):
            done = reembed.reembed()
            self.assertEqual((done.owners, done.dropped, done.embedded), (2, 5, 6))
            again = reembed.reembed()
        self.assertEqual((again.owners, again.dropped, again.embedded), (0, 0, 0))
        self.assertEqual(self.models(self.alice) + self.models(self.bob), [NEW] * 6)
        self.assertEqual(self.stored_directions(), {1})

    def test_all_are_embedded_when_asked(self) -> None:
        with self.model(OLD):
            done = reembed.reembed(everything=True)
        self.assertEqual((done.dropped, done.embedded), (5, 6))

    def test_one_learners_cards_alone(self) -> None:
        with self.model(NEW):
            done = reembed.reembed(owner_id=self.bob.pk)
        self.assertEqual((done.owners, done.embedded), (1, 2))
        self.assertEqual(self.models(self.bob), [NEW] * 2)
        self.assertEqual(self.models(self.alice), [OLD] * 3 + [""])

    def test_cut_off_it_goes_on_where_it_was(self) -> None:
        # One owner's four or two cards are a batch: enough for either of them, never for both.
        with self.model(NEW, texts_most=5), self.assertRaises(EmbeddingError):
            reembed.reembed()
        with self.model(NEW):
            done = reembed.reembed()
        self.assertEqual(self.models(self.alice) + self.models(self.bob), [NEW] * 6)
        self.assertIn(done.embedded, {2, 4})

    def test_a_card_in_the_bin_loses_the_old_vector(self) -> None:
        card = cards.for_owner(self.bob).first()
        assert card is not None
        delete_card(owner_id=self.bob.pk, card_id=card.id, now=NOW)
        with self.model(NEW):
            reembed.reembed()
        self.assertEqual(sorted(self.models(self.bob)), ["", NEW])
        self.assertEqual(self.stored_directions(), {1, None})

    def test_the_command_tells_people_and_machines(self) -> None:
        with self.model(NEW):
            out = StringIO()
            call_command("reembed", "--owner", "bob@example.org", "--json", stdout=out)
            self.assertEqual(json.loads(out.getvalue()), {"owners": 1, "dropped": 2, "embedded": 2})
            out = StringIO()
            call_command("reembed", "--all", stdout=out)
            self.assertEqual(
                out.getvalue(), "5 vectors thrown away; 6 cards embedded, of 2 learners.\n"
            )
        with self.assertRaisesRegex(CommandError, "Nobody has the email address who@example.org"):
            call_command("reembed", "--owner", "who@example.org")
        with self.model(OLD, texts_most=0), self.assertRaisesRegex(CommandError, "could not be"):
            call_command("reembed")


class _Both:
    def __init__(self, *patches: Any) -> None:
        self.patches = patches

    def __enter__(self) -> None:
        for patch in self.patches:
            patch.start()

    def __exit__(self, *_: object) -> None:
        for patch in self.patches:
            patch.stop()
