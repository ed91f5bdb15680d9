"""The list of everybody's cards in the admin."""

import uuid
from datetime import timedelta
from tempfile import TemporaryDirectory
from uuid import UUID

from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat.conversations.conversations import start_conversation
from flashcards.cards.cards import count_cards
from flashcards.domain.records import Flashcard, Kind, NewCard, ReviewLog, Source, State
from flashcards.models import StoredFlashcard, StoredReviewLog
from flashcards.store import engines
from flashcards.store.maintenance import checkpoint
from tests import factories
from tests.engines import InLanceDB
from tests.flashcards.admin.admin_pages import CARDS, AdminTestCase, counted_reads
from tests.flashcards.given_cards import give_cards, give_many


class TestTheList(AdminTestCase):
    def setUp(self) -> None:
        self.log_in(self.charlie)
        now = timezone.now()
        self.paris = factories.stored_card(
            self.alice,
            question="What is the capital of France?",
            answer="Paris",
            due=now - timedelta(days=1),
            created_at=now - timedelta(days=2),
        )
        self.rome = factories.stored_card(
            self.bob,
            question="{{c1::Rome}} is the capital of Italy.",
            kind=Kind.CLOZE,
            state=State.REVIEW,
            reps=7,
            lapses=2,
            due=now + timedelta(days=3),
            created_at=now - timedelta(days=20),
        )
        checkpoint.run()
        self.oslo = factories.stored_card(
            self.alice,
            question="What is the capital of Norway?",
            extra="A fjord town",
            suspended=True,
            embedding_model="minilm",
            due=now + timedelta(days=30),
            created_at=now - timedelta(days=100),
        )
        self.lima = factories.stored_card(
            self.bob,
            question="What is the capital of Peru?",
            deleted_at=now,
            reps=1,
            due=now + timedelta(hours=5),
            created_at=now - timedelta(days=400),
        )

    def listed_cards(self, **parameters: str) -> list[UUID]:
        return self.listed(CARDS, **parameters)

    def test_it_lists_everybodys_cards_the_newest_first_and_those_in_the_bin(self) -> None:
        self.assertEqual(
            self.listed_cards(), [c.id for c in (self.paris, self.rome, self.oslo, self.lima)]
        )

    def test_it_shows_the_question_and_the_owners_address(self) -> None:
        response = self.client.get(reverse(CARDS))
        self.assertContains(response, "What is the capital of France?")
        self.assertContains(response, "alice@example.org")
        self.assertContains(response, reverse("admin:accounts_user_change", args=[self.bob.pk]))

    def test_it_escapes_what_a_learner_wrote(self) -> None:
        give_cards(self.alice, NewCard(question="<script>alert(1)</script>", answer="x"))
        response = self.client.get(reverse(CARDS))
        self.assertContains(response, "&lt;script&gt;alert(1)")
        self.assertNotContains(response, "<script>alert")

    def test_it_finds_cards_in_which_every_word_occurs(self) -> None:
        self.assertEqual(self.listed_cards(q="CAPITAL france"), [self.paris.id])
        self.assertEqual(self.listed_cards(q="fjord"), [self.oslo.id])
        self.assertEqual(self.listed_cards(q="paris rome"), [])

    def test_it_finds_a_card_by_its_id(self) -> None:
        self.assertEqual(self.listed_cards(q=str(self.rome.id)), [self.rome.id])

    def test_it_takes_whatever_is_typed_as_words(self) -> None:
        for text in ("' OR 1=1 --", "%", "a' b\" c\\"):
            self.assertEqual(self.listed_cards(q=text), [], text)

    def test_it_leaves_out_what_no_card_can_have(self) -> None:
        response = self.client.get(reverse(CARDS), {"q": "fjord\x00"})
        self.assertContains(response, "fjord")

    def test_it_searches_for_the_first_words_of_very_many(self) -> None:
        response = self.client.get(reverse(CARDS), {"q": "capital " * 500})
        self.assertEqual(len(response.context["cl"].result_list), 4)
        self.assertIn("first 20 words", str(next(iter(get_messages(response.wsgi_request)))))

    def test_each_filter_narrows_the_list(self) -> None:
        paris, rome, oslo, lima = (c.id for c in (self.paris, self.rome, self.oslo, self.lima))
        for name, value, expected in (
            ("owner", "alice@example.org", [paris, oslo]),
            ("owner", "BOB@", [rome, lima]),
            ("owner", "nobody@example.org", []),
            ("state", str(State.NEW.value), [paris, oslo, lima]),
            ("state", str(State.REVIEW.value), [rome]),
            ("kind", "cloze", [rome]),
            ("kind", "basic", [paris, oslo, lima]),
            ("due", "now", [paris]),
            ("due", "day", [lima]),
            ("due", "week", [rome, lima]),
            ("due", "later", [oslo]),
            ("created", "day", []),
            ("created", "week", [paris]),
            ("created", "month", [paris, rome]),
            ("created", "year", [paris, rome, oslo]),
            ("suspended", "yes", [oslo]),
            ("suspended", "no", [paris, rome, lima]),
            ("deleted", "yes", [lima]),
            ("deleted", "no", [paris, rome, oslo]),
            ("embedded", "yes", [oslo]),
            ("embedded", "no", [paris, rome, lima]),
        ):
            with self.subTest(filter=name, value=value):
                self.assertEqual(self.listed_cards(**{name: value}), expected)

    def test_filters_and_search_narrow_together(self) -> None:
        self.assertEqual(self.listed_cards(owner="bob@", deleted="no", q="capital"), [self.rome.id])

    def test_it_filters_by_the_message_that_cards_were_made_from(self) -> None:
        message = start_conversation(self.alice, "Paris is the capital of France.")
        source = Source(message.id, 0, 5, "")
        (made,) = give_cards(self.alice, NewCard(question="Which?", answer="Paris", source=source))
        self.assertEqual(self.listed_cards(message=str(message.id)), [made.id])
        self.assertEqual(self.listed_cards(message="not an id"), [])

    def test_a_typed_filter_keeps_the_others(self) -> None:
        response = self.client.get(reverse(CARDS), {"kind": "cloze", "owner": "bob@"})
        self.assertContains(response, '<input type="hidden" name="kind" value="cloze">')
        self.assertContains(response, 'name="owner" value="bob@"')

    def test_it_refuses_to_filter_by_what_no_filter_declares(self) -> None:
        for name in ("question__icontains", "owner_id", "embedding", "nonsense"):
            response = self.client.get(reverse(CARDS), {name: "x"})
            self.assertRedirects(response, f"{reverse(CARDS)}?e=1")

    def test_an_unknown_choice_narrows_nothing(self) -> None:
        for name in ("state", "kind", "due", "created", "suspended"):
            self.assertEqual(len(self.listed_cards(**{name: "nonsense"})), 4)

    def test_it_orders_by_declared_columns(self) -> None:
        # 1 question, 2 owner, 3 kind, 4 state, 5 due, 6 reps, 7 lapses, 8 suspended, 9 deleted.
        paris, rome, oslo, lima = (c.id for c in (self.paris, self.rome, self.oslo, self.lima))
        self.assertEqual(self.listed_cards(o="5"), [paris, lima, rome, oslo])
        self.assertEqual(self.listed_cards(o="-5"), [oslo, rome, lima, paris])
        self.assertEqual(self.listed_cards(o="-6.5"), [rome, lima, paris, oslo])
        self.assertEqual(self.listed_cards(o="1"), [paris, oslo, lima, rome])
        self.assertEqual(self.listed_cards(o="-9")[0], lima)
        self.assertEqual(self.listed_cards(o="-8")[0], oslo)

    def test_the_owner_is_no_column_to_order_by(self) -> None:
        self.assertEqual(set(self.listed_cards(o="2")), set(self.listed_cards()))


