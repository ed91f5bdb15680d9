"""Conversations and messages in the admin."""

from django.urls import reverse

from chat.conversations.conversations import start_conversation
from tests.base import TestCase


class AdminTests(TestCase):
    def setUp(self) -> None:
        self.message = start_conversation(self.alice, "What is a <b>cell</b>?")
        self.urls = [
            reverse("admin:chat_conversation_changelist"),
            reverse("admin:chat_message_changelist"),
            reverse("admin:chat_conversation_change", args=[self.message.conversation_id]),
            reverse("admin:chat_message_change", args=[self.message.id]),
        ]

    def test_staff_see_them(self) -> None:
        self.log_in(self.charlie)
        for url in self.urls:
            page = self.client.get(url)
            self.assertContains(page, "What is a")
            self.assertNotContains(page, "<b>cell")

    def test_staff_can_search_but_not_change(self) -> None:
        self.log_in(self.charlie)

        self.assertContains(self.client.get(self.urls[1], {"q": "alice@"}), "What is a")
        self.assertNotContains(self.client.get(self.urls[1], {"q": "zebra"}), "What is a")
        self.assertEqual(self.client.post(self.urls[3], {"content": "x"}).status_code, 403)
        url = reverse("admin:chat_message_add")
        self.assertEqual(self.client.get(url).status_code, 403)

    def test_learners_do_not(self) -> None:
        self.log_in(self.alice)
        for url in self.urls:
            self.assertEqual(self.client.get(url).status_code, 302)
