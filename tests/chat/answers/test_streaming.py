"""An answer from the POST to the last event, through the real ASGI application and SDK."""

import threading
import time
from datetime import timedelta
from unittest import mock

from django.test import Client
from django.utils import timezone

from chat.answers import event_stream, generation, stream_view
from chat.conversations.conversations import HEARTBEAT_TIMEOUT
from chat.models import Message
from memoryloop import llm
from memoryloop.server import background
from tests.chat.asgi import StreamingTestCase, shown


class StreamTests(StreamingTestCase):
    def test_an_answer_streams_in_and_is_stored(self) -> None:
        self.claude.reply("A cell is **alive**.\n\nIt has a membrane.", delay_seconds=0.02)

        events = self.all_events(answer := self.ask())

        self.assertEqual(events[0].name, "reset")
        self.assertEqual(events[-1].name, "done")
        self.assertIn("<strong>alive</strong>", events[-1].data["html"])
        self.assertIn("Claude", events[-1].data["html"])
        self.assertIn("composer-ask", events[-1].data["actions"])
        answer = self.finished(answer)
        self.assertEqual(answer.content, "A cell is **alive**.\n\nIt has a membrane.")
        self.assertEqual((answer.status, answer.provider), ("complete", "Claude"))

    def test_what_the_page_shows_before_the_end_is_the_answer(self) -> None:
        text = "# Cells\n\n- one\n- two\n\n```python\nx = 1\n\ny = 2\n```\n\n$$\na\n= b\n$$\n\nEnd."
        self.claude.reply(text, delay_seconds=0.03)

        # However busy the machine is, it renders.
        with mock.patch.object(stream_view, "RENDERING_SHARE", 1_000.0):
            events = self.all_events(self.ask())

        html = shown(events[:-1])
        for part in ("<h1>Cells</h1>", "<li>two</li>", "<math", "<p>End.</p>"):
            self.assertIn(part, html)
        self.assertGreater(len(events), 4)

    def test_on_a_busy_server_words_come_at_once_and_their_html_later(self) -> None:
        self.claude.reply("A **cell** <b>lives</b> & so on. " * 8, delay_seconds=0.03)
        with mock.patch.object(stream_view, "RENDERING_SHARE", 0.000_1):
            events = self.all_events(self.ask())

        names = [event.name for event in events]
        self.assertGreater(names.count("text"), names.count("tail"))
        self.assertIn("so on.", shown(events[:-1]))
        self.assertNotIn("<b>", shown(events[:-1]))
        self.assertEqual(shown(events).count("<strong>cell</strong>"), 8)

    def test_a_second_tab_in_mid_answer_gets_all_of_it(self) -> None:
        rest = threading.Event()
        self.claude.reply("One two three four five six seven. " * 3, delay_seconds=0.05, held=rest)
        answer = self.ask()
        first = self.stream(answer).events()
        seen = [next(first), next(first), next(first)]

        reader = self.stream(answer).events()
        second = [next(reader)]
        rest.set()
        second += reader

        self.assertEqual(second[0].name, "reset")
        self.assertIn("seven.", shown(second))
        self.assertEqual(shown([*seen, *first]), shown(second))

    def test_a_reader_in_another_process_gets_the_same_answer(self) -> None:
        self.claude.reply("One two three four five six seven. " * 3, delay_seconds=0.05)
        answer = self.ask()
        # Where the answer is not written, nothing is found in memory.
        with mock.patch.object(generation, "find", autospec=True, return_value=None):
            events = self.all_events(answer)

        self.assertEqual(events[0].name, "reset")
        self.assertGreater(len(events), 3)
        self.assertIn("seven.", shown(events[:-1]))
        self.assertEqual(events[-1].name, "done")

    def test_the_answer_goes_on_when_nobody_watches(self) -> None:
        self.claude.reply("One two three four.", delay_seconds=0.05)
        answer = self.ask()
        stream = self.stream(answer)
        next(stream.events())
        stream.close()

        self.assertEqual(self.finished(answer).content, "One two three four.")

    def test_a_finished_answer_ends_the_stream_at_once(self) -> None:
        self.claude.reply("Short.")
        answer = self.finished(self.ask())

        events = self.all_events(answer)

        self.assertEqual([event.name for event in events], ["done"])

    def test_a_stream_keeps_alive_while_the_provider_thinks(self) -> None:
        self.claude.reply("At last.", first_delay_seconds=0.6)
        with mock.patch.object(event_stream, "KEEP_ALIVE_SECONDS", 0.1):
            raw = self.stream(self.ask()).response.read().decode()

        self.assertGreaterEqual(raw.count(event_stream.KEEP_ALIVE), 2)

    def test_nobody_else_can_follow_or_stop_it(self) -> None:
        self.claude.reply("One two three four five.", delay_seconds=0.1)
        answer = self.ask()
        bob = Client()
        bob.force_login(self.bob)

        self.assertEqual(self.stream(answer, bob).status, 404)
        for name in ("stop", "retry"):
            self.assertEqual(bob.post(f"/chat/messages/{answer.id}/{name}/").status_code, 404)
        self.assertEqual(self.finished(answer).status, "complete")

    def test_sending_while_an_answer_is_written_keeps_the_text(self) -> None:
        self.claude.reply("One two three four five. " * 5, held=threading.Event())
        answer = self.ask()

        response = self.client.post(
            f"/chat/{answer.conversation_id}/send/", {"content": "And then?", "action": "ask"}
        )

        self.assertContains(response, "still being written", status_code=409)
        self.assertContains(response, "And then?</textarea>", status_code=409)
        self.assertEqual(Message.objects.count(), 2)


