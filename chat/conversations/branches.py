"""The branches of a conversation: something said in another version, and what followed on that.

Each message names the one it follows, its parent. A branch is the way from a message back to the
first one; a conversation remembers where the branch that is open ends, its leaf.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, QuerySet
from django.db.models.expressions import RawSQL

from chat.models import Conversation, Message

# From a message back to the first. Costs one look into an index for each message on the way.
WAY_BACK = """
WITH RECURSIVE branch (id, parent_id, position) AS (
    SELECT id, parent_id, position FROM chat_message WHERE id = %s
    UNION ALL
    SELECT before.id, before.parent_id, before.position
    FROM branch JOIN chat_message before ON before.id = branch.parent_id
    WHERE branch.position > %s
)
SELECT id FROM branch
"""
# Whatever followed on a message, in any version: the ends of that, the newest first.
_ENDS_BELOW = """
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
    """Where a message stands among the versions of itself."""

    number: int
    count: int
    before: UUID | None
    after: UUID | None


def path(leaf_id: UUID | None, *, down_to: int = 0) -> "QuerySet[Message]":
    """Return the messages of the branch that ends at a leaf, from a position on, in no order.

    Takes the leaf's owner for granted: the caller has found it for one.
    """
    if leaf_id is None:
        return Message.objects.none()
    return Message.objects.filter(id__in=_way_back(leaf_id, down_to))


def _way_back(leaf_id: UUID, down_to: int) -> RawSQL:
    return RawSQL(WAY_BACK, (leaf_id, down_to))  # noqa: S611 - a constant


def is_on(leaf_id: UUID | None, message: Message) -> bool:
    """Tell whether a message lies on the branch that ends at a leaf. One SQL query at most."""
    if message.id == leaf_id:
        return True
    return path(leaf_id, down_to=message.position).filter(id=message.id).exists()


def leaf_through(conversation: Conversation, at: UUID | None) -> Message | None:
    """Return the leaf of the branch to show or to go on with; None in an empty conversation.

    It is the open branch if that leads through the message `at` (or if `at` is nothing of this
    conversation), else the newest that does. Two SQL queries at most beyond `leaf`.
    """
    leaf = conversation.leaf or newest(conversation)
    if at is None or leaf is None or at == leaf.id:
        return leaf
    through = conversation.messages.filter(id=at).only("id", "position").first()
    if through is None or is_on(leaf.id, through):
        return leaf
    return newest_below(through)


def newest(conversation: Conversation) -> Message | None:
    """Return the newest message, for a conversation whose leaf was taken away."""
    messages = conversation.messages.defer("embedding", "earlier_content")
    return messages.order_by("-created_at", "-position").first()


def newest_below(message: Message) -> Message:
    """Return the end of the branch through a message on which something was said last.

    One SQL query, which looks at everything that followed on the message.
    """
    below = RawSQL(_ENDS_BELOW, (message.id,))  # noqa: S611 - a constant
    ends = Message.objects.filter(id__in=below)
    return ends.defer("embedding", "earlier_content").get()


def elsewhere(answer: Message) -> "QuerySet[Message]":
    """Return what was said in the conversation on branches that do not lead to an answer."""
    return Message.objects.filter(conversation_id=answer.conversation_id).exclude(
        id__in=_way_back(answer.id, 0)
    )


def has_branches(conversation_id: UUID) -> Exists:
    """Return whether anything in a conversation has another version, to annotate a query with."""
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
        # A version that came a moment ago is counted by whoever opens the page next.
        at = ids.index(message.id) if message.id in ids else len(ids) - 1
        message.versions = Versions(  # type: ignore[attr-defined] # set here for the templates
            number=at, count=len(ids) - 2, before=ids[at - 1], after=(*ids, None)[at + 1]
        )


def add_in_order(conversation: Conversation, messages: Iterable[Message]) -> list[Message]:
    """Store messages, each following the one before, after what is there; the last is the leaf.

    Their conversation, parents and positions are set here. Locks nothing: for a conversation that
    nobody speaks in.
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
