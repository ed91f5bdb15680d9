"""Batches of drafts: begun once, written in the background, stopped, resumed, made into cards."""

import threading
import time
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from django.db import connections
from django.test import TransactionTestCase, override_settings
from django.utils import timezone

from accounts.models import ApiKey, User
from accounts.services import save_api_key
from chat.conversations.conversations import start_conversation
from chat.models import Message
from flashcards.cards.cards import cards_from_message
from flashcards.domain.records import text_hash
from flashcards.domain.validation import CardError
from flashcards.drafting import drafting, generation, writing
from flashcards.drafting.origins import of_message
from flashcards.drafting.sections import sections
from flashcards.models import Draft, DraftBatch
from memoryloop.server import background
from tests.base import PASSWORD, TestCase
from tests.flashcards.drafting.model_batches import TEXT, ModelTestCase, cards
from tests.servers.claude import ClaudeServer
from tests.servers.core import ProviderServer
from tests.waiting import wait_until

ARTICLE = (Path(__file__).parents[2] / "fixtures" / "article.md").read_text()
SECTIONS = len(sections(ARTICLE))
Status = DraftBatch.Status


def newest(message: Message) -> UUID:
    """Return the id of the newest batch of a message."""
    return DraftBatch.objects.filter(message=message)[0].id


class RulesTests(TestCase):
    def setUp(self) -> None:
        self.message = start_conversation(self.alice, TEXT)

    def test_rules_draft_at_once_and_say_who_they_are(self) -> None:
        batch = drafting.start_batch(self.alice, of_message(self.message))

        self.assertEqual((batch.status, batch.provider, batch.model), (Status.READY, "Rules", ""))
        first = batch.drafts.get(position=0)
        self.assertEqual(first.question, "What is osmosis?")
        words = TEXT[first.source_start : first.source_end]
        self.assertEqual(words, "Osmosis is the movement of water through a membrane.")

    def test_a_second_start_joins_the_first(self) -> None:
        first = drafting.start_batch(self.alice, of_message(self.message))

        second = drafting.start_batch(self.alice, of_message(self.message))

        self.assertEqual(first.id, second.id)
        self.assertEqual(Draft.objects.count(), first.drafts.count())

    def test_too_little_text_makes_no_batch(self) -> None:
        short = start_conversation(self.alice, "Thanks!")

        with self.assertRaises(generation.TooLittle):
            drafting.start_batch(self.alice, of_message(short))

        self.assertFalse(DraftBatch.objects.exists())

    def test_an_answer_that_is_being_written_is_not_ready(self) -> None:
        Message.objects.filter(id=self.message.id).update(status=Message.Status.STREAMING)
        self.message.refresh_from_db()

        with self.assertRaises(drafting.NotReady):
            drafting.start_batch(self.alice, of_message(self.message))

    def test_kept_drafts_become_cards_with_their_source_and_flag_the_message(self) -> None:
        batch = drafting.start_batch(self.alice, of_message(self.message))
        dropped = batch.drafts.get(position=0)
        drafting.decide(dropped, keep=False)

        made = drafting.accept(self.alice, newest(self.message))

        self.assertEqual(len(made), batch.drafts.count() - 1)
        batch.refresh_from_db()
        self.message.refresh_from_db()
        self.assertEqual(batch.status, Status.DONE)
        self.assertIsNotNone(self.message.cards_made_at)
        card = made[0]
        self.assertEqual(card.message_id, self.message.id)
        self.assertEqual(card.source_hash, text_hash(TEXT[card.source_start : card.source_end]))
        stored = cards_from_message(owner_id=self.alice.id, message_id=self.message.id)
        self.assertEqual([c.id for c in stored], [c.id for c in made])

    def test_accepting_twice_makes_the_cards_once(self) -> None:
        drafting.start_batch(self.alice, of_message(self.message))
        made = drafting.accept(self.alice, newest(self.message))

        with self.assertRaises(drafting.AlreadyDecided):
            drafting.accept(self.alice, newest(self.message))

        stored = cards_from_message(owner_id=self.alice.id, message_id=self.message.id)
        self.assertEqual(len(stored), len(made))

    def test_none_kept_is_a_decision_too(self) -> None:
        batch = drafting.start_batch(self.alice, of_message(self.message))
        shown = {draft.id for draft in batch.drafts.all()}

        self.assertEqual(drafting.accept(self.alice, newest(self.message), shown=shown), [])

        batch.refresh_from_db()
        self.message.refresh_from_db()
        self.assertEqual(batch.status, Status.DONE)
        self.assertIsNone(self.message.cards_made_at)

    def test_drafts_that_were_not_shown_keep_their_own_decision(self) -> None:
        batch = drafting.start_batch(self.alice, of_message(self.message))
        first, *others = batch.drafts.all()

        made = drafting.accept(self.alice, newest(self.message), shown={first.id})

        self.assertEqual([card.question for card in made], [draft.question for draft in others])

    def test_making_more_offers_nothing_that_was_offered_before(self) -> None:
        drafting.start_batch(self.alice, of_message(self.message))
        drafting.accept(self.alice, newest(self.message))

        again = drafting.start_batch(self.alice, of_message(self.message))

        self.assertEqual((again.status, again.drafts.count()), (Status.READY, 0))

    def test_a_failure_in_storing_the_cards_leaves_the_drafts(self) -> None:
        batch = drafting.start_batch(self.alice, of_message(self.message))
        batch.drafts.filter(position=0).update(question="q" * 1_001)

        with self.assertRaises(CardError):
            drafting.accept(self.alice, newest(self.message))

        batch.refresh_from_db()
        self.assertEqual(batch.status, Status.READY)

    def test_a_decided_draft_cannot_be_changed(self) -> None:
        batch = drafting.start_batch(self.alice, of_message(self.message))
        drafting.accept(self.alice, newest(self.message))
        draft = Draft.objects.select_related("batch").filter(batch=batch).first()
        assert draft is not None

        with self.assertRaises(drafting.AlreadyDecided):
            drafting.decide(draft, keep=False)
        with self.assertRaises(drafting.AlreadyDecided):
            drafting.edit(draft, question="Q", answer="A")