class StopTests(StreamingTestCase):
    def test_stopping_keeps_what_came(self) -> None:
        self.claude.reply("One two three four five six. " * 5, held=threading.Event())
        answer = self.ask()
        kept = self.wait_for_text(answer)

        response = self.client.post(f"/chat/messages/{answer.id}/stop/")

        self.assertEqual(response.status_code, 302)
        answer = self.finished(answer)
        self.assertEqual(answer.status, "stopped")
        time.sleep(0.3)
        answer.refresh_from_db()
        self.assertTrue(answer.content.startswith(kept))
        self.assertTrue(self.claude.questions()[0].client_left.wait(30))

    def test_a_stop_in_another_process_reaches_the_writer(self) -> None:
        self.claude.reply("One two three four five six. " * 5, held=threading.Event())
        answer = self.ask()
        self.wait_for_text(answer)
        with mock.patch.object(generation, "stop", autospec=True):
            self.client.post(f"/chat/messages/{answer.id}/stop/")

        self.assertTrue(self.claude.questions()[0].client_left.wait(30))
        answer.refresh_from_db()
        self.assertEqual(answer.status, "stopped")
        self.assertTrue(answer.content)

    def test_stopping_while_the_provider_still_thinks(self) -> None:
        self.claude.reply("Never seen.", first_delay_seconds=30)
        answer = self.ask()
        stream = self.stream(answer).events()
        next(stream)

        self.client.post(f"/chat/messages/{answer.id}/stop/", headers={"HX-Request": "true"})

        self.assertEqual(list(stream)[-1].name, "done")
        self.assertEqual(self.finished(answer).status, "stopped")


