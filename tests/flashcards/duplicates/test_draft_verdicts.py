"""What a draft has in common with a card or with another draft decides what is offered."""

from typing import Any

from django.urls import reverse

from flashcards.cards.cards import count_cards
from flashcards.models import Draft, DraftBatch
from tests.factories import stored_card
from tests.flashcards.duplicates.test_overlaps import SPAIN, DraftPageTestCase


class OtherVerdictTests(DraftPageTestCase):
    """A draft that asks a card the other way round, or is easily confused with one."""

    def give(self, card: tuple[str, str], draft: tuple[str, str]) -> None:
        self.card = stored_card(self.alice, question=card[0], answer=card[1])
        self.draft = Draft.objects.create(
            batch=self.batch, position=7, question=draft[0], answer=draft[1]
        )

    def test_a_reversed_pair_is_never_called_the_same(self) -> None:
        self.give(("el perro", "dog"), ("dog", "el perro"))
        page = self.client.get(self.url())
        self.assertContains(page, "You have this the other way round")
        self.assertNotContains(page, "You already have this card")
        self.assertContains(page, self.url("both_ways"))

    def test_the_card_is_asked_both_ways_round_and_one_way_again(self) -> None:
        self.give(("el perro", "dog"), ("dog", "el perro"))
        page = self.client.post(self.url("both_ways"), follow=True)
        self.assertEqual((self.now().kind, self.reloaded().decision), ("reversed", "drop"))
        self.assertEqual(count_cards(owner_id=self.alice.pk), 3)
        (toast,) = page.context["messages"]
        self.client.post(toast.extra_tags.removeprefix("undo:"))
        self.assertEqual((self.now().kind, count_cards(owner_id=self.alice.pk)), ("basic", 2))

    def test_a_draft_that_was_decided_on_elsewhere_changes_no_card(self) -> None:
        self.give(("el perro", "dog"), ("dog", "el perro"))
        DraftBatch.objects.update(status=DraftBatch.Status.DONE)
        for action in ("both_ways", "merge", "replace"):
            before = self.now()
            self.client.post(self.url(action), follow=True)
            self.assertEqual(self.now(), before, action)

    def test_whole_questions_are_kept_as_two_cards(self) -> None:
        self.give(SPAIN, ("Madrid is the capital of which country?", "Spain"))
        page = self.client.get(self.url())
        self.assertContains(page, "You have this the other way round")
        self.assertNotContains(page, self.url("both_ways"))

    def test_what_is_easily_confused_gets_the_offer_of_a_contrast(self) -> None:
        self.give(
            ("What happens at the anode?", "Oxidation"),
            ("What happens at the cathode?", "Reduction"),
        )
        page = self.client.get(self.url())
        self.assertContains(page, "Easily confused with one of your cards")
        self.assertContains(page, self.url("contrast"))

    def test_what_is_near_is_left_alone(self) -> None:
        self.give(("Who wrote Faust?", "Goethe"), ("Where was Goethe born?", "In Frankfurt"))
        self.assertNotContains(self.client.get(self.url()), "<aside")


class BesideTests(DraftPageTestCase):
    """Drafts of one batch are compared with one another."""

    def beside(self, question: str, answer: str) -> Draft:
        self.first = self.draft
        self.draft = Draft.objects.create(
            batch=self.batch, position=1, question=question, answer=answer
        )
        return self.draft

    def act(self, what: str) -> Any:
        url = reverse("flashcards:beside_draft", args=[self.draft.id, self.first.id, what])
        return self.client.post(url, follow=True)

    def test_two_drafts_of_one_fact(self) -> None:
        self.beside("What is Spain's capital city?", "Madrid, in Castile")
        self.assertContains(self.client.get(self.url()), "Another draft here says the same")
        self.act("keep")
        self.assertNotContains(self.client.get(self.url()), "Another draft here")
        self.act("drop")
        self.assertEqual(self.reloaded().decision, "drop")
        self.assertNotContains(self.client.get(self.url()), "Another draft here")

    def test_the_first_of_two_is_not_compared_with_the_later_one(self) -> None:
        self.beside("What is Spain's capital city?", "Madrid, in Castile")
        self.draft = self.first
        self.assertNotContains(self.client.get(self.url()), "Another draft here")

    def test_two_directions_become_one_draft(self) -> None:
        self.draft.question, self.draft.answer = "el perro", "dog"
        self.draft.save()
        self.beside("dog", "el perro")
        self.assertContains(self.client.get(self.url()), "asks this the other way round")
        self.act("both-ways")
        self.first.refresh_from_db()
        self.assertEqual((self.first.kind, self.reloaded().decision), ("reversed", "drop"))

    def test_two_that_are_easily_confused_get_a_third(self) -> None:
        self.draft.question, self.draft.answer = "What happens at the anode?", "Oxidation"
        self.draft.save()
        self.beside("What happens at the cathode?", "Reduction")
        self.assertContains(self.client.get(self.url()), "Easily confused with another draft here")
        self.act("contrast")
        self.assertEqual(self.batch.drafts.count(), 3)

    def test_drafts_of_two_batches_have_nothing_to_do_with_one_another(self) -> None:
        self.beside("dog", "el perro")
        self.assertEqual(self.act("nothing").status_code, 404)
        document = DraftBatch.objects.create(
            owner=self.alice, card_id=self.card.id, status=DraftBatch.Status.READY
        )
        self.first = Draft.objects.create(batch=document, position=0, question="Q", answer="A")
        self.assertEqual(self.act("drop").status_code, 404)
        self.log_in(self.bob)
        self.assertEqual(self.act("drop").status_code, 404)
