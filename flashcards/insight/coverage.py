"""Coverage: which ideas of a text have a card, which of these are fading, and which have none.

An idea is a sentence, or short ones of a paragraph together. A card covers it if it was made from
these words, or if it means the same. `python -m tests.benchmarks.coverage` measures how well the
second is told.
"""

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import numpy as np

from accounts.models import User
from chat.conversations import branches
from chat.models import Conversation, Message
from flashcards import scheduling, store, study_settings
from flashcards.domain.records import Flashcard
from flashcards.drafting import generation, origins, prose
from flashcards.drafting.origins import Origin
from flashcards.models import Draft, DraftBatch
from flashcards.store import Numbers, cards
from flashcards.study_settings.settings import EffectiveSettings
from memoryloop.embeddings import EmbeddingError, embedder_named
from memoryloop.words import count_words

# A card that is as near to an idea says it: a share of the distance of unrelated texts.
MEANS_SHARE = 0.5
# Shorter sentences are joined with the next one of their paragraph.
IDEA_WORDS = 8
# Of a longer text the beginning is looked at: each idea is embedded.
IDEAS_MOST = 150
CARDS_MOST = 3
# A question, and what leads to a list or a formula.
_EXPLAINS_NOTHING = ("?", "\uff1f", ":", "\uff1a")
_FORMULA = re.compile(r"\$\$.*?\$\$|\$[^$\n]*\$", re.DOTALL)


class State(enum.StrEnum):
    KNOWN = "known"
    FADING = "fading"
    NONE = "none"


@dataclass(frozen=True)
class Idea:
    """A passage of a text that explains one thing."""

    origin: Origin
    start: int
    end: int
    text: str

    @property
    def part(self) -> Origin:
        return self.origin.part(self.start, self.end)


@dataclass(frozen=True)
class Covering:
    """A card that covers an idea."""

    card: Flashcard
    # Whether it was made from these words; else it means the same.
    is_from_here: bool
    # The chance that it is recalled now, 0 to 1; None for a new card.
    chance: float | None
    is_fading: bool


@dataclass(frozen=True)
class CoveredIdea:
    idea: Idea
    cards: list[Covering]
    # The drafts of exactly this passage that wait for a decision.
    batch: DraftBatch | None = None
    has_drafts: bool = False

    @property
    def state(self) -> State:
        return state_of(self.cards)


@dataclass(frozen=True)
class Coverage:
    ideas: list[CoveredIdea]
    # Whether the text has more ideas than were looked at.
    is_cut: bool
    # Whether cards were also looked for by meaning.
    by_meaning: bool

    def of(self, state: State) -> list[CoveredIdea]:
        return [each for each in self.ideas if each.state == state]

    @property
    def uncovered(self) -> list[Idea]:
        """Return the ideas without a card of which no drafts wait."""
        return [each.idea for each in self.of(State.NONE) if each.batch is None]


def state_of(found: Sequence[Covering]) -> State:
    """Return the state of what has these cards: one that is known well is enough."""
    if not found:
        return State.NONE
    return State.FADING if all(each.is_fading for each in found) else State.KNOWN


def answers_of(conversation: Conversation) -> list[Origin]:
    """Return the answers on the open branch of a conversation, in order. Two SQL queries."""
    leaf = branches.leaf_through(conversation, None)
    found = branches.path(leaf.id if leaf else None).filter(
        role=Message.Role.ASSISTANT, status=Message.Status.COMPLETE
    )
    ordered = found.select_related("conversation").order_by("position")
    return [origins.of_message(each) for each in ordered]


def ideas_of(origin: Origin) -> list[Idea]:
    """Return the ideas of a text, in order, without questions, formulas and very short ones."""
    found: list[Idea] = []
    held: list[prose.Sentence] = []

    def close() -> None:
        if held:
            start, end = held[0].start, held[-1].end
            text = " ".join(each.text for each in held)
            # A formula alone explains nothing either.
            if count_words(_FORMULA.sub(" ", text)) >= generation.PASSAGE_MIN_WORDS:
                found.append(Idea(origin, start, end, text))
        held.clear()

    for sentence in prose.sentences(origin.text):
        if held and held[-1].block != sentence.block:
            close()
        if sentence.text.rstrip().endswith(_EXPLAINS_NOTHING):
            close()
            continue
        held.append(sentence)
        if count_words(" ".join(each.text for each in held)) >= IDEA_WORDS:
            close()
    close()
    return found