class TestPages(AdminTestCase):
    def setUp(self) -> None:
        self.log_in(self.charlie)

    def test_it_pages_through_what_is_stored_and_what_is_pending(self) -> None:
        stored = give_many(self.alice, 70)
        checkpoint.run()
        pending = give_many(self.bob, 50)
        pages = [self.listed(CARDS, p=page) for page in (1, 2, 3)]
        self.assertEqual([len(page) for page in pages], [50, 50, 20])
        expected = sorted(stored + pending, key=lambda card: card.created_at, reverse=True)
        self.assertEqual([i for page in pages for i in page], [card.id for card in expected])

    def test_it_answers_a_page_that_is_not_there_as_django_does(self) -> None:
        give_many(self.alice, 60)
        response = self.client.get(reverse(CARDS), {"p": "9"})
        self.assertRedirects(response, f"{reverse(CARDS)}?e=1")

    def test_it_shows_all_of_a_short_list(self) -> None:
        give_many(self.alice, 60)
        self.assertEqual(len(self.listed(CARDS, all="")), 60)

    def cost(self) -> tuple[int, int]:
        with counted_reads() as reads, CaptureQueriesContext(connection) as queries:
            self.client.get(reverse(CARDS))
        return len(queries), reads.call_count

    def test_a_page_costs_two_reads_however_many_rows_it_has(self) -> None:
        for user in (self.alice, self.bob):
            give_many(user, 5)
        checkpoint.run()
        self.cost()
        ten = self.cost()
        for user in (self.dana, self.charlie):
            give_many(user, 5)
        checkpoint.run()
        twenty = self.cost()
        self.assertEqual(ten, twenty)
        # The session, the user; the journal to count and to read; the owners' addresses. Of
        # PostgreSQL's rows how far they are, and the rows.
        self.assertEqual(twenty, (5, 2) if engines.name() == "lancedb" else (7, 0))


class TestUnreadable(InLanceDB, AdminTestCase):
    def test_an_unreadable_store_is_said_in_plain_words(self) -> None:
        self.log_in(self.charlie)
        give_cards(self.alice)
        checkpoint.run()
        with TemporaryDirectory() as empty, self.settings(LANCEDB_URI=empty):
            response = self.client.get(reverse(CARDS))
        self.assertContains(response, "LANCEDB_URI point at the right place", status_code=503)


class TestTheRows(AdminTestCase):
    def test_every_field_of_a_row_is_one_of_the_record(self) -> None:
        for row, record in ((StoredFlashcard, Flashcard), (StoredReviewLog, ReviewLog)):
            names = {field.name for field in row._meta.fields}
            self.assertLessEqual(names, set(record.__dataclass_fields__))

    def test_the_orm_finds_no_rows_and_misses_no_table(self) -> None:
        self.assertEqual(list(StoredFlashcard.objects.all()), [])
        self.assertFalse(StoredReviewLog.objects.filter(id=uuid.uuid4()).exists())

    def test_a_rows_name_tells_none_of_the_learners_words(self) -> None:
        (card,) = give_cards(self.alice)
        self.assertEqual(str(StoredFlashcard.of(card)), str(card.id))
        self.assertEqual(count_cards(owner_id=self.alice.pk), 1)
