"""Reading a conversation, naming it, putting it away and bringing it back."""

import uuid

from django.urls import reverse

from chat.conversations import branches
from chat.conversations.conversations import mark_cards_made, start_conversation
from chat.models import Conversation, Message
from tests.base import TestCase

HTMX = {"HX-Request": "true"}


def conversation_of(owner: object, count: int = 2) -> Conversation:
    """Return a conversation with this many messages: question, answer, question, …"""
    message = start_conversation(owner, "Question 0")  # type: ignore[arg-type] # a User
    branches.add_in_order(
        message.conversation,
        [
            Message(
                role="user" if position % 2 == 0 else "assistant",
                content=f"{'Answer' if position % 2 else 'Question'} {position}",
                provider="" if position % 2 == 0 else "Claude",
                model="" if position % 2 == 0 else "claude-x",
            )
            for position in range(1, count)
        ],
    )
    return message.conversation


class ConversationTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def test_it_shows_the_messages_and_who_wrote_them(self) -> None:
        page = self.client.get(conversation_of(self.alice).get_absolute_url())

        self.assertContains(page, "Question 0")
        self.assertContains(page, "Answer 1")
        self.assertContains(page, "Claude · claude-x")
        self.assertNotContains(page, "http-equiv")

    def test_what_is_typed_next_goes_into_the_composer_or_the_title(self) -> None:
        conversation = conversation_of(self.alice)
        page = self.client.get(conversation.get_absolute_url())
        self.assertRegex(page.content.decode(), r'id="composer-content"[^>]* autofocus')
        rename = reverse("chat:rename", args=[conversation.id])
        form = self.client.get(rename, headers=HTMX)
        self.assertRegex(form.content.decode(), r'name="title"[^>]* autofocus')

    def test_a_stranger_finds_nothing_by_any_address(self) -> None:
        conversation = conversation_of(self.bob)
        message = conversation.messages.get(position=1)
        for name in ("conversation", "rename"):
            self.assertEqual(
                self.client.get(reverse(f"chat:{name}", args=[conversation.id])).status_code, 404
            )
        for name in ("send", "rename", "delete", "restore"):
            url = reverse(f"chat:{name}", args=[conversation.id])
            self.assertEqual(self.client.post(url, {"content": "Hi"}).status_code, 404, name)
        for name in ("message", "source", "stream"):
            url = reverse(f"chat:{name}", args=[message.id])
            self.assertEqual(self.client.get(url).status_code, 404, name)
        for name in ("stop", "retry"):
            url = reverse(f"chat:{name}", args=[message.id])
            self.assertEqual(self.client.post(url).status_code, 404, name)
        self.assertEqual(conversation.messages.count(), 2)

    def test_an_unknown_id_is_not_found(self) -> None:
        url = reverse("chat:conversation", args=[uuid.uuid4()])
        self.assertEqual(self.client.get(url).status_code, 404)
        self.assertEqual(self.client.get("/chat/not-an-id/").status_code, 404)

    def test_a_learners_text_is_shown_as_typed(self) -> None:
        message = start_conversation(self.alice, "<script>alert(1)</script>\n**two**")

        page = self.client.get(message.conversation.get_absolute_url())

        self.assertContains(page, "&lt;script&gt;alert(1)&lt;/script&gt;\n**two**")
        self.assertNotContains(page, "<script>alert")

    def test_a_long_paste_is_folded(self) -> None:
        message = start_conversation(self.alice, "word " * 400)

        page = self.client.get(message.conversation.get_absolute_url())

        self.assertContains(page, "Show all")
        self.assertContains(page, reverse("flashcards:make", args=[message.id]))

    def test_a_long_conversation_opens_at_its_end_and_pages_back(self) -> None:
        conversation = conversation_of(self.alice, 120)
        page = self.client.get(conversation.get_absolute_url())
        self.assertContains(page, "Answer 119")
        self.assertContains(page, "Question 80")
        self.assertNotContains(page, "Answer 79")
        self.assertContains(page, "?upto=79")

        fragment = self.client.get(f"{conversation.get_absolute_url()}?upto=79", headers=HTMX)

        self.assertContains(fragment, "Answer 79")
        self.assertNotContains(fragment, "<html")
        self.assertContains(fragment, "?upto=39")
        whole = self.client.get(f"{conversation.get_absolute_url()}?upto=39")
        self.assertContains(whole, "Question 0")
        self.assertContains(whole, "Later messages")

    def test_a_position_that_is_none_shows_the_end(self) -> None:
        conversation = conversation_of(self.alice, 60)
        for value in ("x", "-1", "9" * 30, "٣"):
            page = self.client.get(conversation.get_absolute_url(), {"upto": value})
            self.assertContains(page, "Answer 59")

    def test_its_queries_do_not_grow_with_the_messages(self) -> None:
        for count in (10, 100):
            conversation = conversation_of(self.alice, count)
            # Session, learner, conversation, interrupted answers, last position, messages,
            # the side column.
            with self.assertNumQueries(7):
                self.client.get(conversation.get_absolute_url())


class MessageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def test_it_leads_to_its_place_in_the_conversation(self) -> None:
        conversation = conversation_of(self.alice, 120)
        early, late = conversation.messages.get(position=9), conversation.messages.get(position=119)

        url = conversation.get_absolute_url()
        self.assertRedirects(
            self.client.get(reverse("chat:message", args=[early.id])),
            f"{url}?upto=19#message-{early.id}",
        )
        self.assertRedirects(
            self.client.get(reverse("chat:message", args=[late.id])), f"{url}#message-{late.id}"
        )

    def test_htmx_gets_the_message_alone(self) -> None:
        message = conversation_of(self.alice).messages.get(position=1)

        page = self.client.get(reverse("chat:message", args=[message.id]), headers=HTMX)

        self.assertContains(page, "Answer 1")
        self.assertNotContains(page, "<html")

    def test_its_source_is_plain_text(self) -> None:
        message = conversation_of(self.alice).messages.get(position=1)
        Message.objects.filter(id=message.id).update(content="**bold** <b>")

        response = self.client.get(reverse("chat:source", args=[message.id]))

        self.assertEqual(response.content, b"**bold** <b>")
        self.assertEqual(response["Content-Type"], "text/plain; charset=utf-8")

    def test_an_answer_says_when_cards_were_made_from_it(self) -> None:
        conversation = conversation_of(self.alice)
        message = conversation.messages.get(position=1)
        mark_cards_made(message, message.created_at)

        page = self.client.get(conversation.get_absolute_url())

        self.assertContains(page, reverse("flashcards:make", args=[message.id]))

    def test_what_was_found_offline_is_not_offered_for_cards(self) -> None:
        conversation = conversation_of(self.alice)
        message = conversation.messages.get(position=1)
        link = reverse("flashcards:make", args=[message.id])
        self.assertContains(self.client.get(conversation.get_absolute_url()), link)

        conversation.messages.filter(position=1).update(provider="Offline", model="")

        self.assertNotContains(self.client.get(conversation.get_absolute_url()), link)

    def test_sending_for_cards_goes_to_the_maker(self) -> None:
        conversation = conversation_of(self.alice)
        url = reverse("chat:send", args=[conversation.id])
        data = {"content": "A cell is alive and has a membrane. " * 5, "action": "cards"}

        plain = self.client.post(url, data)
        by_htmx = self.client.post(url, data, headers=HTMX)

        made = conversation.messages.filter(position__gte=2)
        self.assertEqual(plain["Location"], reverse("flashcards:make", args=[made[0].id]))
        self.assertEqual(by_htmx["HX-Redirect"], reverse("flashcards:make", args=[made[1].id]))

    def test_a_blank_message_is_refused_where_it_was_typed(self) -> None:
        url = reverse("chat:send", args=[conversation_of(self.alice).id])

        plain = self.client.post(url, {"content": " "})
        by_htmx = self.client.post(url, {"content": " "}, headers=HTMX)

        self.assertContains(plain, "nothing to send", status_code=422)
        self.assertContains(plain, "Answer 1", status_code=422)
        self.assertContains(by_htmx, "nothing to send", status_code=422)
        self.assertEqual(by_htmx["HX-Retarget"], "#composer")

    def test_wrong_methods_are_refused(self) -> None:
        conversation = conversation_of(self.alice)
        message = conversation.messages.get(position=1)
        for name, of in (
            ("send", conversation),
            ("delete", conversation),
            ("restore", conversation),
        ):
            self.assertEqual(
                self.client.get(reverse(f"chat:{name}", args=[of.id])).status_code, 405
            )
        for name in ("stop", "retry"):
            self.assertEqual(
                self.client.get(reverse(f"chat:{name}", args=[message.id])).status_code, 405
            )

    def test_nobody_unknown_gets_in(self) -> None:
        conversation = conversation_of(self.alice)
        message = conversation.messages.get(position=1)
        self.client.logout()
        for url in (
            conversation.get_absolute_url(),
            reverse("chat:conversations"),
            reverse("chat:message", args=[message.id]),
            reverse("chat:source", args=[message.id]),
            reverse("chat:stream", args=[message.id]),
        ):
            self.assertEqual(self.client.get(url).status_code, 302, url)


class RenameTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.conversation = conversation_of(self.alice)
        self.url = reverse("chat:rename", args=[self.conversation.id])

    def test_a_new_title_is_kept(self) -> None:
        response = self.client.post(self.url, {"title": "  Cells   and life "})

        self.assertRedirects(response, self.conversation.get_absolute_url())
        self.conversation.refresh_from_db()
        self.assertEqual(self.conversation.title, "Cells and life")

    def test_htmx_gets_the_form_and_then_the_title(self) -> None:
        self.assertContains(self.client.get(self.url, headers=HTMX), "hx-post")
        self.assertContains(self.client.get(f"{self.url}?cancel", headers=HTMX), "<h1>Question 0")
        self.assertContains(
            self.client.post(self.url, {"title": "Cells"}, headers=HTMX), "<h1>Cells</h1>"
        )

    def test_a_blank_title_and_a_long_one_are_refused(self) -> None:
        self.assertContains(
            self.client.post(self.url, {"title": " "}), "needs a title", status_code=422
        )
        self.assertEqual(self.client.post(self.url, {"title": "x" * 51}).status_code, 422)

    def test_the_page_works_without_script(self) -> None:
        self.assertContains(self.client.get(self.url), 'value="Question 0"')


class DeleteTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.conversation = conversation_of(self.alice)

    def test_a_deleted_conversation_is_gone_and_can_be_brought_back(self) -> None:
        restore = reverse("chat:restore", args=[self.conversation.id])

        page = self.client.post(reverse("chat:delete", args=[self.conversation.id]), follow=True)

        self.assertContains(page, "is deleted")
        self.assertContains(page, restore)
        self.assertEqual(self.client.get(self.conversation.get_absolute_url()).status_code, 404)
        message = self.conversation.messages.get(position=1)
        url = reverse("chat:message", args=[message.id])
        self.assertEqual(self.client.get(url).status_code, 404)

        self.assertRedirects(self.client.post(restore), self.conversation.get_absolute_url())

    def test_the_list_of_all_does_not_show_it(self) -> None:
        self.client.post(reverse("chat:delete", args=[self.conversation.id]))
        self.client.get(reverse("chat:home"))  # takes the toast

        self.assertContains(self.client.get(reverse("chat:conversations")), "No conversations yet")

    def test_the_list_pages(self) -> None:
        for number in range(60):
            start_conversation(self.alice, f"Topic {number}")

        page = self.client.get(reverse("chat:conversations"), {"page": 2})

        self.assertContains(page, "Page 2 of 2")
        self.assertContains(page, "Question 0")
