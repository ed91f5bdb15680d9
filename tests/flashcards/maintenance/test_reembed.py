"""reembed gives every card a vector of the wanted model, and can be cut off."""

import json
from io import StringIO
from unittest import mock

from django.core.management import call_command
from django.core.management.base import CommandError

from accounts.models import User
from flashcards.cards import embedding
from flashcards.maintenance import reembed
from flashcards.store import cards
from flashcards.store.maintenance import checkpoint
from memoryloop.embeddings import EmbeddingError
from memoryloop.embeddings.builtin import BuiltIn
from tests.base import TestCase
from tests.factories import stored_card
from tests.flashcards.embedders import Words, using

OLD, NEW = BuiltIn.name, "model-of-today"


class ReembedTests(TestCase):
    def setUp(self) -> None:
        self.old, self.new = Words(OLD, BuiltIn.dimensions), Words(NEW, 300)
        for owner, count in ((self.alice, 3), (self.bob, 2)):
            for _ in range(count):
                stored_card(owner)
            with using(wanted=self.old):
                embedding.embed_cards(owner_id=owner.pk)
        checkpoint.run()
        # Never embedded, and still in the journal.
        stored_card(self.alice)

    def models(self, owner: User) -> list[str]:
        return [card.embedding_model for card in cards.for_owner(owner).with_deleted()]

    def test_what_is_missing_is_embedded_and_nothing_else(self) -> None:
        with using(wanted=self.old):
            self.assertEqual(reembed.reembed(), reembed.Reembedded(1, 1, OLD))
            self.assertEqual(reembed.reembed(), reembed.Reembedded(0, 0, OLD))

    def test_the_wanted_models_vectors_serve_once_all_are_there(self) -> None:
        with using(self.old, wanted=self.new):
            done = reembed.reembed()
            self.assertEqual((done.owners, done.serving, done.coming), (2, NEW, ""))
            self.assertEqual(reembed.reembed(), reembed.Reembedded(0, 0, NEW))
        self.assertEqual(self.models(self.alice) + self.models(self.bob), [NEW] * 6)

    def test_all_are_made_anew_when_asked(self) -> None:
        with using(wanted=self.old):
            done = reembed.reembed(everything=True)
        self.assertEqual((done.owners, done.serving), (2, OLD))
        self.assertEqual(set(self.models(self.alice)), {f"{OLD}#2"})

    def test_one_learners_cards_alone(self) -> None:
        with using(self.old, wanted=self.new):
            done = reembed.reembed(owner_id=self.bob.pk)
        self.assertEqual(done, reembed.Reembedded(1, 2, OLD, NEW))
        self.assertEqual(self.models(self.bob), [NEW] * 2)
        self.assertEqual(self.models(self.alice), [OLD] * 3 + [""])

    def test_cut_off_it_goes_on_where_it_was(self) -> None:
        with using(self.old, wanted=self.new):
            # One owner's cards, four or two, are a batch: enough for either, never for both.
            self.fail_after(5)
            with self.assertRaises(EmbeddingError):
                reembed.reembed()
            self.assertIn(self.new.texts, (2, 4))
            self.left = 100
            self.assertEqual(reembed.reembed().serving, NEW)
        self.assertEqual(self.new.texts, 6)

    def fail_after(self, cards_made: int) -> None:
        real, self.left = self.new.embed, cards_made

        def embed(texts: list[str]) -> object:
            self.left -= len(texts)
            self.new.fails = self.left < 0
            return real(texts)

        self.enterContext(mock.patch.object(self.new, "embed", side_effect=embed))

    def test_progress_is_told(self) -> None:
        told: list[tuple[int, int]] = []
        with using(self.old, wanted=self.new):
            reembed.reembed(progress=lambda done, of: told.append((done, of)))
        self.assertEqual(told[-1][0], told[-1][1])

    def test_the_command_tells_people_and_machines(self) -> None:
        with using(self.old, wanted=self.new):
            out = StringIO()
            call_command("reembed", "--owner", "bob@example.org", "--json", stdout=out)
            expected = {"owners": 1, "embedded": 2, "serving": OLD, "coming": NEW}
            self.assertEqual(json.loads(out.getvalue()), expected)
            out = StringIO()
            call_command("reembed", "--owner", "bob@example.org", stdout=out)
            self.assertIn(f"Those of {NEW} are to come, and those of {OLD} serve", out.getvalue())
            out = StringIO()
            call_command("reembed", stdout=out)
            self.assertIn(f"The vectors of {NEW} serve.", out.getvalue())
        with self.assertRaisesRegex(CommandError, "Nobody has the email address who@example.org"):
            call_command("reembed", "--owner", "who@example.org")
        stored_card(self.bob)
        self.new.fails = True
        with using(wanted=self.new), self.assertRaisesRegex(CommandError, "The server is gone"):
            call_command("reembed")
