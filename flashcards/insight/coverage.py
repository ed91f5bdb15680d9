"""Coverage: which ideas of a text have a card, which of these are fading, and which have none.

An idea is a sentence, or short ones of a paragraph together. A card covers it if it was made from
these words, if it says them in nearly the same words, or if the learner says so. The nearest card
that is less near perhaps covers it, which the learner is asked.
`python -m tests.benchmarks.coverage` measures how well both are told.
"""

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import User
from chat.conversations import branches
from chat.models import Conversation, Message
from flashcards import scheduling, study_settings
from flashcards.domain.records import Flashcard
from flashcards.drafting import generation, origins, prose
from flashcards.drafting.origins import Origin
from flashcards.insight import coverage_answers, near_cards
from flashcards.insight.coverage_answers import NOTHING, Said
from flashcards.insight.near_cards import Near
from flashcards.models import Draft, DraftBatch
from flashcards.store import cards
from flashcards.study_settings.settings import EffectiveSettings
from memoryloop.embeddings import EmbeddingError
from memoryloop.words import count_words

# A card that is as near to an idea says it: a share of the distance of unrelated texts.
MEANS_SHARE = 0.5
# The nearest card that fits at least so well perhaps says it.
PERHAPS = 0.25
# The nearest cards of an idea that are looked at.
CANDIDATES = 5
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
    PERHAPS = "perhaps"
    NONE = "none"


class Why(enum.StrEnum):
    """Why a card counts."""

    FROM_HERE = "from here"
    MEANING = "by meaning"
    SAID = "as you said"


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

    @property
    def digest(self) -> str:
        return coverage_answers.digest_of(self.text)


@dataclass(frozen=True)
class Covering:
    """A card that covers an idea."""

    card: Flashcard
    why: Why
    # The chance that it is recalled now, 0 to 1; None for a new card.
    chance: float | None
    is_fading: bool
    # The learner's answer that it does; None where nobody asked.
    answer_id: UUID | None = None


@dataclass(frozen=True)
class CoveredIdea:
    idea: Idea
    cards: list[Covering]
    # Without any, and without drafts: the card that may say it.
    perhaps: Flashcard | None = None
    # The drafts of exactly this passage that wait for a decision.
    batch: DraftBatch | None = None
    has_drafts: bool = False

    @property
    def state(self) -> State:
        return state_of(self.cards, self.perhaps)


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
        """Return the ideas without a card, even perhaps, of which no drafts wait."""
        return [each.idea for each in self.of(State.NONE) if each.batch is None]


def state_of(found: Sequence[Covering], perhaps: Flashcard | None) -> State:
    """Return the state of what has these cards: one that is known well is enough."""
    if not found:
        return State.NONE if perhaps is None else State.PERHAPS
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

    Eight SQL queries, two reads of the store, and a run of the embedding model over the ideas.
    """
    every = [idea for origin in texts for idea in ideas_of(origin)]
    ideas = every[:IDEAS_MOST]
    made = _made_from(user.pk, texts)
    answers = coverage_answers.read(user.pk, [each.id for each in texts])
    said = [answers.get((idea.origin.id, idea.digest), NOTHING) for idea in ideas]
    asked_for = {card_id for each in said for card_id in each.covered_by}
    least, by_meaning = 1.0, True
    try:
        found = near_cards.find(
            user.pk, [idea.text for idea in ideas], candidates=CANDIDATES, also=asked_for
        )
        near, known, least = found.near, found.also, 1 - MEANS_SHARE * found.unrelated
    except EmbeddingError:
        near, known = [[] for _ in ideas], near_cards.read_cards(user.pk, asked_for)
        by_meaning = False
    settings = study_settings.settings_for(owner_id=user.pk)
    batches = _open_batches(user, texts)
    covered = []
    for idea, heard, nearest in zip(ideas, said, near, strict=True):
        here = [card for card in made.get(idea.origin.id, ()) if _is_made_from(card, idea)]
        same = near_cards.one_of_each_note(each for each in nearest if each.cosine >= least)
        counted = counting(here, same, heard, known, settings, now)
        batch, has_drafts = batches.get((idea.origin.id, idea.start, idea.end), (None, False))
        is_open = not counted and batch is None
        maybe = perhaps(nearest, heard, PERHAPS) if is_open else None
        covered.append(CoveredIdea(idea, counted[:CARDS_MOST], maybe, batch, has_drafts))
    return Coverage(covered, len(every) > len(ideas), by_meaning)


def counting(
    here: Iterable[Flashcard],
    same: Iterable[Near],
    said: Said,
    known: Mapping[UUID, Flashcard],
    settings: EffectiveSettings,
    now: datetime,
) -> list[Covering]:
    """Return the cards that count, one of each note: made from here, named, of the same meaning.

    `known` has the cards that the learner named. What the learner refused counts only if it was
    made from here.
    """
    named = [known[each] for each in said.covered_by if each in known]
    kept = [each.card for each in same if each.card.id not in said.refused]
    found: dict[UUID, Covering] = {}
    for why, of in ((Why.FROM_HERE, here), (Why.SAID, named), (Why.MEANING, kept)):
        for card in of:
            notes = {each.card.note_id for each in found.values() if each.why is not why}
            if card.note_id not in notes:
                answer_id = said.covered_by.get(card.id) if why is Why.SAID else None
                found.setdefault(card.id, _covering(card, settings, now, why, answer_id))
    return list(found.values())


def perhaps(near: Iterable[Near], said: Said, least: float) -> Flashcard | None:
    """Return the card that fits best, if well enough, of those that the learner did not refuse."""
    open_to = [each for each in near if each.fit >= least and each.card.id not in said.refused]
    return open_to[0].card if open_to else None


def _covering(
    card: Flashcard,
    settings: EffectiveSettings,
    now: datetime,
    why: Why,
    answer_id: UUID | None,
) -> Covering:
    own = study_settings.for_card(settings, card)
    chance = scheduling.retrievability(card, now, settings=own.schedule)
    is_fading = chance is not None and chance < own.desired_retention
    return Covering(card, why, chance, is_fading, answer_id)


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
