"""Pinning and archiving conversations."""

import uuid

from django.urls import reverse

from chat.conversations.conversations import append_message, start_conversation
from chat.models import Conversation
from tests.base import TestCase


class ShelvesTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.old = self.begin("What is a cell?")
        self.new = self.begin("Where is Lima?")

    def begin(self, content: str) -> Conversation:
        return start_conversation(self.alice, content).conversation

    def post(self, name: str, conversation: Conversation, **data: str) -> str:
        response = self.client.post(reverse(f"chat:{name}", args=[conversation.id]), data)
        self.assertEqual(response.status_code, 302)
        return response["Location"]

    def listed(self, name: str = "conversations") -> list[Conversation]:
        page = self.client.get(reverse(f"chat:{name}"))
        return list(page.context["page"].object_list)

    def test_a_pinned_conversation_stands_first_everywhere(self) -> None:
        self.assertEqual(self.listed(), [self.new, self.old])

        self.assertEqual(self.post("pin", self.old), self.old.get_absolute_url())

        self.assertEqual(self.listed(), [self.old, self.new])
        home = self.client.get(reverse("chat:home"))
        self.assertEqual(list(home.context["recent"]), [self.old, self.new])
        side = self.client.get(self.new.get_absolute_url())
        self.assertEqual(list(side.context["conversations"]), [self.old, self.new])
        self.post("unpin", self.old)
        self.assertEqual(self.listed(), [self.new, self.old])

    def test_an_archived_conversation_is_out_of_the_lists_and_can_be_put_back(self) -> None:
        self.assertEqual(self.post("archive", self.old), reverse("chat:home"))

        page = self.client.get(reverse("chat:home"))
        self.assertContains(page, "is archived")
        self.assertContains(page, reverse("chat:unarchive", args=[self.old.id]))
        self.assertEqual(self.listed(), [self.new])
        self.assertEqual(self.listed("archived"), [self.old])
        self.assertEqual(self.client.get(self.old.get_absolute_url()).status_code, 200)
        self.post("unarchive", self.old)
        self.assertEqual(self.listed(), [self.new, self.old])

    def test_archiving_unpins_and_pinning_takes_out_of_the_archive(self) -> None:
        self.post("pin", self.old)
        self.post("archive", self.old)
        self.old.refresh_from_db()
        self.assertIsNone(self.old.pinned_at)

        self.post("pin", self.old)
        self.assertEqual(self.listed(), [self.old, self.new])

    def test_a_new_message_brings_an_archived_conversation_back(self) -> None:
        self.post("archive", self.old)

        append_message(self.old, "And what is in it?")

        self.assertIn(self.old, self.listed())

    def test_it_goes_back_to_where_it_was_asked_and_to_no_other_site(self) -> None:
        there = reverse("chat:conversations")
        self.assertEqual(self.post("pin", self.old, next=there), there)
        elsewhere = self.post("unpin", self.old, next="https://evil.example/")
        self.assertEqual(elsewhere, self.old.get_absolute_url())

    def test_nothing_archived_says_what_the_archive_is_for(self) -> None:
        self.assertContains(self.client.get(reverse("chat:archived")), "Nothing is archived")

    def test_a_strangers_and_an_unknown_conversation_are_not_found(self) -> None:
        bobs = start_conversation(self.bob, "Bob's").conversation
        for name in ("pin", "unpin", "archive", "unarchive"):
            for conversation_id in (bobs.id, uuid.uuid4()):
                url = reverse(f"chat:{name}", args=[conversation_id])
                self.assertEqual(self.client.post(url).status_code, 404, name)
        self.assertEqual(self.client.get(reverse("chat:title", args=[bobs.id])).status_code, 404)
        bobs.refresh_from_db()
        self.assertIsNone(bobs.pinned_at)
        self.assertNotIn(bobs, self.listed() + self.listed("archived"))

    def test_reading_changes_nothing_and_nobody_unknown_gets_in(self) -> None:
        for name in ("pin", "unpin", "archive", "unarchive"):
            url = reverse(f"chat:{name}", args=[self.old.id])
            self.assertEqual(self.client.get(url).status_code, 405, name)
        self.client.logout()
        for name in ("pin", "unpin", "archive", "unarchive"):
            url = reverse(f"chat:{name}", args=[self.old.id])
            self.assertEqual(self.client.post(url).status_code, 302, name)
        self.assertEqual(self.client.get(reverse("chat:archived")).status_code, 302)
        self.old.refresh_from_db()
        self.assertIsNone(self.old.archived_at)
