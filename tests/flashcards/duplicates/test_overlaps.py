"""Drafts and written cards are compared with the learner's own cards, and with nobody else's."""

from typing import Any
from unittest import mock

from django.urls import reverse

from chat.models import Conversation, Message
from flashcards.cards import embedding, history
from flashcards.cards.cards import count_cards, delete_card, get_card
from flashcards.domain.records import Flashcard
from flashcards.duplicates import overlaps as duplicates
from flashcards.duplicates import resolving
from flashcards.models import Draft, DraftBatch, NotDuplicates
from flashcards.store.maintenance import checkpoint
from flashcards.web.pages.origins import make_url
from memoryloop.embeddings import EmbeddingError
from tests.base import TestCase
from tests.factories import NOW, stored_card

SPAIN = ("What is the capital of Spain?", "Madrid")
SAME_AS_SPAIN = ("Which city is Spain's capital?", "Madrid")
PORTUGAL = ("What is the capital of Portugal?", "Lisbon")


class OverlapTests(TestCase):
    def setUp(self) -> None:
        self.spain = stored_card(self.alice, question=SPAIN[0], answer=SPAIN[1])
        stored_card(self.alice, question="What do enzymes do?", answer="They catalyse reactions.")
        stored_card(self.bob, question=PORTUGAL[0], answer=PORTUGAL[1])

    def embed(self) -> None:
        for owner in (self.alice, self.bob):
            embedding.embed_cards(owner_id=owner.pk)

    def overlaps(self, *drafts: tuple[str, str], **given: Any) -> list[list[tuple[str, str]]]:
        found = duplicates.find_overlaps(owner_id=self.alice.pk, drafts=drafts, **given)
        return [[(one.card.question, one.verdict) for one in each] for each in found]

    def test_the_same_is_told_from_what_is_near_and_what_is_not(self) -> None:
        self.embed()
        for _ in range(2):
            same, near, none = self.overlaps(
                SAME_AS_SPAIN, PORTUGAL, ("Who painted Guernica?", "Picasso")
            )
            self.assertEqual(same, [(SPAIN[0], "same")])
            self.assertIn(near, ([], [(SPAIN[0], "near")]))
            self.assertEqual(none, [])
            checkpoint.run()

    def test_a_card_that_the_worker_has_not_seen_yet_is_found_by_its_words(self) -> None:
        self.assertEqual(self.overlaps(SPAIN), [[(SPAIN[0], "same")]])

    def test_another_learners_cards_take_no_part(self) -> None:
        self.embed()
        self.assertNotIn((PORTUGAL[0], "same"), self.overlaps(PORTUGAL)[0])

    def test_cards_of_the_same_note_are_left_out(self) -> None:
        self.embed()
        self.assertEqual(self.overlaps(SPAIN, leave_out=[self.spain.note_id]), [[]])

    def test_a_deleted_card_is_no_overlap(self) -> None:
        self.embed()
        delete_card(owner_id=self.alice.pk, card_id=self.spain.id, now=NOW)
        self.assertEqual(self.overlaps(SPAIN), [[]])

    def test_without_the_model_nothing_overlaps(self) -> None:
        broken = mock.Mock(embed=mock.Mock(side_effect=EmbeddingError("No model.")))
        with (
            self.assertLogs("flashcards.duplicates.overlaps", "WARNING"),
            mock.patch.object(embedding, "embedder_named", autospec=True, return_value=broken),
        ):
            self.assertEqual(self.overlaps(SPAIN, PORTUGAL), [[], []])

    def test_nothing_to_compare_costs_nothing(self) -> None:
        with self.assertNumQueries(0):
            self.assertEqual(self.overlaps(), [])

    def test_no_words_break_it(self) -> None:
        for odd in (("", ""), ("?", "!"), ("{{c1::x}}", ""), ("```\n```", "$$")):
            self.overlaps(odd)


class ChangeTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(
            self.alice, question=SPAIN[0], answer=SPAIN[1], embedding_model="some"
        )
        self.given: dict[str, Any] = {
            "owner_id": self.alice.pk,
            "card_id": self.card.id,
            "now": NOW,
        }

    def test_replacing_takes_the_words_and_leaves_the_schedule_and_a_history(self) -> None:
        after = resolving.replace(
            question=SAME_AS_SPAIN[0], answer="Madrid.", kind="basic", **self.given
        )
        self.assertEqual((after.question, after.answer), (SAME_AS_SPAIN[0], "Madrid."))
        self.assertEqual((after.due, after.embedding_model), (self.card.due, ""))
        edits = history.edits_of(owner_id=self.alice.pk, card_id=self.card.id)
        self.assertEqual(len(edits), 1)

    def test_merging_adds_what_only_the_draft_says(self) -> None:
        after = resolving.merge(
            question="Capital of Spain", answer="Madrid, since 1561", **self.given
        )
        self.assertEqual(after.answer, "Madrid")
        self.assertIn("since 1561", after.extra)
        self.assertEqual(after, resolving.merge(question="Spain", answer="Madrid", **self.given))

    def test_a_sibling_is_merged_rather_than_torn_from_its_note(self) -> None:
        stored_card(self.alice, note_id=self.card.note_id)
        after = resolving.replace(
            question="Where is Spain governed from?", answer="Madrid", kind="basic", **self.given
        )
        self.assertEqual(after.question, SPAIN[0])
        self.assertIn("governed", after.extra)

    def test_nobody_changes_the_card_of_another(self) -> None:
        given: dict[str, Any] = {
            **self.given,
            "owner_id": self.bob.pk,
            "question": "Q",
            "answer": "A",
        }
        with self.assertRaises(Flashcard.DoesNotExist):
            resolving.replace(kind="basic", **given)
        with self.assertRaises(Flashcard.DoesNotExist):
            resolving.merge(**given)

    def test_a_contrast_names_what_differs(self) -> None:
        question, answer = resolving.contrast(
            ("What is mitosis?", "Two cells"), ("What is meiosis?", "Four cells")
        )
        self.assertEqual(question, "What is the difference between mitosis and meiosis?")
        self.assertEqual(answer, "- mitosis: Two cells\n- meiosis: Four cells")

    def test_pairs_are_remembered_once_and_only_the_owners(self) -> None:
        mine, theirs = stored_card(self.alice), stored_card(self.bob)
        ids = [self.card.id, mine.id, theirs.id]
        for _ in range(2):
            resolving.mark_not_duplicates(owner_id=self.alice.pk, card_ids=ids, now=NOW)
        self.assertEqual(NotDuplicates.objects.count(), 1)
        pair = tuple(sorted((self.card.id, mine.id), key=str))
        self.assertEqual(resolving.marked_pairs(self.alice.pk), {pair})
        self.assertEqual(resolving.marked_pairs(self.bob.pk), set())


class DraftPageTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.card = stored_card(self.alice, question=SPAIN[0], answer=SPAIN[1])
        conversation = Conversation.objects.create(owner=self.alice)
        message = Message.objects.create(
            conversation=conversation,
            position=0,
            role=Message.Role.ASSISTANT,
            content="Madrid is it. " * 20,
        )
        self.batch = DraftBatch.objects.create(
            owner=self.alice, message=message, status=DraftBatch.Status.READY
        )
        self.draft = Draft.objects.create(
            batch=self.batch, position=0, question=SAME_AS_SPAIN[0], answer="Madrid, in Castile"
        )

    def url(self, action: str = "") -> str:
        if not action:
            return reverse("flashcards:draft_overlap", args=[self.draft.id])
        return reverse(f"flashcards:overlap_{action}", args=[self.draft.id, self.card.id])

    def reloaded(self) -> Draft:
        return Draft.objects.get(id=self.draft.id)

    def now(self) -> Flashcard:
        return get_card(owner_id=self.alice.pk, card_id=self.card.id)


