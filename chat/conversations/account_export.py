"""The chat in the export of an account: each conversation as Markdown and as JSON."""

from collections.abc import Iterator
from uuid import UUID

from accounts import account_export
from chat.conversations import export
from chat.models import AnswerContext, Conversation, Seed, Summary

ABOUT = """conversations/
  one .md and one .json for each conversation, named after the day it began; the .md has the open
  branch, the .json all branches. Deleted ones that can still be restored are in
  conversations/deleted/. conversations/more/ has the prompts of the answers, and the summaries of
  long conversations"""
_FETCHED_ROWS = 100


def files(owner_id: UUID) -> Iterator[account_export.File]:
    """Yield two files for each conversation, the oldest first. A few SQL queries for each."""
    conversations = Conversation.objects.filter(owner=owner_id).order_by("created_at", "id")
    for conversation in conversations.iterator(chunk_size=_FETCHED_ROWS):
        folder = "conversations/deleted" if conversation.deleted_at else "conversations"
        name = export.file_name(conversation, "md").removesuffix(".md")
        stem = f"{folder}/{conversation.created_at:%Y-%m-%d} {name}"
        yield f"{stem}.md", _markdown(conversation)
        yield f"{stem}.json", _json(conversation)
    yield from account_export.owned_models(
        "conversations/more", (AnswerContext, Seed, Summary), owner_id
    )


def _markdown(conversation: Conversation) -> Iterator[bytes]:
    yield export.as_markdown(conversation).encode()


def _json(conversation: Conversation) -> Iterator[bytes]:
    yield export.as_json(conversation).encode()
