"""The tray page: every address, who may, and what each answers with and without htmx."""

import re
import uuid
from datetime import timedelta

from django.db import connection
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.models import Message
from chat.services import start_conversation
from flashcards import drafting, services
from flashcards.models import Draft, DraftBatch
from flashcards.records import Kind
from tests.base import TestCase

TEXT = (
    "Osmosis is the movement of water through a membrane. In 1796 the British doctor Edward Jenner "
    "inoculated James Phipps. A human cell contains 46 chromosomes in its nucleus. World War II "
    "began on 1 September 1939, when Germany invaded Poland, which had done nothing to provoke it "
    "and was soon defeated. Iron rusts because it reacts with oxygen and water. Paris is the "
    "capital of France. DNA stands for deoxyribonucleic acid. The heart has four chambers."
)
HTMX = {"HX-Request": "true"}
Status = DraftBatch.Status


class TrayTestCase(TestCase):
    message: Message

    def setUp(self) -> None:
        self.message = start_conversation(self.alice, TEXT)
        self.url = reverse("flashcards:make", args=[self.message.id])
        self.log_in()

    def begin(self) -> DraftBatch:
        return drafting.start_batch(self.alice, self.message)

    def address(self, name: str, of: uuid.UUID | None = None) -> str:
        return reverse(f"flashcards:{name}", args=[of or self.message.id])

    def html(self, response: HttpResponseBase) -> str:
        assert isinstance(response, HttpResponse)
        return response.content.decode()


class AccessTests(TrayTestCase):
    def addresses(self) -> dict[str, set[str]]:
        draft = self.begin().drafts.all()[0]
        return {
            self.url: {"get", "post"},
            self.address("draft_progress"): {"get"},
            self.address("stop_drafts"): {"post"},
            self.address("accept_drafts"): {"post"},
            self.address("draft", draft.id): {"get"},
            self.address("decide_draft", draft.id): {"post"},
            self.address("edit_draft", draft.id): {"get", "post"},
        }

    def test_a_strangers_message_and_drafts_are_not_found(self) -> None:
        addresses = self.addresses()
        self.log_in(self.bob)

        for url, methods in addresses.items():
            for method in methods:
                for headers in ({}, HTMX):
                    with self.subTest(url=url, method=method):
                        response = getattr(self.client, method)(url, headers=headers)
                        self.assertEqual(response.status_code, 404)
        self.assertFalse(DraftBatch.objects.filter(owner=self.bob).exists())
        self.assertFalse(Draft.objects.filter(decision="drop").exists())

    def test_the_anonymous_are_sent_to_log_in(self) -> None:
        addresses = self.addresses()
        self.client.logout()

        for url, methods in addresses.items():
            for method in methods:
                with self.subTest(url=url, method=method):
                    response = getattr(self.client, method)(url)
                    self.assertRedirects(
                        response,
                        f"{reverse('accounts:login')}?next={url}",
                        fetch_redirect_response=False,
                    )

    def test_other_methods_are_refused(self) -> None:
        for url, methods in self.addresses().items():
            for method in {"get", "post", "put", "delete"} - methods:
                with self.subTest(url=url, method=method):
                    self.assertEqual(getattr(self.client, method)(url).status_code, 405)

    def test_an_unknown_message_or_draft_is_not_found(self) -> None:
        for name in ("make", "draft_progress", "draft", "edit_draft"):
            response = self.client.get(self.address(name, uuid.uuid4()))
            self.assertEqual(response.status_code, 404)


