"""What was said before there were branches: each message follows the one before it."""

from importlib import import_module

from django.db import connection

from chat.conversations import branches
from chat.models import Conversation, Message
from tests.base import TestCase

LINK_IN_ORDER = import_module("chat.migrations.0003_branches").LINK_IN_ORDER


class LinkInOrderTests(TestCase):
    def test_messages_are_linked_in_their_order_and_the_last_one_is_open(self) -> None:
        for count in (0, 1, 5):
            with self.subTest(count):
                conversation = Conversation.objects.create(owner=self.alice, title="Old")
                # Versions keep apart what has no parent yet.
                Message.objects.bulk_create(
                    Message(
                        conversation=conversation,
                        position=position,
                        version=position + 1,
                        role="user",
                        content=str(position),
                    )
                    for position in range(count)
                )

                with connection.cursor() as cursor:
                    cursor.execute(LINK_IN_ORDER)

                conversation.refresh_from_db()
                path = branches.path(conversation.leaf_id).order_by("position")
                self.assertEqual([m.content for m in path], [str(n) for n in range(count)])