class DraftPageTests(DraftPageTestCase):
    def test_the_tray_asks_for_it_and_it_is_shown(self) -> None:
        tray = self.client.get(make_url(self.batch))
        self.assertContains(tray, f'hx-get="{self.url()}"')
        fragment = self.client.get(self.url(), headers={"HX-Request": "true"})
        self.assertContains(fragment, "You already have this card")
        self.assertContains(fragment, SPAIN[0])
        self.assertNotContains(fragment, "<html")
        self.assertContains(self.client.get(self.url()), "<html")

    def test_dropping_drops_the_draft(self) -> None:
        self.assertRedirects(self.client.post(self.url("drop")), make_url(self.batch))
        self.assertEqual(self.reloaded().decision, "drop")
        self.assertNotContains(self.client.get(self.url()), "You already have this card")

    def test_keeping_both_is_not_asked_again(self) -> None:
        self.client.post(self.url("keep"))
        self.assertEqual(self.reloaded().decision, "keep")
        self.assertNotContains(self.client.get(self.url()), "You already have this card")

    def test_merging_and_replacing_change_the_card_and_drop_the_draft(self) -> None:
        page = self.client.post(self.url("merge"), follow=True)
        self.assertContains(page, "Added to your existing card.")
        self.assertIn("Castile", self.now().extra)
        self.assertEqual(self.reloaded().decision, "drop")
        page = self.client.post(self.url("replace"), follow=True)
        self.assertEqual(self.now().question, SAME_AS_SPAIN[0])
        (toast,) = page.context["messages"]
        self.client.post(toast.extra_tags.removeprefix("undo:"))
        self.assertEqual(self.now().question, SPAIN[0])

    def test_a_contrast_becomes_a_draft(self) -> None:
        self.client.post(self.url("contrast"))
        added = self.batch.drafts.get(position=1)
        self.assertTrue(added.question.startswith("What is the difference between"))

    def test_decided_drafts_are_left_alone(self) -> None:
        DraftBatch.objects.update(status=DraftBatch.Status.DONE)
        for action in ("keep", "drop", "contrast"):
            page = self.client.post(self.url(action), follow=True)
            self.assertContains(page, "already added or dismissed")
        self.assertEqual(self.batch.drafts.count(), 1)

    def test_strangers_visitors_and_other_methods(self) -> None:
        actions = ("keep", "drop", "merge", "replace", "contrast", "both_ways")
        for action in actions:
            self.assertEqual(self.client.get(self.url(action)).status_code, 405)
        self.assertEqual(self.client.post(self.url()).status_code, 405)
        theirs = stored_card(self.bob)
        mine, self.card = self.card, theirs
        for action in actions:
            self.assertEqual(self.client.post(self.url(action)).status_code, 404)
        self.card = mine
        self.log_in(self.bob)
        for action in actions:
            self.assertEqual(self.client.post(self.url(action)).status_code, 404)
        self.assertEqual(self.client.get(self.url()).status_code, 404)
        self.client.logout()
        self.assertEqual(self.client.get(self.url()).status_code, 302)


class WrittenTests(TestCase):
    url = "/cards/check/"

    def setUp(self) -> None:
        self.card = stored_card(self.alice, question=SPAIN[0], answer=SPAIN[1])

    def check(self, **words: str) -> Any:
        given = {"question": SAME_AS_SPAIN[0], "answer": "Madrid", **words}
        return self.client.post(self.url, given)

    def test_what_is_being_written_is_compared_and_stores_nothing(self) -> None:
        self.log_in()
        self.assertContains(self.client.get("/cards/new/"), self.url)
        self.assertContains(self.check(), "You already have this card")
        self.assertNotContains(self.check(answer=""), "You already have this card")
        self.assertEqual(count_cards(owner_id=self.alice.pk), 1)

    def test_a_card_being_edited_is_not_compared_with_itself(self) -> None:
        self.log_in()
        self.assertNotContains(self.check(card=str(self.card.id)), "You already have this card")
        self.assertContains(self.check(card="no id"), "You already have this card")

    def test_the_other_direction_and_what_is_easily_confused(self) -> None:
        self.log_in()
        stored_card(self.alice, question="el perro", answer="dog")
        reversed_ = self.check(question="dog", answer="el perro")
        self.assertContains(reversed_, "You have this the other way round")
        self.assertContains(reversed_, "both-ways")
        # A note that asks in both directions repeats half of that card's.
        both = self.check(question="dog", answer="el perro", kind="reversed")
        self.assertContains(both, "You already have this card")
        anode = stored_card(self.alice, question="What happens at the anode?", answer="Oxidation")
        cathode = {"question": "What happens at the cathode?", "answer": "Reduction"}
        self.assertContains(self.check(**cathode), "Easily confused with one of your cards")
        url = reverse("flashcards:contrast_written", args=[anode.id])
        self.assertContains(self.client.post(url, cathode), "difference between")
        self.log_in(self.bob)
        self.assertEqual(self.client.post(url, cathode).status_code, 404)

    def test_nobody_learns_what_another_has(self) -> None:
        self.log_in(self.bob)
        self.assertNotContains(self.check(), "Spain")
        self.assertNotContains(self.check(card=str(self.card.id)), "Spain")
        self.assertEqual(self.client.get(self.url).status_code, 405)
        self.client.logout()
        self.assertEqual(self.check().status_code, 302)