class PageTests(TrayTestCase):
    def test_it_offers_to_begin_and_does_not_begin_by_itself(self) -> None:
        response = self.client.get(self.url)

        self.assertContains(response, "Make cards</button>")
        self.assertNotContains(response, 'data-start="now"')
        self.assertContains(response, "Osmosis is the movement")
        self.assertFalse(DraftBatch.objects.exists())

    def test_who_comes_by_our_own_link_need_not_ask_again(self) -> None:
        response = self.client.get(self.url, headers={"Sec-Fetch-Site": "same-origin"})
        self.assertContains(response, 'data-start="now"')

        drafting.start_batch(self.alice, self.message)
        drafting.accept(
            self.alice, self.message, shown=set(Draft.objects.values_list("id", flat=True))
        )
        response = self.client.get(self.url, headers={"Sec-Fetch-Site": "same-origin"})
        self.assertNotContains(response, 'data-start="now"')

    def test_beginning_leads_back_to_the_tray(self) -> None:
        response = self.client.post(self.url)

        self.assertRedirects(response, self.url)
        page = self.client.get(self.url)
        self.assertContains(page, "What is osmosis?")
        self.assertContains(page, "Drafted by rules")
        self.assertContains(page, "Connect Claude or Ollama")
        self.assertContains(page, reverse("settings:home"))

    def test_a_double_click_is_one_batch(self) -> None:
        self.client.post(self.url)
        count = Draft.objects.count()

        self.client.post(self.url)

        self.assertEqual((DraftBatch.objects.count(), Draft.objects.count()), (1, count))

    def test_a_gap_shows_as_a_gap(self) -> None:
        batch = self.begin()
        batch.drafts.create(position=99, kind=Kind.CLOZE, question="In {{c1::1939}} war began.")

        response = self.client.get(self.url)

        self.assertNotContains(response, "{{c1")

    def test_scripts_in_a_draft_are_only_text(self) -> None:
        batch = self.begin()
        evil = "What <script>alert(1)</script><img src=x onerror=alert(2)>?"
        batch.drafts.create(position=99, question=evil, answer=evil)

        html = self.html(self.client.get(self.url))

        self.assertNotIn("<script>alert", html)
        self.assertNotRegex(html, r"<img[^>]*onerror")

    def test_too_little_text_says_so(self) -> None:
        short = start_conversation(self.alice, "Thanks, that helps!")
        url = self.address("make", short.id)

        self.assertContains(self.client.get(url), "too little in this message")
        response = self.client.post(url)

        self.assertContains(response, "too little in this message", status_code=422)
        self.assertContains(response, "Thanks, that helps!", status_code=422)

    def test_a_text_without_a_card_says_why_and_what_to_do(self) -> None:
        nothing = start_conversation(self.alice, "this and that and so on, " * 10)
        url = self.address("make", nothing.id)

        self.client.post(url)

        response = self.client.get(url)
        self.assertContains(response, "The rules found no card here")
        self.assertContains(response, "Connect a model")

    def test_an_answer_that_is_being_written_says_so(self) -> None:
        Message.objects.filter(id=self.message.id).update(status=Message.Status.STREAMING)

        self.assertContains(self.client.get(self.url), "still being written")
        self.assertEqual(self.client.post(self.url).status_code, 422)

    def test_a_failure_offers_a_second_try_and_the_rules(self) -> None:
        batch = self.begin()
        DraftBatch.objects.filter(id=batch.id).update(
            status=Status.FAILED, error="Claude is overloaded.", provider="Claude"
        )

        response = self.client.get(self.url)

        self.assertContains(response, "Claude is overloaded.")
        self.assertContains(response, "Try again")
        self.assertContains(response, "Use rules instead")
        self.assertContains(response, "What is osmosis?")

    def test_a_dead_writer_is_told_of(self) -> None:
        batch = self.begin()
        DraftBatch.objects.filter(id=batch.id).update(
            status=Status.WORKING, updated_at=timezone.now() - timedelta(minutes=1)
        )

        self.assertContains(self.client.get(self.url), drafting.INTERRUPTED)

    def test_cards_that_exist_are_shown_with_a_way_to_more(self) -> None:
        self.begin()
        self.client.post(self.address("accept_drafts"))

        response = self.client.get(self.url)

        card = services.cards_from_message(owner_id=self.alice.id, message_id=self.message.id)[0]
        self.assertContains(response, reverse("flashcards:card", args=[card.id]))
        self.assertContains(response, "Make more from this text")
        self.assertContains(response, reverse("flashcards:review"))
        self.assertContains(response, reverse("chat:message", args=[self.message.id]))

    def test_it_costs_the_same_for_few_drafts_and_many(self) -> None:
        batch = self.begin()
        self.client.get(self.url)
        few = self.count_queries()
        for position in range(100, 140):
            batch.drafts.create(position=position, question=f"Q{position}", answer="A")

        self.assertEqual(self.count_queries(), few)
        # Session, learner, message, batch, drafts; versions and journal of the store.
        self.assertLessEqual(few, 9)

    def count_queries(self) -> int:
        with CaptureQueriesContext(connection) as queries:
            self.assertEqual(self.client.get(self.url).status_code, 200)
        return len(queries)


