"""Links between a text, the drafts made of it, and the page that the learner came from."""

from dataclasses import dataclass

from django.urls import reverse

from flashcards.drafting.origins import Origin
from flashcards.models import DraftBatch


@dataclass(frozen=True)
class Link:
    label: str
    url: str


def make_url(made_from: Origin | DraftBatch) -> str:
    """Return the address of the page that drafts cards of a text or a passage of it."""
    if isinstance(made_from, DraftBatch):
        origin_id, start, end = made_from.origin_id, made_from.span_start, made_from.span_end
    else:
        origin_id, start, end = made_from.id, made_from.start, made_from.end
    url = reverse("flashcards:make", args=[origin_id])
    return url if start is None else f"{url}?from={start}&to={end}"


def back_link(origin: Origin) -> Link:
    """Return the link to where a text is read."""
    if origin.message is not None:
        return Link("Back to the conversation", reverse("chat:message", args=[origin.id]))
    if origin.card is not None:
        return Link("Back to the card", reverse("flashcards:card", args=[origin.id]))
    return Link("All files", reverse("flashcards:documents"))
