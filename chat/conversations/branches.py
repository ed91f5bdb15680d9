"""The branches of a conversation: versions of a message, each with the messages that follow it.

Each message has a parent, the message that it follows. A branch is the chain of parents from a
message back to the first one; its newest message is its leaf. A conversation stores the leaf of the
branch that is open.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, QuerySet
from django.db.models.expressions import RawSQL

from chat.models import Conversation, Message

# A message and those before it on its branch, down to a position. One index lookup for each.
_BRANCH = """
WITH RECURSIVE branch (id, parent_id, position) AS (
    SELECT id, parent_id, position FROM chat_message WHERE id = %s
    UNION ALL
    SELECT before.id, before.parent_id, before.position
    FROM branch JOIN chat_message before ON before.id = branch.parent_id
    WHERE branch.position > %s
)
SELECT id FROM branch
"""
# The newest leaf among all messages that follow a message.
_NEWEST_LEAF = """
WITH RECURSIVE below (id, created_at, position) AS (
    SELECT id, created_at, position FROM chat_message WHERE id = %s
    UNION ALL
    SELECT reply.id, reply.created_at, reply.position
    FROM below JOIN chat_message reply ON reply.parent_id = below.id
)
SELECT id FROM below
WHERE NOT EXISTS (SELECT FROM chat_message reply WHERE reply.parent_id = below.id)
ORDER BY created_at DESC, position DESC, id LIMIT 1
"""
_BATCH_SIZE = 500


@dataclass(frozen=True)
class Versions:
    """The number of a message among its versions, and the versions before and after it."""

    number: int
    count: int
    before: UUID | None
    after: UUID | None


def path(leaf_id: UUID | None, *, down_to: int = 0) -> "QuerySet[Message]":
    """Return the messages of the branch with this leaf, from a position on, unordered.

    Does not check the owner: the caller has found the leaf for one.
    """
    if leaf_id is None:
        return Message.objects.none()
    return Message.objects.filter(id__in=_branch_ids(leaf_id, down_to))


def _branch_ids(leaf_id: UUID, down_to: int) -> RawSQL:
    return RawSQL(_BRANCH, (leaf_id, down_to))  # noqa: S611 - a constant


def is_on(leaf_id: UUID | None, message: Message) -> bool:
    """Tell whether a message is on the branch with this leaf. One SQL query at most."""
    if message.id == leaf_id:
        return True
    return path(leaf_id, down_to=message.position).filter(id=message.id).exists()


def leaf_through(conversation: Conversation, at: UUID | None) -> Message | None:
    """Return the leaf of a branch that contains the message `at`; None in an empty conversation.

    That is the open branch if it contains the message, or if the message is not in this
    conversation; else the branch whose leaf is the newest. Two SQL queries at most beyond `leaf`.
    """
    leaf = conversation.leaf or newest(conversation)
    if at is None or leaf is None or at == leaf.id:
        return leaf
    through = conversation.messages.filter(id=at).only("id", "position").first()
    if through is None or is_on(leaf.id, through):
        return leaf
    return newest_leaf(through)


def newest(conversation: Conversation) -> Message | None:
    """Return the newest message, for a conversation whose leaf was deleted."""
    messages = conversation.messages.defer("earlier_content")
    return messages.order_by("-created_at", "-position").first()


def newest_leaf(message: Message) -> Message:
    """Return the newest leaf among the branches that contain a message.

    One SQL query, which reads everything that follows the message.
    """
    below = RawSQL(_NEWEST_LEAF, (message.id,))  # noqa: S611 - a constant
    leaf = Message.objects.filter(id__in=below)
    return leaf.defer("earlier_content").get()


def on_other_branches(answer: Message) -> "QuerySet[Message]":
    """Return the messages of the conversation that are not on the branch of an answer."""
    return Message.objects.filter(conversation_id=answer.conversation_id).exclude(
        id__in=_branch_ids(answer.id, 0)
    )


def has_branches(conversation_id: UUID) -> Exists:
    """Return an expression: whether any message of a conversation has another version."""
    return Exists(Message.objects.filter(conversation_id=conversation_id, version__gt=1))


def next_version(message: Message) -> int:
    """Return the number of the next version of a message. The conversation is locked."""
    versions = Message.objects.filter(
        conversation_id=message.conversation_id, parent_id=message.parent_id
    )
    newest = versions.order_by("-version").values_list("version", flat=True)[0]
    return newest + 1


def number_versions(messages: Sequence[Message]) -> None:
    """Set `versions` on each of some messages of one conversation. One SQL query."""
    if not messages:
        return
    parents = {message.parent_id for message in messages}
    versions = Message.objects.filter(conversation_id=messages[0].conversation_id)
    known = versions.filter(parent_id__in=parents - {None})
    if None in parents:
        known |= versions.filter(parent_id=None)
    by_parent: dict[UUID | None, list[UUID]] = defaultdict(list)
    for parent_id, message_id in known.order_by("version").values_list("parent_id", "id"):
        by_parent[parent_id].append(message_id)
    for message in messages:
        ids: list[UUID | None] = [None, *by_parent[message.parent_id], None]
        # A version that was stored after the messages were read is not among these ids.
        at = ids.index(message.id) if message.id in ids else len(ids) - 1
        message.versions = Versions(  # type: ignore[attr-defined] # set here for the templates
            number=at, count=len(ids) - 2, before=ids[at - 1], after=(*ids, None)[at + 1]
        )


def add_in_order(conversation: Conversation, messages: Iterable[Message]) -> list[Message]:
    """Store messages at the end of a conversation, each as a reply to the one before.

    Sets their conversation, parents and positions. Locks nothing: for a conversation that nobody
    writes in meanwhile.
    """
    leaf = conversation.leaf or newest(conversation)
    chain = list(messages)
    first = leaf.position + 1 if leaf else 0
    for position, message in enumerate(chain, start=first):
        message.conversation, message.position = conversation, position
    before = leaf
    for message in chain:
        message.parent, before = before, message
    stored = Message.objects.bulk_create(chain, batch_size=_BATCH_SIZE)
    if chain:
        conversation.leaf = chain[-1]
        conversation.save(update_fields=["leaf"])
    return stored
