"""The context of an answer: the prompt that was sent for it, stored and shown word for word."""

import hashlib
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from chat.models import AnswerContext, Instructions, Message
from chat.recall import prompts
from chat.recall.history import WINDOW_TOKENS
from chat.recall.lookup import Late
from chat.recall.tokens import estimate_tokens
from memoryloop.llm.base import Found
from memoryloop.server import background


def record(answer: Message, prompt: prompts.Prompt | None) -> None:
    """Store the prompt of an answer, in place of that of an earlier attempt.

    Within the caller's transaction. Two SQL statements.
    """
    if prompt is None:
        return
    digest = hashlib.sha256(prompt.instructions.encode()).hexdigest()
    Instructions.objects.bulk_create(
        [Instructions(digest=digest, text=prompt.instructions)], ignore_conflicts=True
    )
    context = AnswerContext(
        answer_id=answer.id,
        instructions_id=digest,
        quoted=prompt.quoted,
        found=[
            {
                **_stored(item),
                "text": item.text,
                "tokens": estimate_tokens(prompts.quote(item)),
            }
            for item in prompt.found
        ],
        window=[str(message_id) for message_id in prompt.window],
        left_out=prompt.left_out,
        tokens=prompt.tokens,
        window_tokens=WINDOW_TOKENS,
        model_window=prompt.model_window,
        found_left_out=prompt.found_left_out,
        shortened=dict(prompt.shortened),
        closing=prompt.closing,
        summary=prompt.summary,
        summarized=prompt.summarized,
        is_late=prompt.material.late is not None,
        created_at=answer.created_at,
    )
    AnswerContext.objects.bulk_create(
        [context],
        update_conflicts=True,
        unique_fields=["answer"],
        update_fields=[
            "instructions", "quoted", "found", "window", "left_out", "tokens", "window_tokens",
            "model_window", "found_left_out", "shortened", "closing", "summary", "summarized",
            "is_late", "found_late", "created_at",
        ],
    )  # fmt: skip


async def record_late(answer: Message, late: Late) -> None:
    """Store what came too late for an answer once it is there. The next one is told of it.

    `answer` names the attempt: if another has begun meanwhile, nothing is stored.
    """
    found = await late.found()
    if found:
        await background.run_in_database(_store_late, answer, found)


def _store_late(answer: Message, found: list[Found]) -> None:
    AnswerContext.objects.filter(answer_id=answer.id, created_at=answer.created_at).update(
        found_late=[_stored(item) for item in found]
    )


def _stored(item: Found) -> dict[str, Any]:
    """Return what is stored of anything found, whether it was told of or not."""
    return {
        "kind": item.kind,
        "id": item.id,
        "title": item.title,
        "url": item.url,
        "why": item.why,
    }


@dataclass(frozen=True)
class Sent:
    """The stored prompt of an answer. `messages` have the text that was sent, oldest first."""

    system: str
    system_tokens: int
    cards: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    messages: list[tuple[Message, int]]
    message_tokens: int
    # The messages of which a part was sent: the tokens of the part and of the whole.
    shortened: list[tuple[Message, int, int]]
    # Whether what the conversation is about was sent in part, or not at all.
    is_about_cut: bool
    # The tokens of the summary that was sent; 0 without one.
    summary_tokens: int
    # How many of the messages were deleted since.
    missing: int
    context: AnswerContext

    @property
    def is_cut(self) -> bool:
        """Tell whether the model's window left something out."""
        left_out = self.context.left_out or self.context.found_left_out
        return self.context.model_window is not None and bool(
            left_out or self.shortened or self.is_about_cut
        )


def sent(owner: User, answer: Message) -> Sent | None:
    """Return the prompt of an answer of this owner's; None if none is stored.

    Two SQL queries.
    """
    contexts = AnswerContext.objects.filter(answer=answer, answer__conversation__owner=owner)
    context = contexts.select_related("instructions").first()
    if context is None:
        return None
    known = (
        Message.objects.filter(conversation__owner=owner, id__in=context.window)
        .only("id", "role", "content", "position", "conversation_id")
        .order_by("position")
    )
    messages, shortened = [], []
    for message in known:
        tokens = estimate_tokens(message.content)
        if (part := context.shortened.get(str(message.id))) is not None:
            # What an answer was continued from is its beginning.
            is_cut = message.id != answer.id or not message.content.startswith(part.rstrip())
            message.content, whole = part, tokens
            tokens = estimate_tokens(part)
            if is_cut:
                shortened.append((message, tokens, whole))
        messages.append((message, tokens))
    system = context.instructions.text + context.quoted
    return Sent(
        system=system,
        system_tokens=estimate_tokens(system),
        cards=[item for item in context.found if item["kind"] == "card"],
        notes=[item for item in context.found if item["kind"] != "card"],
        messages=messages,
        message_tokens=sum(tokens for _, tokens in messages)
        + (estimate_tokens(context.closing) if context.closing else 0),
        shortened=shortened,
        is_about_cut="about" in context.shortened,
        summary_tokens=estimate_tokens(context.summary) if context.summary else 0,
        missing=len(context.window) - len(messages),
        context=context,
    )
