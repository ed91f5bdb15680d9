"""Whatever is another learner's cannot be reached: by no address, no search and no context."""

import uuid
from collections.abc import Iterator

import numpy as np
from django.test import TransactionTestCase
from django.urls import reverse

from accounts.models import User
from chat import urls
from chat.conversations import versions
from chat.conversations.conversations import ask, start_conversation
from chat.models import Conversation, Message, MessageVector
from chat.recall import answer_context, message_search, prompts, vectors
from chat.tasks import embed_missing
from chat.web import palette
from memoryloop.server import background
from tests.base import PASSWORD, TestCase
from tests.chat.recall.found import recalled
from tests.factories import NOW

# The addresses that name nothing: what they show is the learner's own.
LISTS = ("home", "conversations", "archived", "search")
SECRET = "The zygomorphic password of Bob is swordfish."


def bobs_conversation(bob: User) -> Conversation:
    """Return a conversation with a branch, an answer and a context, all with the secret in it."""
    exchange = ask(bob, SECRET)
    Message.objects.filter(id=exchange.answer.id).update(
        status="complete", content=f"Indeed: {SECRET}", provider="Claude"
    )
    exchange.answer.refresh_from_db()
    again = versions.regenerate(exchange.answer)
    Message.objects.filter(id=again.id).update(
        status="complete", content=f"Again: {SECRET}", provider="Claude"
    )
    prompt = prompts.Prompt(quoted=SECRET, messages=(), found=(), window=(exchange.message.id,))
    for answer in (exchange.answer, again):
        answer_context.record(answer, prompt)
    return exchange.message.conversation


class AddressTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.conversation = bobs_conversation(self.bob)

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Yield every address of the chat that names a conversation or a message: Bob's."""
        messages = list(self.conversation.messages.values_list("id", flat=True))
        for pattern in urls.urlpatterns:
            ids = {"conversation_id": [self.conversation.id], "message_id": messages}
            for name in pattern.pattern.converters:
                for value in ids[name]:
                    yield str(pattern.name), reverse(f"chat:{pattern.name}", args=[value])

    def everything(self) -> list[object]:
        found = Message.objects.filter(conversation=self.conversation)
        return [
            *Conversation.objects.order_by("id").values(),
            *found.order_by("id").values("id", "content", "status", "version"),
        ]

    def test_every_address_is_as_if_it_were_not(self) -> None:
        before = self.everything()
        tried = set()
        for name, url in self.addresses():
            tried.add(name)
            for headers in ({}, {"HX-Request": "true"}):
                with self.subTest(name, headers=headers):
                    read = self.client.get(url, headers=headers)
                    sent = self.client.post(url, {"content": "Mine now", "title": "Mine"})
                    self.assertIn(404, (read.status_code, sent.status_code))
                    self.assertLessEqual({read.status_code, sent.status_code}, {404, 405})
                    self.assertNotContains(read, "swordfish", status_code=read.status_code)
        # Whatever comes later names one of these, or is added here with how it is kept apart.
        without = {str(each.name) for each in urls.urlpatterns if not each.pattern.converters}
        self.assertEqual(tried, {str(each.name) for each in urls.urlpatterns} - without)
        # What is looked for ahead is said to nobody, and never but in the learner's own.
        self.assertEqual(without, {*LISTS, "start", "prefetch"})
        self.assertEqual(self.everything(), before)

    def test_bobs_messages_are_no_place_in_alices_conversation(self) -> None:
        mine = start_conversation(self.alice, "Hello there").conversation
        bobs = self.conversation.messages.order_by("-position")[0]
        url = mine.get_absolute_url()

        for page in (
            self.client.get(url, {"at": str(bobs.id)}),
            self.client.post(
                reverse("chat:send", args=[mine.id]), {"content": " ", "after": str(bobs.id)}
            ),
        ):
            self.assertNotIn("swordfish", page.content.decode())
        self.client.post(
            reverse("chat:send", args=[mine.id]), {"content": "Go on", "after": str(bobs.id)}
        )
        self.assertEqual(
            set(mine.messages.values_list("parent__conversation_id", flat=True)), {None, mine.id}
        )

    def test_a_conversation_that_begins_takes_nothing_of_it_along(self) -> None:
        bobs = self.conversation.messages.order_by("-position")[0]
        for key in ("after", "conversation", "conversation_id", "parent", "origin", "message"):
            for value in (self.conversation.id, bobs.id):
                data = {"content": "Hello there. " * 30, "action": "cards", key: str(value)}
                self.client.post(reverse("chat:start"), data)
        mine = Message.objects.filter(conversation__owner=self.alice)
        self.assertEqual(mine.count(), 12)
        self.assertEqual(set(mine.values_list("parent", flat=True)), {None})

    def test_what_bobs_answer_was_told_is_not_told_to_alice(self) -> None:
        for answer in self.conversation.messages.filter(role="assistant"):
            self.assertIsNotNone(answer_context.sent(self.bob, answer))
            self.assertIsNone(answer_context.sent(self.alice, answer))

    def test_a_context_of_alices_that_names_bobs_messages_shows_none(self) -> None:
        mine = ask(self.alice, "Hello there").answer
        theirs = tuple(self.conversation.messages.values_list("id", flat=True))
        answer_context.record(mine, prompts.Prompt(quoted="", messages=(), found=(), window=theirs))

        told = answer_context.sent(self.alice, mine)

        assert told is not None
        self.assertEqual((told.messages, told.missing), ([], len(theirs)))

    def test_even_staff_see_nothing_through_the_chat(self) -> None:
        self.client.force_login(self.charlie)
        self.test_every_address_is_as_if_it_were_not()

    def test_the_lists_show_nothing_of_it(self) -> None:
        messages = self.conversation.messages.values_list("id", flat=True)
        for name in LISTS:
            page = self.client.get(reverse(f"chat:{name}"))
            self.assertNotContains(page, "zygomorphic")
            for key in ("q", "at", "after", "upto", "next", "page", "conversation"):
                for value in ("swordfish", self.conversation.id, *messages):
                    page = self.client.get(reverse(f"chat:{name}"), {key: str(value)})
                    self.assertNotContains(page, "zygomorphic")
        self.assertNotContains(self.client.get("/palette/", {"q": "zygomorphic"}), "swordfish")


