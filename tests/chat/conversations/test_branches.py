"""Versions of messages: regenerate, edit and send again, the way between them, fork."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from chat.conversations import branches, versions
from chat.conversations.conversations import append_message, ask, mark_cards_made
from chat.models import Conversation, Message
from tests.base import TestCase
from tests.chat.conversations.test_conversation import conversation_of

HTMX = {"HX-Request": "true"}
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(conversation: Conversation) -> list[str]:
    """Return what the open branch of a conversation says."""
    conversation.refresh_from_db()
    path = branches.path(conversation.leaf_id).order_by("position")
    return [message.content for message in path]


def finish(answer: Message, content: str) -> None:
    Message.objects.filter(id=answer.id).update(status="complete", content=content)


class BranchTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.conversation = conversation_of(self.alice, 4)

    def at(self, position: int) -> Message:
        """Return the message at a position of the open branch."""
        self.conversation.refresh_from_db()
        return branches.path(self.conversation.leaf_id).get(position=position)

    def post(self, name: str, message: Message, *, htmx: bool = False, **data: Any) -> Any:
        headers = HTMX | {"HX-Current-URL": self.page} if htmx else {}
        return self.client.post(reverse(f"chat:{name}", args=[message.id]), data, headers=headers)

    @property
    def page(self) -> str:
        return f"http://testserver{self.conversation.get_absolute_url()}"


class RegenerateTests(BranchTestCase):
    def test_another_answer_stands_beside_the_first_which_stays(self) -> None:
        first = self.at(3)

        response = self.post("regenerate", first, htmx=True)

        another = self.at(3)
        self.assertNotEqual(another, first)
        self.assertEqual((another.version, another.parent_id), (2, first.parent_id))
        self.assertContains(response, "2 / 2")
        self.assertContains(response, reverse("chat:stream", args=[another.id]))
        self.assertContains(response, reverse("chat:open", args=[first.id]))
        self.assertEqual(response["HX-Replace-Url"], self.conversation.get_absolute_url())
        self.assertIn(str(another.id), response["HX-Trigger-After-Settle"])

    def test_an_answer_in_the_middle_leads_to_a_branch_without_what_followed(self) -> None:
        self.post("regenerate", self.at(1))
        finish(self.at(1), "Another answer")

        self.assertEqual(said(self.conversation), ["Question 0", "Another answer"])

    def test_it_works_without_script(self) -> None:
        response = self.post("regenerate", self.at(3))

        url = self.conversation.get_absolute_url()
        self.assertRedirects(response, f"{url}#message-{self.at(3).id}")

    def test_it_waits_for_an_answer_that_is_being_written(self) -> None:
        self.post("regenerate", self.at(3))
        for htmx in (True, False):
            response = self.post("regenerate", self.at(1), htmx=htmx)
            self.assertEqual(response.status_code, 409 if htmx else 302)
        self.assertContains(self.client.get(self.page), "still being written")
        self.assertEqual(Message.objects.filter(version__gt=1).count(), 1)

    def test_an_answer_that_follows_on_nothing_is_told_so(self) -> None:
        alone = Conversation.objects.create(owner=self.alice, title="Alone")
        answer = branches.add_in_order(alone, [Message(role="assistant", content="Hello")])[0]

        with self.assertRaises(versions.NothingToAnswer):
            versions.regenerate(answer)

    def test_a_question_is_not_regenerated(self) -> None:
        self.assertEqual(self.post("regenerate", self.at(2)).status_code, 404)


class EditTests(BranchTestCase):
    def test_a_message_is_asked_in_other_words_and_both_versions_stay(self) -> None:
        first = self.at(2)

        response = self.post("edit", first, htmx=True, content="Question two, better")

        self.assertContains(response, "2 / 2")
        self.assertNotContains(response, "Answer 3")
        self.assertEqual(
            said(self.conversation)[:3], ["Question 0", "Answer 1", "Question two, better"]
        )
        self.assertTrue(self.at(3).is_being_written)
        self.assertTrue(Message.objects.filter(content="Answer 3").exists())

    def test_the_first_message_has_versions_too(self) -> None:
        self.post("edit", self.at(0), content="Begin again")
        finish(self.at(1), "Begun")

        self.assertEqual(said(self.conversation), ["Begin again", "Begun"])
        self.assertContains(self.client.get(self.page), "2 / 2")

    def test_the_form_holds_the_message(self) -> None:
        url = reverse("chat:edit", args=[self.at(2).id])

        self.assertContains(self.client.get(url), "<html")
        fragment = self.client.get(url, headers=HTMX)
        self.assertContains(fragment, "Question 2</textarea>")
        self.assertNotContains(fragment, "<html")

    def test_a_blank_one_is_refused_with_what_was_typed(self) -> None:
        for htmx in (True, False):
            response = self.post("edit", self.at(2), htmx=htmx, content="  ")
            self.assertContains(response, "nothing to send", status_code=422)
        self.assertEqual(self.conversation.messages.count(), 4)

    def test_while_an_answer_is_written_the_text_is_kept(self) -> None:
        self.post("regenerate", self.at(3))

        response = self.post("edit", self.at(2), htmx=True, content="Not yet")

        self.assertContains(response, "still being written", status_code=409)
        self.assertContains(response, "Not yet</textarea>", status_code=409)
        self.assertEqual(response["HX-Retarget"], f"#message-{self.at(2).id}")

    def test_an_answer_is_not_edited(self) -> None:
        self.assertEqual(
            self.client.get(reverse("chat:edit", args=[self.at(1).id])).status_code, 404
        )


class OpenTests(BranchTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.first = self.at(1)
        self.post("regenerate", self.first)
        self.second = self.at(1)
        finish(self.second, "Another answer")

    def test_an_arrow_leads_back_to_all_that_followed(self) -> None:
        response = self.post("open", self.first, htmx=True)

        self.assertContains(response, "Answer 3")
        self.assertContains(response, "1 / 2")
        self.assertNotContains(response, "Another answer")
        self.assertEqual(len(said(self.conversation)), 4)
        self.post("open", self.second)
        self.assertEqual(said(self.conversation), ["Question 0", "Another answer"])

    def test_it_opens_where_something_was_said_last(self) -> None:
        append_message(self.conversation, "On the other branch")
        self.post("open", self.first)

        self.post("open", self.second)

        self.assertEqual(said(self.conversation)[-1], "On the other branch")

    def test_speaking_goes_on_where_the_page_is_though_another_tab_opened_another_branch(
        self,
    ) -> None:
        leaf = Message.objects.get(content="Answer 3")
        url = reverse("chat:send", args=[self.conversation.id])

        self.client.post(url, {"content": "And then?", "after": str(leaf.id)})

        self.assertEqual(said(self.conversation)[-3:-1], ["Answer 3", "And then?"])

    def test_speaking_goes_on_at_the_end_when_another_tab_said_more_on_the_branch(self) -> None:
        append_message(self.conversation, "From another tab")
        url = reverse("chat:send", args=[self.conversation.id])

        self.client.post(url, {"content": "And then?", "after": str(self.second.id)})

        self.assertEqual(said(self.conversation)[-3:-1], ["From another tab", "And then?"])

    def test_a_message_of_another_branch_is_shown_there(self) -> None:
        leaf = Message.objects.get(content="Answer 3")

        response = self.client.get(reverse("chat:message", args=[leaf.id]))

        url = self.conversation.get_absolute_url()
        self.assertRedirects(response, f"{url}?at={leaf.id}#message-{leaf.id}")
        page = self.client.get(f"{url}?at={leaf.id}")
        self.assertContains(page, "Answer 3")
        self.assertContains(page, f'name="after" value="{leaf.id}"')
        # Looking opens nothing: the conversation is as it was left.
        self.assertContains(self.client.get(url), "Another answer")

    def test_a_message_far_up_a_long_branch_is_found(self) -> None:
        branches.add_in_order(
            self.conversation, [Message(role="user", content=f"Long {n}") for n in range(80)]
        )
        early = self.at(5)
        self.post("open", self.first)

        response = self.client.get(reverse("chat:message", args=[early.id]), follow=True)

        self.assertContains(response, f"message-{early.id}")
        self.assertContains(response, f"?at={self.at_end_of(early)}&amp;upto=55")

    def at_end_of(self, message: Message) -> uuid.UUID:
        return branches.newest_leaf(message).id

    def test_an_address_that_names_nothing_shows_the_open_branch(self) -> None:
        other = conversation_of(self.bob).messages.get(position=1)
        for at in ("x", uuid.uuid4(), other.id):
            page = self.client.get(f"{self.conversation.get_absolute_url()}?at={at}")
            self.assertContains(page, "Another answer")

    def test_a_retry_opens_the_branch_of_its_answer(self) -> None:
        leaf = Message.objects.get(content="Answer 3")
        Message.objects.filter(id=leaf.id).update(status="failed")

        self.post("retry", leaf)

        self.conversation.refresh_from_db()
        self.assertEqual(self.conversation.leaf_id, leaf.id)


class ForkTests(BranchTestCase):
    def test_a_fork_goes_on_alone_from_a_message(self) -> None:
        response = self.post("fork", self.at(1))

        fork = Conversation.objects.exclude(id=self.conversation.id).get()
        self.assertRedirects(response, fork.get_absolute_url())
        self.assertEqual(said(fork), ["Question 0", "Answer 1"])
        self.assertEqual(fork.forked_from, self.at(1))
        append_message(fork, "Only here")
        self.assertEqual(len(said(self.conversation)), 4)
        page = self.client.get(fork.get_absolute_url())
        self.assertContains(page, reverse("chat:message", args=[self.at(1).id]))

    def test_its_cards_stay_with_the_first(self) -> None:
        mark_cards_made(self.at(1), NOW)

        fork = versions.fork(self.at(1), owner=self.alice)

        self.assertFalse(fork.messages.exclude(cards_made_at=None).exists())

    def test_half_an_answer_is_not_copied(self) -> None:
        self.post("regenerate", self.at(3))

        self.assertEqual(self.post("fork", self.at(3)).status_code, 302)

        self.assertEqual(Conversation.objects.count(), 1)


class StrangerTests(BranchTestCase):
    def test_a_stranger_finds_no_branch_by_any_address(self) -> None:
        self.log_in(self.bob)
        for name, message in (
            ("regenerate", self.at(1)),
            ("edit", self.at(2)),
            ("open", self.at(1)),
            ("fork", self.at(1)),
        ):
            self.assertEqual(self.post(name, message, content="Mine").status_code, 404, name)
        self.assertEqual(
            self.client.get(reverse("chat:edit", args=[self.at(2).id])).status_code, 404
        )
        self.assertEqual(Message.objects.count(), 4)

    def test_nobody_unknown_gets_in_and_wrong_methods_are_refused(self) -> None:
        for name in ("regenerate", "open", "fork"):
            url = reverse(f"chat:{name}", args=[self.at(1).id])
            self.assertEqual(self.client.get(url).status_code, 405)
        self.client.logout()
        for name in ("regenerate", "edit", "open", "fork"):
            self.assertEqual(self.post(name, self.at(2)).status_code, 302)
        self.assertEqual(Message.objects.count(), 4)

    def test_going_on_from_somebody_elses_message_goes_on_with_ones_own(self) -> None:
        theirs = conversation_of(self.bob).messages.get(position=1)
        url = reverse("chat:send", args=[self.conversation.id])

        self.client.post(url, {"content": "And then?", "after": str(theirs.id)})

        self.assertEqual(said(self.conversation)[-2], "And then?")
        self.assertEqual(theirs.conversation.messages.count(), 2)


class PathTests(TestCase):
    def test_opening_costs_the_same_whatever_branches_there_are(self) -> None:
        self.log_in()
        conversation = conversation_of(self.alice, 100)
        for _ in range(10):
            answer = versions.regenerate(branches.path(conversation.leaf_id).get(position=51))
            finish(answer, "Another")
            conversation.refresh_from_db()
        # Session, learner, conversation with its leaf, interrupted answers, messages, versions,
        # the side column.
        with self.assertNumQueries(7):
            self.client.get(conversation.get_absolute_url())

    def test_a_lost_leaf_is_the_newest_message(self) -> None:
        self.log_in()
        conversation = conversation_of(self.alice, 4)
        branches.path(conversation.leaf_id).get(position=3).delete()
        conversation.refresh_from_db()

        self.assertIsNone(conversation.leaf_id)
        self.assertContains(self.client.get(conversation.get_absolute_url()), "Question 2")
        append_message(conversation, "Go on")
        self.assertEqual(said(conversation)[-2:], ["Question 2", "Go on"])

    def test_deleting_a_conversation_takes_all_its_branches(self) -> None:
        conversation = conversation_of(self.alice, 4)
        versions.regenerate(branches.path(conversation.leaf_id).get(position=1))
        versions.fork(branches.path(conversation.leaf_id).get(position=1), owner=self.alice)

        conversation.delete()

        self.assertEqual(Message.objects.count(), 2)

    def test_a_writer_that_died_on_another_branch_holds_nobody_up(self) -> None:
        conversation = conversation_of(self.alice, 4)
        dead = versions.regenerate(branches.path(conversation.leaf_id).get(position=1))
        Message.objects.filter(id=dead.id).update(updated_at=timezone.now() - timedelta(seconds=16))

        ask(self.alice, "Go on", conversation=conversation)

        dead.refresh_from_db()
        self.assertEqual(dead.status, "interrupted")
