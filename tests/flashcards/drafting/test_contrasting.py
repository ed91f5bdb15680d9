"""A card that tells two apart is there at once, and a model's better one takes its place."""

from typing import Any
from unittest import mock

from django.test import TransactionTestCase, override_settings
from django.urls import reverse

from accounts.models import User
from chat.conversations.conversations import start_conversation
from flashcards.drafting import contrasting, drafting
from flashcards.models import Draft, DraftBatch
from flashcards.web.pages.origins import make_url
from memoryloop.server import background
from tests.base import PASSWORD
from tests.factories import stored_card
from tests.servers.compatible import OpenAIServer
from tests.waiting import wait_until

TEXT = "Meiosis gives four haploid cells. " * 10
MITOSIS = ("What does mitosis give?", "Two diploid cells")
MEIOSIS = ("What does meiosis give?", "Four haploid cells")
RULES = "What is the difference between mitosis and meiosis?"
BETTER: dict[str, Any] = {
    "question": "How do the cells that mitosis gives differ from those of meiosis?",
    "answer": "Mitosis gives two diploid cells; meiosis gives four haploid ones.",
    "first": "Two diploid cells",
    "second": "Four haploid cells",
}


class ContrastTests(TransactionTestCase):
    def setUp(self) -> None:
        self.alice = User.objects.create_user("alice@example.org", PASSWORD)
        self.client.force_login(self.alice)
        self.card = stored_card(self.alice, question=MITOSIS[0], answer=MITOSIS[1])
        self.batch = DraftBatch.objects.create(
            owner=self.alice,
            message=start_conversation(self.alice, TEXT),
            status=DraftBatch.Status.READY,
        )
        self.draft = self.batch.drafts.create(
            position=0, question=MEIOSIS[0], answer=MEIOSIS[1], source_start=0, source_end=33
        )
        self.server = self.enterContext(OpenAIServer())
        self.enterContext(override_settings(OPENAI_BASE_URL=self.server.url))
        self.addCleanup(background.shutdown)

    def ask(self) -> Draft:
        url = reverse("flashcards:overlap_contrast", args=[self.draft.id, self.card.id])
        response = self.client.post(url)
        added = self.batch.drafts.get(position=1)
        self.assertRedirects(
            response,
            f"{make_url(self.batch)}#draft-{added.id}",
            fetch_redirect_response=False,
        )
        return added

    def after(self, draft: Draft) -> Draft:
        def over() -> bool:
            draft.refresh_from_db()
            return draft.rewriting_since is None

        wait_until(over)
        return draft

    def shown(self, draft: Draft, query: str = "") -> Any:
        url = reverse("flashcards:draft", args=[draft.id])
        return self.client.get(url + query, headers={"HX-Request": "true"})

    def test_the_rules_card_is_there_at_once_and_the_models_takes_its_place(self) -> None:
        self.server.script(structured=BETTER, first_delay_seconds=0.5)

        added = self.ask()

        self.assertEqual((added.question, added.writer), (RULES, ""))
        self.assertEqual((added.source_start, added.source_end), (0, 33))
        self.assertContains(self.shown(added), "Your model is writing a better one")
        self.assertEqual(self.shown(added, "?better").status_code, 204)
        self.after(added)
        self.assertEqual((added.question, added.answer), (BETTER["question"], BETTER["answer"]))
        page = self.shown(added, "?better")
        self.assertContains(page, f"Made by {added.writer} from your card and the draft")
        self.assertNotContains(page, "Suggestions")
        told = str(self.server.questions()[0].json)
        for words in (*MITOSIS, *MEIOSIS):
            self.assertIn(words, told)

    def test_what_does_not_rest_on_both_cards_is_not_taken(self) -> None:
        for wrong in (
            {"answer": "Mitosis takes 90 minutes, meiosis takes 40 days."},
            {"answer": "Mitosis heals wounds while meiosis makes gametes in gonads."},
            {"second": "Eight haploid spores of a fungus"},
            {"question": ""},
        ):
            with self.subTest(wrong):
                self.batch.drafts.filter(position=1).delete()
                self.server.script(times=2, structured={**BETTER, **wrong})
                added = self.after(self.ask())
                self.assertEqual((added.question, added.writer), (RULES, ""))

    def test_a_model_that_fails_or_is_slow_leaves_the_rules_card(self) -> None:
        self.server.script(status=500, times=5)
        added = self.after(self.ask())
        self.assertEqual((added.question, added.writer), (RULES, ""))

        added.delete()
        self.server.script(hang_after=0)
        with mock.patch.object(contrasting, "MODEL_SECONDS", 0.2):
            added = self.after(self.ask())
        self.assertEqual((added.question, added.writer), (RULES, ""))
        self.assertContains(self.shown(added), "Made by rules from your card and the draft")

    def test_what_the_learner_wrote_or_decided_meanwhile_stays(self) -> None:
        self.server.script(structured=BETTER, first_delay_seconds=0.5)
        added = self.ask()
        drafting.edit(added, question="Mine?", answer="Mine.")
        self.assertEqual(self.after(added).question, "Mine?")

        added.delete()
        self.server.script(structured=BETTER, first_delay_seconds=0.5)
        added = self.ask()
        cards = drafting.accept(self.alice, self.batch.id)
        self.assertEqual(self.after(added).question, RULES)
        self.assertIn(RULES, [card.question for card in cards])

    def test_the_same_two_give_one(self) -> None:
        self.server.default(structured=BETTER)
        first = self.ask()
        self.assertEqual(self.ask().id, first.id)
        self.assertEqual(self.batch.drafts.count(), 2)
        self.after(first)