class ProgressTests(TrayTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.batch = self.begin()
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.WORKING, provider="Ollama")

    def ask(self, after: object) -> HttpResponse:
        url = f"{self.address('draft_progress')}?after={after}"
        response = self.client.get(url, headers=HTMX)
        assert isinstance(response, HttpResponse)
        return response

    def test_only_new_drafts_come_and_it_asks_on(self) -> None:
        first, second, *_ = self.batch.drafts.all()

        html = self.html(self.ask(first.position))

        self.assertNotIn(f'id="draft-{first.id}"', html)
        self.assertIn(f'id="draft-{second.id}"', html)
        self.assertIn('hx-trigger="load delay:700ms"', html)
        self.assertIn("so far", html)

    def test_it_asks_no_more_when_the_drafts_are_ready(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.READY)

        self.assertNotIn('hx-trigger="load', self.html(self.ask(-1)))

    def test_a_failure_reloads_the_page(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.FAILED, error="Broken.")

        self.assertEqual(self.ask(-1).headers["HX-Refresh"], "true")

    def test_a_batch_decided_in_another_tab_reloads_the_page(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.DONE)

        self.assertEqual(self.ask(-1).headers["HX-Refresh"], "true")

    def test_nonsense_after_what_is_all_of_them(self) -> None:
        html = self.html(self.ask("x"))

        self.assertEqual(html.count('<li class="draft"'), self.batch.drafts.count())

    def test_without_htmx_it_leads_to_the_page_which_refreshes_itself(self) -> None:
        self.assertRedirects(self.client.get(self.address("draft_progress")), self.url)
        self.assertContains(self.client.get(self.url), '<meta http-equiv="refresh"')

    def test_stop_keeps_what_came(self) -> None:
        response = self.client.post(self.address("stop_drafts"))

        self.assertRedirects(response, self.url)
        self.batch.refresh_from_db()
        self.assertEqual(self.batch.status, Status.READY)
        self.assertContains(self.client.get(self.url), "You stopped the drafting")


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

        for question in ("One two.", "{{c1::One}} {{c2::two}}."):
            response = self.client.post(url, {"question": question}, headers=HTMX)
            self.assertContains(response, "Keep one gap", status_code=422)
        self.assertEqual(
            self.client.post(url, {"question": "One {{c1::two}}."}, headers=HTMX).status_code, 200
        )

    def test_cancel_brings_the_draft_back_as_it_was(self) -> None:
        response = self.client.get(self.address("draft", self.draft.id), headers=HTMX)

        self.assertContains(response, "What is osmosis?")
        self.assertRedirects(self.client.get(self.address("draft", self.draft.id)), self.url)


class AcceptTests(TrayTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.batch = self.begin()
        self.drafts = list(self.batch.drafts.all())
        self.accept = self.address("accept_drafts")

    def cards(self) -> list[str]:
        found = services.cards_from_message(owner_id=self.alice.id, message_id=self.message.id)
        return [card.question for card in found]

    def test_the_boxes_of_a_plain_form_decide(self) -> None:
        ids = [str(draft.id) for draft in self.drafts]

        response = self.client.post(self.accept, {"shown": ids, "keep": ids[:2]}, follow=True)

        self.assertEqual(self.cards(), [draft.question for draft in self.drafts[:2]])
        self.assertContains(response, "2 cards added.")

    def test_what_was_decided_before_holds_for_what_was_not_shown(self) -> None:
        drafting.decide(self.drafts[0], keep=False)

        self.client.post(self.accept)

        self.assertEqual(self.cards(), [draft.question for draft in self.drafts[1:]])

    def test_sent_twice_it_makes_the_cards_once_and_says_so(self) -> None:
        self.client.post(self.accept)
        made = self.cards()

        response = self.client.post(self.accept, follow=True)

        self.assertEqual(self.cards(), made)
        self.assertContains(response, "have been decided on")

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
