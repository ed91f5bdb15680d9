"""The tray: keeping, dropping and editing drafts, and making cards of them."""

import re
import uuid

from flashcards.cards.cards import cards_from_message
from flashcards.domain.records import Kind
from flashcards.drafting import drafting, writing
from flashcards.drafting.candidates import Candidate
from flashcards.drafting.origins import of_message
from flashcards.models import DraftBatch
from tests.flashcards.drafting.tray import HTMX, TEXT, Status, TrayTestCase


class DecideTests(TrayTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.batch = self.begin()
        self.draft = self.batch.drafts.all()[0]
        self.url_of = self.address("decide_draft", self.draft.id)

    def decision(self) -> str:
        self.draft.refresh_from_db()
        return self.draft.decision

    def test_a_drop_is_kept_at_once_and_the_count_follows(self) -> None:
        total = self.batch.drafts.count()

        response = self.client.post(self.url_of, headers=HTMX)

        self.assertEqual(self.decision(), "drop")
        self.assertContains(response, f"Add {total - 1} card")
        self.assertContains(response, 'hx-swap-oob="true"')

    def test_a_dropped_draft_can_be_kept_again(self) -> None:
        self.client.post(self.url_of)

        response = self.client.post(self.url_of, {"keep": [str(self.draft.id)]})

        self.assertRedirects(response, self.url)
        self.assertEqual(self.decision(), "keep")

    def test_a_decided_batch_reloads_the_page(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.DONE)

        response = self.client.post(self.url_of, headers=HTMX)

        self.assertEqual(response.headers["HX-Refresh"], "true")
        self.assertEqual(self.decision(), "keep")


class EditTests(TrayTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.batch = self.begin()
        self.draft = self.batch.drafts.all()[0]
        self.url_of = self.address("edit_draft", self.draft.id)

    def test_the_form_comes_in_place_or_as_a_page_with_the_words_it_rests_on(self) -> None:
        fragment = self.client.get(self.url_of, headers=HTMX)
        page = self.client.get(self.url_of)

        self.assertNotContains(fragment, "<html")
        self.assertContains(fragment, "What is osmosis?")
        self.assertContains(page, "<html")
        self.assertContains(page, "Osmosis is the movement of water")

    def test_saving_changes_the_draft_and_keeps_it(self) -> None:
        drafting.decide(self.draft, keep=False)

        response = self.client.post(
            self.url_of, {"question": "What's osmosis?", "answer": "Water moving."}, headers=HTMX
        )

        self.draft.refresh_from_db()
        self.assertEqual(
            (self.draft.question, self.draft.answer), ("What's osmosis?", "Water moving.")
        )
        self.assertEqual(self.draft.decision, "keep")
        self.assertContains(response, f'id="draft-{self.draft.id}"')

    def test_saving_without_htmx_leads_back(self) -> None:
        response = self.client.post(self.url_of, {"question": "Q?", "answer": "A."})

        self.assertRedirects(response, self.url)

    def test_bad_words_are_refused_and_nothing_typed_is_lost(self) -> None:
        for question, answer, error in (
            ("  ", "kept answer", "Write the question."),
            ("kept question", "", "Write the answer."),
            ("q" * 1_001, "kept answer", "1000"),
            ("kept question", "a" * 5_001, "5000"),
        ):
            for headers in ({}, HTMX):
                with self.subTest(error=error, headers=headers):
                    response = self.client.post(
                        self.url_of, {"question": question, "answer": answer}, headers=headers
                    )
                    self.assertContains(response, error, status_code=422)
                    self.assertContains(response, (answer or question)[:5_000], status_code=422)
        self.draft.refresh_from_db()
        self.assertEqual(self.draft.question, "What is osmosis?")

    def test_a_cloze_must_keep_its_gap(self) -> None:
        cloze = self.batch.drafts.create(position=99, kind=Kind.CLOZE, question="{{c1::One}} two.")
        url = self.address("edit_draft", cloze.id)

        response = self.client.post(url, {"question": "One two."}, headers=HTMX)
        self.assertContains(response, "Keep a gap in it", status_code=422)
        response = self.client.post(url, {"question": "{{c1::One}} {{c2::two}}."}, headers=HTMX)
        # Each number is a card, and all of them are shown.
        self.assertContains(response, "draft-question", 2)
        self.assertEqual(
            self.client.post(url, {"question": "One {{c1::two}}."}, headers=HTMX).status_code, 200
        )

    def test_cancel_brings_the_draft_back_as_it_was(self) -> None:
        response = self.client.get(self.address("draft", self.draft.id), headers=HTMX)

        self.assertContains(response, "What is osmosis?")
        self.assertRedirects(self.client.get(self.address("draft", self.draft.id)), self.url)


class FlaggedTests(TrayTestCase):
    def test_a_draft_with_a_fault_is_shown_with_it_and_not_chosen(self) -> None:
        origin = of_message(self.message)
        batch = DraftBatch.objects.create(owner=self.alice, message=self.message, provider="Claude")
        start = TEXT.index("Osmosis")
        drafts = [
            Candidate(question=question, answer=answer, start=start, end=start + 53)
            for question, answer in (
                ("What is osmosis?", "The movement of water through a membrane"),
                ("Is osmosis a movement of water?", "Yes"),
                ("What is osmosis?", "A tax on salt in medieval Venice"),
            )
        ]
        writing.store(batch.id, batch.run, drafts, origin, sections_done=1)
        writing.end(batch.id, batch.run, Status.READY)

        chosen = [draft.decision for draft in batch.drafts.order_by("position")]
        self.assertEqual(chosen, ["keep", "drop", "drop"])
        page = self.client.get(self.url)
        self.assertContains(page, "Add 1 card")
        self.assertContains(page, " checked", count=1)
        self.assertContains(page, "It can be answered with yes or no")
        # Who edits a draft chooses it.
        flagged = batch.drafts.get(position=1)
        self.client.post(
            self.address("edit_draft", flagged.id),
            {"question": "What moves in osmosis?", "answer": "Water"},
        )
        flagged.refresh_from_db()
        self.assertEqual(flagged.decision, "keep")


class AcceptTests(TrayTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.batch = self.begin()
        self.drafts = list(self.batch.drafts.all())
        self.accept = self.address("accept_drafts", self.batch.id)

    def cards(self) -> list[str]:
        found = cards_from_message(owner_id=self.alice.id, message_id=self.message.id)
        return [card.question for card in found]

    def test_the_boxes_of_a_plain_form_decide(self) -> None:
        ids = [str(draft.id) for draft in self.drafts]

        response = self.client.post(self.accept, {"shown": ids, "keep": ids[:2]}, follow=True)

        self.assertEqual(self.cards(), [draft.question for draft in self.drafts[:2]])
        self.assertContains(response, "2 cards added.")
        # What comes next has the focus.
        self.assertRegex(response.content.decode(), r'href="/review/" autofocus>[^/]*</?svg')

    def test_a_draft_with_several_gaps_gives_siblings(self) -> None:
        self.batch.drafts.all().delete()
        text = "{{c1::Adenine}} pairs with {{c2::thymine}}."
        self.batch.drafts.create(position=0, kind=Kind.CLOZE, question=text)

        self.client.post(self.accept)

        cards = cards_from_message(owner_id=self.alice.id, message_id=self.message.id)
        self.assertEqual([card.ordinal for card in cards], [1, 2])
        self.assertEqual(len({card.note_id for card in cards}), 1)

    def test_what_was_decided_before_holds_for_what_was_not_shown(self) -> None:
        drafting.decide(self.drafts[0], keep=False)

        self.client.post(self.accept)

        self.assertEqual(self.cards(), [draft.question for draft in self.drafts[1:]])

    def test_sent_twice_it_makes_the_cards_once_and_says_so(self) -> None:
        self.client.post(self.accept)
        made = self.cards()

        response = self.client.post(self.accept, follow=True)

        self.assertEqual(self.cards(), made)
        self.assertContains(response, "already added or dismissed")

    def test_none_kept_is_fine(self) -> None:
        ids = [str(draft.id) for draft in self.drafts]

        response = self.client.post(self.accept, {"shown": ids}, follow=True)

        self.assertEqual(self.cards(), [])
        self.assertContains(response, "No card was added.")
        self.assertContains(response, "Make cards</button>")

    def test_strange_ids_name_no_draft(self) -> None:
        strange = ["x", str(uuid.uuid4()), ""]

        self.client.post(self.accept, {"shown": strange, "keep": strange})

        self.assertEqual(len(self.cards()), len(self.drafts))

    def test_the_page_says_how_many_will_be_added(self) -> None:
        html = self.html(self.client.get(self.url))

        self.assertRegex(html, rf"Add {len(self.drafts)} cards?\s*</button>")
        self.assertEqual(len(re.findall(r'name="keep"', html)), len(self.drafts))
