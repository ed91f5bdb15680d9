"""The history of an answer: what was said before it on its branch, and what was told for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Func, IntegerField, Q, RowRange, Sum, Window

from chat.conversations import branches
from chat.models import AnswerContext, Conversation, Message, Summary

# The newest messages of the conversation that are sent. Small enough for the models that people
# run at home.
WINDOW_TOKENS = 12_000
# No more messages than this are read to fill the window.
WINDOW_MESSAGES = 200
# A conversation of fewer characters fits into every model's window.
SHORT_CHARACTERS = 4_000
# A card that one of so many answers before was told of is not offered again.
TOLD_ANSWERS = 6


@dataclass(frozen=True)
class History:
    """The messages before an answer on its branch, and what surrounds them."""

    # The newest first, and how many came before those.
    newest: list[Message]
    earlier: int
    # The messages on other branches, which are not quoted to the model.
    other_branches: list[UUID]
    # What the conversation was opened about.
    about: str
    # What the last answers were told of, by id.
    told: frozenset[str] = frozenset()
    # What was found too late for the answer before: its "kind" and "id", as AnswerContext has it.
    late: tuple[Mapping[str, Any], ...] = ()
    # The newest summary of what came first.
    summary: Summary | None = None


def read_history(owner_id: UUID, answer: Message) -> History:
    """Return what was said before an answer. Two SQL queries.

    One more each where there are branches, answers before it, and more than a few words.
    Empty if the conversation is not the owner's.
    """
    conversation = (
        Conversation.objects.filter(id=answer.conversation_id, owner=owner_id)
        .annotate(is_branched=branches.has_branches(answer.conversation_id))
        .select_related("seed")
        .first()
    )
    if conversation is None:
        return History([], 0, [], "")
    other_branches: list[UUID] = []
    if conversation.is_branched:
        other_branches = list(branches.on_other_branches(answer).values_list("id", flat=True))
    seed = getattr(conversation, "seed", None)
    messages = list(_newest_first(answer.parent_id, answer.position - 1))
    newest = [message for message in messages if message.content]
    earlier = messages[-1].position if messages else 0
    told, late = _told([message.id for message in newest if message.is_answer][:TOLD_ANSWERS])
    is_long = earlier or sum(len(message.content) for message in newest) > SHORT_CHARACTERS
    return History(
        newest=newest,
        earlier=earlier,
        other_branches=other_branches,
        about=seed.text if seed else "",
        told=told,
        late=late,
        summary=newest_summary(answer, is_branched=conversation.is_branched) if is_long else None,
    )


def newest_summary(answer: Message, *, is_branched: bool = True) -> Summary | None:
    """Return the summary that reaches farthest on the branch before an answer. One SQL query.

    A summary of other branches has a message in it that is not on this one.
    """
    summaries = Summary.objects.filter(until__position__lt=answer.position)
    if is_branched:
        summaries = summaries.filter(until__in=branches.path(answer.parent_id))
    else:
        summaries = summaries.filter(until__conversation_id=answer.conversation_id)
    return summaries.select_related("until").only(
        "text", "until__position"
    ).order_by("-until__position").first()  # fmt: skip


def _told(answers: list[UUID]) -> tuple[frozenset[str], tuple[Mapping[str, Any], ...]]:
    """Return what these answers were told of, and what came too late for the first of them."""
    if not answers:
        return frozenset(), ()
    contexts = {
        answer_id: (found, late)
        for answer_id, found, late in AnswerContext.objects.filter(answer__in=answers).values_list(
            "answer_id", "found", "found_late"
        )
    }
    told = frozenset(item["id"] for found, _ in contexts.values() for item in found if "id" in item)
    _, late = contexts.get(answers[0], ([], []))
    return told, tuple(late)


def _newest_first(question_id: UUID | None, position: int) -> Iterable[Message]:
    """Return the messages of a branch from a question back, no more than may fit the window.

    Limited by size in SQL, because one message may have 50,000 characters.
    """
    newer_bytes = Window(
        Sum(Func(F("content"), function="OCTET_LENGTH", output_field=IntegerField())),
        order_by=F("position").desc(),
        frame=RowRange(end=-1),
    )
    return (
        branches.path(question_id, down_to=position - WINDOW_MESSAGES + 1)
        .annotate(newer_bytes=newer_bytes)
        # A token is four bytes and a little more.
        .filter(Q(newer_bytes=None) | Q(newer_bytes__lte=WINDOW_TOKENS * 4))
        .only("id", "role", "content", "position")
        .order_by("-position")
    )
