"""One conversation as Markdown and as JSON."""

import json

from django.urls import reverse

from chat.conversations.conversations import append_message, ask, rename_conversation
from chat.models import Message, Seed
from tests.base import TestCase


class ExportTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        exchange = ask(self.alice, "What is a **cell**?\n\n<b>please</b>")
        self.conversation = exchange.message.conversation
        Message.objects.filter(id=exchange.answer.id).update(
            status="interrupted",
            error="It broke off.",
            content="```python\nx = 1\n```",
            provider="Claude",
            model="claude-x",
        )
        append_message(self.conversation, "Schöne Grüße 👋")

    def get(self, kind: str) -> str:
        response = self.client.get(reverse(f"chat:export_{kind}", args=[self.conversation.id]))
        self.assertEqual(response.status_code, 200)
        self.assertIn("attachment", response["Content-Disposition"])
        self.assertIn("charset=utf-8", response["Content-Type"])
        return response.content.decode()

    def test_markdown_has_every_message_as_it_was_written(self) -> None:
        text = self.get("markdown")

        self.assertTrue(text.startswith("# What is a cell?\n"))
        for words in (
            "## You, ", "What is a **cell**?\n\n<b>please</b>", "## Tutor (Claude · claude-x), ",
            "```python\nx = 1\n```", "*It broke off.*", "Schöne Grüße 👋",
        ):  # fmt: skip
            self.assertIn(words, text)

    def test_json_has_everything_and_says_what_follows_what(self) -> None:
        data = json.loads(self.get("json"))

        self.assertEqual((data["format"], data["version"]), ("memoryloop-conversation", 1))
        self.assertEqual([m["role"] for m in data["messages"]], ["user", "assistant", "user"])
        ids = [message["id"] for message in data["messages"]]
        self.assertEqual([m["parent"] for m in data["messages"]], [None, *ids[:2]])
        self.assertEqual(data["leaf"], ids[-1])
        self.assertEqual(data["messages"][1]["error"], "It broke off.")
        self.assertEqual(data["messages"][2]["content"], "Schöne Grüße 👋")

    def test_what_it_was_opened_about_goes_with_it(self) -> None:
        Seed.objects.create(conversation=self.conversation, title="A card", text="Q\nA")

        self.assertIn("> **A card**\n> \n> Q\n> A", self.get("markdown"))
        self.assertEqual(json.loads(self.get("json"))["about"], {"title": "A card", "text": "Q\nA"})

    def test_the_file_is_named_after_the_title_whatever_that_is(self) -> None:
        for title, name in (('Cells "and" life', "cells-and-life.md"), ("細胞", "conversation.md")):
            rename_conversation(self.conversation, title)
            url = reverse("chat:export_markdown", args=[self.conversation.id])
            self.assertIn(f'filename="{name}"', self.client.get(url)["Content-Disposition"])

    def test_the_menu_offers_both(self) -> None:
        page = self.client.get(self.conversation.get_absolute_url())

        for kind in ("markdown", "json"):
            self.assertContains(page, reverse(f"chat:export_{kind}", args=[self.conversation.id]))

    def test_a_strangers_is_not_found_and_nobody_unknown_gets_one(self) -> None:
        for kind in ("markdown", "json"):
            url = reverse(f"chat:export_{kind}", args=[self.conversation.id])
            self.assertEqual(self.client.post(url).status_code, 405)
            self.client.force_login(self.bob)
            self.assertEqual(self.client.get(url).status_code, 404)
            self.client.logout()
            self.assertEqual(self.client.get(url).status_code, 302)
            self.log_in()

    def test_its_queries_do_not_grow_with_the_messages(self) -> None:
        for _ in range(2):
            # Session, learner, conversation with its leaf, what it is about, the branch.
            with self.assertNumQueries(5):
                self.get("markdown")
            for number in range(10):
                append_message(self.conversation, f"More {number}")