def read(user: User, texts: Sequence[Origin], *, now: datetime) -> Coverage:
    """Return the coverage of the learner's own texts.

    Seven SQL queries, two reads of the store, and a run of the embedding model over the ideas.
    """
    every = [idea for origin in texts for idea in ideas_of(origin)]
    ideas = every[:IDEAS_MOST]
    made = _made_from(user.pk, texts)
    near = _near(user.pk, ideas)
    settings = study_settings.settings_for(owner_id=user.pk)
    batches = _open_batches(user, texts)
    found = []
    for place, idea in enumerate(ideas):
        here = [card for card in made.get(idea.origin.id, ()) if _is_made_from(card, idea)]
        known = {card.note_id for card in here}
        same = [card for card in (near[place] if near else ()) if card.note_id not in known]
        covered = [
            *(covering(card, settings, now, is_from_here=True) for card in here),
            *(covering(card, settings, now, is_from_here=False) for card in same),
        ]
        key = (idea.origin.id, idea.start, idea.end)
        batch, has_drafts = batches.get(key, (None, False))
        found.append(CoveredIdea(idea, covered[:CARDS_MOST], batch, has_drafts))
    return Coverage(found, len(every) > len(ideas), near is not None)


def covering(
    card: Flashcard, settings: EffectiveSettings, now: datetime, *, is_from_here: bool
) -> Covering:
    """Return a card that covers something, with how likely it is recalled."""
    own = study_settings.for_card(settings, card)
    chance = scheduling.retrievability(card, now, settings=own.schedule)
    is_fading = chance is not None and chance < own.desired_retention
    return Covering(card, is_from_here, chance, is_fading)


def _is_made_from(card: Flashcard, idea: Idea) -> bool:
    start, end = card.source_start, card.source_end
    return start is not None and end is not None and start < idea.end and end > idea.start


def _made_from(owner_id: UUID, texts: Iterable[Origin]) -> dict[UUID, list[Flashcard]]:
    """Return the cards that were made from the texts, by the text's id."""
    found: dict[UUID, list[Flashcard]] = {}
    by_kind = {
        "message_id": [each.id for each in texts if each.message is not None],
        "document_id": [each.id for each in texts if each.document is not None],
    }
    for field, ids in by_kind.items():
        if ids:
            for card in cards.for_owner(owner_id).filter(**{f"{field}__in": ids}):
                found.setdefault(getattr(card, field), []).append(card)
    return found


def _near(owner_id: UUID, ideas: Sequence[Idea]) -> list[list[Flashcard]] | None:
    """Return for each idea the cards that mean the same; None while the model cannot be run."""
    if not ideas:
        return []
    serving = store.read_vector_sets().serving
    ids, vectors = store.vectors(owner_id)
    if not ids:
        return [[] for _ in ideas]
    try:
        asked = embedder_named(serving.model).embed([idea.text for idea in ideas])
    except EmbeddingError:
        return None
    least = 1 - MEANS_SHARE * serving.unrelated
    chosen = [_nearest(row, least) for row in _cosines(asked, vectors)]
    wanted = sorted({ids[place] for places in chosen for place in places})
    known = cards.for_owner(owner_id).in_bulk(wanted) if wanted else {}
    return [[known[ids[place]] for place in places if ids[place] in known] for places in chosen]


def _cosines(asked: Numbers, vectors: Numbers) -> Numbers:
    """Return (ideas, cards) cosines of unit vectors, a part of the cards at a time."""
    parts = [
        asked @ vectors[start : start + 4_096].astype(np.float32).T
        for start in range(0, len(vectors), 4_096)
    ]
    return np.concatenate(parts, axis=1)


def _nearest(likeness: Numbers, least: float) -> list[int]:
    places = np.flatnonzero(likeness >= least)
    order = places[np.argsort(-likeness[places], kind="stable")]
    nearest: list[int] = order[:CARDS_MOST].tolist()
    return nearest


def _open_batches(
    user: User, texts: Iterable[Origin]
) -> dict[tuple[UUID, int | None, int | None], tuple[DraftBatch, bool]]:
    """Return the batches that wait, by text and passage, and whether each has drafts or may get."""
    ids = [each.id for each in texts]
    waiting = DraftBatch.objects.filter(owner=user).exclude(status=DraftBatch.Status.DONE)
    found = [*waiting.filter(message_id__in=ids), *waiting.filter(document_id__in=ids)]
    filled = set(Draft.objects.filter(batch__in=found).values_list("batch_id", flat=True))
    return {
        (each.origin_id, each.span_start, each.span_end): (
            each,
            each.id in filled or each.status == DraftBatch.Status.WORKING,
        )
        for each in found
    }