class ModelTests(ModelTestCase):
    def test_a_model_drafts_in_the_background(self) -> None:
        self.server.script(structured=cards("How many?", "And why?"), first_delay_seconds=0.2)

        batch = self.start()

        self.assertEqual(batch.status, Status.WORKING)
        self.ended(batch)
        self.assertEqual((batch.status, batch.error), (Status.READY, ""))
        self.assertNotEqual(batch.provider, "Rules")
        self.assertTrue(batch.model)
        self.assertEqual([d.question for d in batch.drafts.all()], ["How many?", "And why?"])

    def test_a_long_text_comes_section_by_section(self) -> None:
        message = start_conversation(self.alice, ARTICLE)
        self.server.script(structured=cards("First?"))
        self.server.script(structured=cards("Second?"), first_delay_seconds=1.0)
        for number in range(2, SECTIONS):
            self.server.script(structured=cards(f"Fact {number}?"))

        batch = self.start(message)

        self.assertEqual(batch.sections, SECTIONS)
        wait_until(batch.drafts.exists)
        batch.refresh_from_db()
        self.assertEqual((batch.status, batch.sections_done), (Status.WORKING, 1))
        self.ended(batch)
        self.assertEqual(batch.drafts.count(), SECTIONS)

    def test_five_hundred_cards_are_a_few_and_a_sentence(self) -> None:
        self.server.script(structured=cards(*(f"Fact {n}?" for n in range(500))))

        batch = self.ended(self.start())

        count = batch.drafts.count()
        self.assertLess(count, 12)
        self.assertIn(f"{500 - count} more than a text of this length", batch.note)

    def test_a_failure_keeps_what_came_and_goes_on_from_there(self) -> None:
        message = start_conversation(self.alice, ARTICLE)
        self.server.script(structured=cards("First?"))
        self.server.script(times=2, structured="no cards today")

        batch = self.ended(self.start(message))

        self.assertEqual((batch.status, batch.sections_done), (Status.FAILED, 1))
        self.assertTrue(batch.error)
        self.server.script(structured=cards("First?", "Second?"))
        for _ in range(2, SECTIONS):
            self.server.script(structured={"cards": []})
        again = self.ended(self.start(message))
        self.assertEqual((again.id, again.status, again.error), (batch.id, Status.READY, ""))
        self.assertEqual([d.question for d in again.drafts.all()], ["First?", "Second?"])

    def test_rules_can_take_over_after_a_failure(self) -> None:
        self.server.script(times=2, structured="no cards today")
        batch = self.ended(self.start())
        self.assertEqual(batch.status, Status.FAILED)

        batch = self.start(by_rules=True)

        self.assertEqual((batch.status, batch.provider), (Status.READY, "Rules"))
        self.assertTrue(batch.drafts.exists())

    def test_stop_keeps_what_came_and_hangs_up(self) -> None:
        message = start_conversation(self.alice, ARTICLE)
        self.server.script(structured=cards("First?"))
        self.server.script(hang_after=0)
        batch = self.start(message)
        wait_until(batch.drafts.exists)
        wait_until(lambda: len(self.server.questions()) == 2)

        drafting.stop(batch)

        self.assertEqual(batch.status, Status.READY)
        self.assertTrue(self.server.questions()[1].client_left.wait(30))
        batch.refresh_from_db()
        self.assertEqual((batch.status, batch.drafts.count()), (Status.READY, 1))

    def test_a_writer_that_died_is_noticed_and_the_drafting_offered_again(self) -> None:
        long_ago = timezone.now() - timedelta(minutes=1)
        DraftBatch.objects.create(owner=self.alice, message=self.message, updated_at=long_ago)

        batch = drafting.open_batch(self.alice, of_message(self.message))

        assert batch is not None
        self.assertEqual((batch.status, batch.error), (Status.FAILED, writing.INTERRUPTED))
        self.server.script(structured=cards("Again?"))
        self.assertEqual(self.ended(self.start()).drafts.count(), 1)

    def test_a_writer_thought_dead_does_not_write_into_its_successors_work(self) -> None:
        batch = DraftBatch.objects.create(owner=self.alice, message=self.message)
        old = batch.run
        DraftBatch.objects.filter(id=batch.id).update(run="00000000-0000-4000-8000-000000000000")

        self.assertFalse(writing.store(batch.id, old, [], sections_done=1))
        self.assertFalse(writing.end(batch.id, old, Status.READY))
        self.assertFalse(writing._touch(batch.id, old))

    def test_a_server_that_stops_says_so_and_keeps_what_came(self) -> None:
        self.server.script(hang_after=0)
        batch = self.start()
        wait_until(lambda: self.server.questions())

        background.shutdown(5)

        batch.refresh_from_db()
        self.assertEqual((batch.status, batch.error), (Status.FAILED, writing.INTERRUPTED))

    def test_adding_while_more_are_coming_ends_the_drafting(self) -> None:
        message = start_conversation(self.alice, ARTICLE)
        self.server.script(structured=cards("First?"))
        self.server.script(structured=cards("Second?"), first_delay_seconds=0.5)
        batch = self.start(message)
        wait_until(batch.drafts.exists)

        made = drafting.accept(self.alice, newest(message))

        self.assertEqual([card.question for card in made], ["First?"])
        time.sleep(0.8)
        self.assertEqual(batch.drafts.count(), 1)

    def test_two_starts_at_once_are_one_batch_and_one_request(self) -> None:
        self.server.default(structured=cards("How many?"), first_delay_seconds=0.3)
        found: list[DraftBatch] = []
        together = threading.Barrier(4)

        def click() -> None:
            together.wait()
            try:
                found.append(self.start())
            finally:
                connections.close_all()

        threads = [threading.Thread(target=click) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual(len({batch.id for batch in found}), 1)
        self.ended(found[0])
        self.assertEqual(len(self.server.questions()), 1)
        self.assertEqual(Draft.objects.count(), 1)

    def test_html_is_stored_as_it_is_and_never_run(self) -> None:
        self.server.script(html=True, count=1)

        batch = self.ended(self.start())

        self.assertIn("<script>", batch.drafts.get().question)

    def test_deleting_the_conversation_meanwhile_is_no_error(self) -> None:
        self.server.script(structured=cards("How many?"), first_delay_seconds=0.5)
        batch = self.start()

        self.message.conversation.delete()

        wait_until(lambda: not DraftBatch.objects.filter(id=batch.id).exists())
        time.sleep(0.7)
        self.assertFalse(Draft.objects.exists())


class RefusedKeyTests(TransactionTestCase):
    def test_a_key_that_claude_refuses_is_not_used_again(self) -> None:
        alice = User.objects.create_user("alice@example.org", PASSWORD)
        message = start_conversation(alice, TEXT)
        key = "sk-ant-api03-drafting-tests-000000"
        server: ProviderServer = self.enterContext(ClaudeServer())
        self.enterContext(
            override_settings(ANTHROPIC_BASE_URL=server.url, CLAUDE_MODEL="claude-sonnet-5-5")
        )
        self.addCleanup(background.shutdown)
        save_api_key(user=alice, api_key=key, now=timezone.now())
        server.refused_keys.add(key)

        batch = drafting.start_batch(alice, of_message(message))
        wait_until(lambda: DraftBatch.objects.filter(status=Status.FAILED).exists())

        batch.refresh_from_db()
        self.assertIn("key", batch.error)
        self.assertEqual(ApiKey.objects.get().status, ApiKey.Status.REFUSED)
