"""Jobs of the chat: ask the background worker for something.

By the task's name, so that services need not import the tasks that call them.
"""

from uuid import UUID

from procrastinate.contrib.django import app

EMBED_MESSAGES = "chat.embed_messages"


def request_embedding(*message_ids: UUID) -> None:
    """Have the worker embed messages. The job is stored in the caller's transaction."""
    app.configure_task(EMBED_MESSAGES).defer(
        message_ids=[str(message_id) for message_id in message_ids]
    )