class FailureTests(StreamingTestCase):
    def test_each_error_of_the_provider_is_told_in_words_with_a_way_out(self) -> None:
        kinds = {402: "rights", 403: "rights", 404: "model", 429: "limit"}
        for status in (400, 402, 403, 404, 413, 429, 500, 529):
            with self.subTest(status):
                self.claude.default(status=status)
                events = self.all_events(answer := self.ask())
                answer = self.finished(answer)

                self.assertEqual(events[-1].name, "failed")
                kind = kinds.get(status, "provider")
                self.assertEqual((answer.status, answer.error_kind), ("failed", kind))
                self.assertGreater(len(answer.error), 20)
                self.assertIn("Retry", events[-1].data["html"])
                self.assertNotIn("sk-ant", answer.error)

    def test_an_answer_cut_in_the_middle_keeps_what_came_and_can_be_retried(self) -> None:
        self.claude.script(text="One two three four five six seven eight. " * 10, cut_after=2_000)
        answer = self.finished(self.ask())

        self.assertEqual((answer.status, answer.error_kind), ("interrupted", "broken"))
        self.assertTrue(answer.content.startswith("One"))

        self.claude.reply("Whole this time.")
        response = self.client.post(
            f"/chat/messages/{answer.id}/retry/", headers={"HX-Request": "true"}
        )

        self.assertContains(response, "data-stream")
        answer = self.finished(answer)
        self.assertEqual((answer.status, answer.content), ("complete", "Whole this time."))
        self.assertEqual(answer.error, "")

    def test_a_retry_that_brings_nothing_puts_back_what_was_there(self) -> None:
        self.claude.script(text="One two three four five six seven eight. " * 10, cut_after=2_000)
        answer = self.finished(self.ask())
        kept = answer.content
        self.claude.script(times=3, status=500)

        self.client.post(f"/chat/messages/{answer.id}/retry/")

        answer = self.finished(answer)
        self.assertEqual(answer.status, "failed")
        self.assertEqual(answer.content, kept)

    def test_only_the_last_answer_is_retried(self) -> None:
        self.claude.script(times=3, status=500)
        answer = self.finished(self.ask())
        self.client.post(f"/chat/{answer.conversation_id}/send/", {"content": "Another"})

        response = self.client.post(f"/chat/messages/{answer.id}/retry/", follow=True)

        self.assertContains(response, "moved on")

    def test_an_empty_answer_says_so(self) -> None:
        self.claude.reply("")
        answer = self.finished(self.ask())

        self.assertEqual(answer.status, "failed")
        self.assertGreater(len(answer.error), 20)

    def test_a_fault_of_ours_shows_no_insides(self) -> None:
        with (
            mock.patch(
                "chat.recall.prompts.build", autospec=True, side_effect=RuntimeError("secret")
            ),
            self.assertLogs("chat.answers.generation", "ERROR"),
        ):
            answer = self.finished(self.ask())

        self.assertEqual(answer.error_kind, "ours")
        self.assertNotIn("secret", answer.error)

    def test_an_answer_at_its_length_limit_says_how_to_go_on(self) -> None:
        self.claude.reply("One two three", stop_reason="max_tokens")
        events = self.all_events(answer := self.ask())

        self.assertEqual(events[-1].name, "done")
        self.assertIn("reached its length limit: ask to go on", events[-1].data["html"])
        self.assertNotIn("Retry", events[-1].data["html"])
        self.assertEqual(self.finished(answer).status, "complete")

    def test_a_hostile_answer_runs_nothing(self) -> None:
        self.claude.reply(
            "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3)) "
            "![y](https://evil.example/y.png) \0\ud83d",
            delay_seconds=0.01,
        )
        for event in self.all_events(self.ask()):
            html = "".join(event.data.values())
            self.assertNotRegex(html, r"<script|<img|href=.javascript")


class RestartTests(StreamingTestCase):
    def test_stopping_the_server_keeps_what_came_as_interrupted(self) -> None:
        self.claude.reply("One two three four five six. " * 5, held=threading.Event())
        answer = self.ask()
        self.wait_for_text(answer)

        background.shutdown(5.0)

        answer.refresh_from_db()
        self.assertEqual(answer.status, "interrupted")
        self.assertIn("Retry", answer.error)

    def test_the_next_reader_marks_an_answer_whose_writer_died(self) -> None:
        answer = self.finished(self.ask())
        Message.objects.filter(id=answer.id).update(
            status="streaming", content="One two", updated_at=timezone.now() - timedelta(seconds=16)
        )

        events = self.all_events(answer)

        self.assertEqual(events[-1].name, "failed")
        self.assertIn("One two", events[-1].data["html"])
        answer.refresh_from_db()
        self.assertEqual(answer.status, "interrupted")

    def test_opening_the_page_marks_it_too(self) -> None:
        answer = self.finished(self.ask())
        Message.objects.filter(id=answer.id).update(
            status="streaming", updated_at=timezone.now() - timedelta(seconds=16)
        )

        page = self.client.get(answer.conversation.get_absolute_url())

        self.assertContains(page, "The server stopped")
        self.assertNotContains(page, "data-stream")

    def test_the_heart_beats_while_the_provider_thinks(self) -> None:
        # Many beats go into the time after which a writer counts as dead.
        self.assertLess(generation.HEARTBEAT_SECONDS, HEARTBEAT_TIMEOUT.total_seconds() / 10)
        self.claude.reply("Never seen.", first_delay_seconds=30)
        with mock.patch.object(generation, "HEARTBEAT_SECONDS", 0.1):
            answer = self.ask()
            beats = {answer.updated_at}
            deadline = time.monotonic() + 20
            while len(beats) < 4:
                self.assertLess(time.monotonic(), deadline, "The heart has stopped.")
                time.sleep(0.02)
                answer.refresh_from_db()
                beats.add(answer.updated_at)


class ContributorTests(StreamingTestCase):
    def test_a_contributor_that_fails_does_not_break_the_answer(self) -> None:
        def broken(**_arguments: object) -> list[llm.Found]:
            raise RuntimeError("no cards today")

        with (
            mock.patch("chat.recall.lookup._contributors", [broken]),
            self.assertLogs("chat.recall.lookup", "ERROR"),
        ):
            answer = self.finished(self.ask())

        self.assertEqual(answer.status, "complete")
