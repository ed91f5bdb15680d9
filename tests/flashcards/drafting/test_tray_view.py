"""The tray page: every address, who may, and what each answers with and without htmx."""

import uuid
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.db.models import F, Max
from django.http import HttpResponse
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Endpoint
from chat.conversations.conversations import start_conversation
from chat.models import Message
from flashcards.cards import decks
from flashcards.cards.cards import cards_from_message
from flashcards.domain.records import Kind
from flashcards.drafting import drafting, writing
from flashcards.drafting.origins import of_message
from flashcards.models import Draft, DraftBatch
from tests.flashcards.drafting.tray import HTMX, Status, TrayTestCase


class AccessTests(TrayTestCase):
    def addresses(self) -> dict[str, set[str]]:
        batch = self.begin()
        draft = batch.drafts.all()[0]
        return {
            self.url: {"get", "post"},
            self.address("draft_progress", batch.id): {"get"},
            self.address("stop_drafts", batch.id): {"post"},
            self.address("accept_drafts", batch.id): {"post"},
            self.address("label_drafts", batch.id): {"post"},
            self.address("undo_split", batch.id): {"post"},
            self.address("passage", self.message.id): {"post"},
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

        batch = drafting.start_batch(self.alice, of_message(self.message))
        drafting.accept(self.alice, batch.id, shown=set(Draft.objects.values_list("id", flat=True)))
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

    def test_weak_drafts_are_shown_with_their_faults(self) -> None:
        batch = self.begin()
        self.assertNotContains(self.client.get(self.url), 'class="finding"')
        place = {"source_start": 0, "source_end": 52}
        batch.drafts.create(position=97, question="Is iron a metal?", answer="Yes", **place)
        batch.drafts.create(position=98, question="Who wrote Faust?", answer="Goethe", **place)
        batch.drafts.create(position=99, question="What is osmosis like?", answer="Diffusion")

        html = self.html(self.client.get(self.url))

        self.assertIn("ask what, why or how instead", html)
        self.assertIn("The passage of this card does not support its answer", html)
        self.assertIn("No passage of the text was found", html)

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

    def test_a_failure_offers_the_installations_model(self) -> None:
        batch = self.begin()
        failed = {"status": Status.FAILED, "error": "It is down.", "provider": "Ollama"}
        DraftBatch.objects.filter(id=batch.id).update(**failed)
        Endpoint.objects.create(owner=self.alice, base_url="http://127.0.0.1:9/v1", label="Ollama")
        own = override_settings(OPENAI_BASE_URL="http://localhost:11434/v1", OPENAI_MODEL="a")
        with own, mock.patch("flashcards.drafting.writing.begin", autospec=True) as begin:
            self.assertContains(self.client.get(self.url), "Use this installation’s Ollama")
            with self.captureOnCommitCallbacks(execute=True):
                self.client.post(self.url, {"by": "fallback"})

        asked = begin.call_args.args[2]
        self.assertEqual((asked.label, asked.url), ("Ollama", "http://localhost:11434/v1"))

    def test_a_dead_writer_is_told_of(self) -> None:
        batch = self.begin()
        DraftBatch.objects.filter(id=batch.id).update(
            status=Status.WORKING, updated_at=timezone.now() - timedelta(minutes=1)
        )

        self.assertContains(self.client.get(self.url), writing.INTERRUPTED)

    def test_cards_that_exist_are_shown_with_a_way_to_more(self) -> None:
        batch = self.begin()
        self.client.post(self.address("accept_drafts", batch.id))

        response = self.client.get(self.url)

        card = cards_from_message(owner_id=self.alice.id, message_id=self.message.id)[0]
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


class LabelTests(TrayTestCase):
    def test_what_is_typed_is_kept_and_the_cards_get_it(self) -> None:
        batch = self.begin()
        typed = {"deck": "Biology::Cells", "tags": "cell, water, cell"}

        response = self.client.post(self.address("label_drafts", batch.id), typed, headers=HTMX)

        self.assertEqual(response.status_code, 204)
        self.assertContains(self.client.get(self.url), 'value="Biology::Cells"')
        shown = list(batch.drafts.values_list("id", flat=True))
        self.client.post(
            self.address("accept_drafts", batch.id), {"shown": shown, "keep": shown, **typed}
        )
        cards = cards_from_message(owner_id=self.alice.id, message_id=self.message.id)
        self.assertEqual({card.tags for card in cards}, {("cell", "water")})
        named = decks.names_of(owner_id=self.alice.id, deck_ids=cards[0].deck_ids)
        self.assertEqual(named, ["Biology::Cells"])

    def test_a_name_that_no_deck_can_have_leaves_the_drafts(self) -> None:
        batch = self.begin()
        url = self.address("accept_drafts", batch.id)

        response = self.client.post(url, {"deck": "none", "tags": "\0"}, follow=True)

        self.assertContains(response, "searches use these")
        batch.refresh_from_db()
        self.assertEqual(batch.status, Status.READY)

    def test_a_draft_with_a_fault_is_not_called_dropped(self) -> None:
        batch = self.begin()
        batch.drafts.create(
            position=99, arrival=99, question="Is water wet?", answer="Yes", decision="drop"
        )

        self.assertContains(self.client.get(self.url), "Not kept")


class ProgressTests(TrayTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.batch = self.begin()
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.WORKING, provider="Ollama")

    def ask(self, after: object) -> HttpResponse:
        url = f"{self.address('draft_progress', self.batch.id)}?after={after}"
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

    def test_a_draft_that_comes_later_stands_at_its_place_in_the_text(self) -> None:
        first, second, *_ = self.batch.drafts.all()
        self.batch.drafts.filter(position__gt=0).update(position=F("position") + 100)
        last = self.batch.drafts.aggregate(last=Max("arrival"))["last"]
        late = self.batch.drafts.create(
            position=50, arrival=last + 1, question="Late?", answer="Yes"
        )

        html = self.html(self.ask(last))

        self.assertIn(f'hx-swap-oob="afterend:#draft-{first.id}"', html)
        self.assertEqual(html.count('<li class="draft'), 1)
        self.assertIn(f"after={last + 1}", html)
        ordered = self.html(self.client.get(self.url))
        places = [ordered.index(f'id="draft-{each.id}"') for each in (first, late, second)]
        self.assertEqual(places, sorted(places))

    def test_the_deck_and_the_tags_come_with_the_last_drafts(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(deck="Biology", tags=["cell", "water"])
        self.assertNotIn('value="Biology"', self.html(self.ask(-1)))
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.READY)

        html = self.html(self.ask(-1))

        self.assertIn('value="Biology"', html)
        self.assertIn('value="cell, water"', html)

    def test_it_asks_no_more_when_the_drafts_are_ready(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.READY)

        self.assertNotIn('hx-trigger="load delay', self.html(self.ask(-1)))

    def test_a_failure_reloads_the_page(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.FAILED, error="Broken.")

        self.assertEqual(self.ask(-1).headers["HX-Refresh"], "true")

    def test_a_batch_decided_in_another_tab_reloads_the_page(self) -> None:
        DraftBatch.objects.filter(id=self.batch.id).update(status=Status.DONE)

        self.assertEqual(self.ask(-1).headers["HX-Refresh"], "true")

    def test_nonsense_after_what_is_all_of_them(self) -> None:
        html = self.html(self.ask("x"))

        self.assertEqual(html.count('<li class="draft'), self.batch.drafts.count())

    def test_without_htmx_it_leads_to_the_page_which_refreshes_itself(self) -> None:
        self.assertRedirects(
            self.client.get(self.address("draft_progress", self.batch.id)), self.url
        )
        self.assertContains(self.client.get(self.url), '<meta http-equiv="refresh"')

    def test_stop_keeps_what_came(self) -> None:
        response = self.client.post(self.address("stop_drafts", self.batch.id))

        self.assertRedirects(response, self.url)
        self.batch.refresh_from_db()
        self.assertEqual(self.batch.status, Status.READY)
        self.assertContains(self.client.get(self.url), "You stopped the drafting")