class SearchTests(TestCase):
    def setUp(self) -> None:
        self.conversation = bobs_conversation(self.bob)
        start_conversation(self.alice, "What is a password manager good for?")
        embed_missing(0)

    def test_no_search_finds_it_by_word_or_by_meaning(self) -> None:
        for text in ("swordfish", "zygomorphic password", "secret credentials of somebody", SECRET):
            found = message_search.search(owner_id=self.alice.id, text=text)
            self.assertEqual(found.conversations, [])
            for hit in found.hits:
                self.assertEqual(hit.message.conversation.owner_id, self.alice.id)
            items = palette.find_messages(owner_id=self.alice.id, text=text, limit=20)
            self.assertFalse(any("swordfish" in item.title for item in items))

    def test_neither_way_through_the_vectors_leaves_the_owner(self) -> None:
        made = MessageVector.objects.filter(message__conversation=self.conversation)[0]
        vector, model = np.asarray(made.vector, np.float32), made.model
        for exactly in (True, False):
            near = vectors.nearest(
                owner_id=self.alice.id, vector=vector, model=model, limit=50, exactly=exactly
            )
            self.assertEqual(
                set(Message.objects.filter(id__in=[item.id for item in near])),
                set(Message.objects.filter(conversation__owner=self.alice)),
            )

    def test_nothing_of_it_is_recalled_for_anybody_else(self) -> None:
        for found in recalled(self.alice.id, SECRET):
            self.assertNotIn("swordfish", found.text)
        self.assertEqual(recalled(uuid.uuid4(), SECRET), [])

    def test_a_message_carries_its_owner_however_it_is_written(self) -> None:
        written = Message.objects.bulk_create(
            [Message(conversation=self.conversation, position=9, version=9, owner_id=self.alice.id)]
        )

        self.assertEqual(Message.objects.get(id=written[0].id).owner_id, self.bob.id)


class PromptTests(TransactionTestCase):
    """A prompt is built in other threads, which see what is committed."""

    def test_a_prompt_for_alice_holds_nothing_of_bobs(self) -> None:
        alice = User.objects.create_user("alice@example.org", PASSWORD)
        bob = User.objects.create_user("bob@example.org", PASSWORD)
        self.addCleanup(background.shutdown, 5.0)
        bobs_conversation(bob)
        embed_missing(0)
        answer = ask(alice, "What is the zygomorphic password of Bob?").answer

        building = prompts.build(owner_id=alice.id, answer=answer, now=NOW)
        prompt = background.submit(building, name="build").result(10)

        self.assertNotIn("swordfish", prompt.system)
        self.assertFalse(any("swordfish" in message.content for message in prompt.messages))
