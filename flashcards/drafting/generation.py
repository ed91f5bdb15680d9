"""Generation: ask a model for candidate cards. All requests for cards are made here."""

import logging
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from flashcards.domain.records import Kind
from flashcards.drafting import grounding, improving, linter
from flashcards.drafting.candidates import (
    DRAFTS_MAX,
    Candidate,
    Check,
    Seen,
    cards_expected,
    cards_most,
    locate,
)
from flashcards.drafting.linter import Finding
from flashcards.drafting.model_answers import CardDrafts, ContrastDraft, LabelledDrafts
from flashcards.drafting.prompts import CONTRAST, EXAMPLES, LABELS, SPLIT, SYSTEM
from flashcards.drafting.prose import without_code
from flashcards.drafting.sections import Section, Sizes
from memoryloop.errors import UserError
from memoryloop.llm.base import LlmError, Provider, RequestTooLong
from memoryloop.llm.tokens import most_tokens
from memoryloop.words import count_words

logger = logging.getLogger(__name__)

MIN_WORDS = 20
# For a passage that the learner selected one sentence is enough.
PASSAGE_MIN_WORDS = 5
# The cards of a section with their quotes have about 6,000 tokens.
MAX_TOKENS = 8_192
CONTRAST_TOKENS = 1_024
# So many answers are asked for where each is cut off at its length.
CUT_OFF_MOST = 3
# Smaller windows have no room for examples and the learner's labels.
WINDOW_FOR_EXAMPLES = 6_000
# So many decks and tags of the learner are told, those used most.
DECKS_TOLD, TAGS_TOLD = 40, 60
# Findings that the linter has for every card about two things.
_OF_TWO = frozenset({"list", "several_facts", "answer_in_question"})
# At most so many existing questions go into the prompt, so that the model asks others.
KNOWN_QUESTIONS = 60


class TooLittle(UserError):
    """A text is too short to make cards from."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Names of decks and tags: the learner's own, those used most first, or those proposed."""

    decks: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drafted:
    """Candidates of one section, in the order of the text by their `place`.

    `dropped` counts those beyond the most that a text may give, `unread` those that came and could
    not be read.
    """

    section: int
    candidates: list[Candidate]
    dropped: int = 0
    # How many sections the text was cut into.
    sections: int = 1
    # Whether the section is complete.
    done: bool = True
    unread: int = 0
    labels: Labels = Labels()


@dataclass
class _Answered:
    """The cards of one section, and what came with them."""

    cards: list[Candidate] = field(default_factory=list)
    unread: int = 0
    labels: Labels = Labels()


def check(text: str, *, least: int = MIN_WORDS) -> None:
    """Raise TooLittle if the text is a question or has too few words outside code."""
    prose = without_code(text).strip()
    count = count_words(prose)
    if prose.endswith(("?", "？")) and prose.count("?") + prose.count("？") == 1 and count < 40:
        raise TooLittle(
            "This is a question, and cards need something to remember. Ask it in the chat, "
            "then make cards from the answer."
        )
    if count < least:
        raise TooLittle(
            f"There is too little in this message to make cards from: it has {count} "
            f"{'word' if count == 1 else 'words'} of text, and at least {least} are needed."
        )


async def generate(
    provider: Provider,
    text: str,
    *,
    known: Sequence[tuple[str, str]] = (),
    labels: Labels | None = None,
    done: int = 0,
    of: int | None = None,
    room: int = DRAFTS_MAX,
) -> AsyncIterator[Drafted]:
    """Ask for the cards of each section in turn, after the first `done` ones. Raises LlmError.

    The sections are as large as the model's window allows. Those that are `done` count if the text
    was cut into as many as now (`of`); else it is begun again, and `known` keeps out what was made.
    `known` are (question, answer) of cards that must not be repeated; `labels` are the learner's,
    of which the model proposes some; at most `room` candidates are yielded in all.

    Those without faults are yielded at once. Of the others the model is asked whether the text
    supports them, where rules cannot tell, and for better ones in place of those with faults; they
    follow, improved or as they were.
    """
    request = _Request(await provider.window(), labels)
    parts = request.sizes.sections(text)
    index = done if of in (None, len(parts)) else 0
    seen = Seen(known)
    asked = [question for question, _ in known]
    while index < len(parts):
        part = parts[index]
        # Later sections keep their share of the room.
        total = sum(each.words for each in parts) or 1
        later = sum(each.words for each in parts[index + 1 :])
        left = max(0, room - math.ceil(room * later / total)) if later else room
        left = min(left, cards_most(part.words))
        try:
            answered = await _cards_of(provider, text, part, left, seen, asked, request)
        except RequestTooLong:
            # The server took less than it was thought to take.
            smaller = await provider.window()
            if smaller is None or (request.window is not None and smaller >= request.window):
                raise
            request = _Request(smaller, labels)
            parts[index:] = [
                Section(part.start + piece.start, part.start + piece.end, piece.words)
                for piece in request.sizes.sections(text[part.start :])
            ]
            continue
        kept = _in_order(answered.cards[:left])
        room -= len(kept)
        asked += [candidate.question for candidate in kept]
        weak = [card for card in kept if faults(card, text)]
        yield Drafted(
            index,
            [card for card in kept if card not in weak],
            len(answered.cards) - len(kept),
            len(parts),
            done=not weak,
            unread=answered.unread,
            labels=answered.labels,
        )
        if weak:
            weak = await improving.look_again(provider, text, part, weak, request.window)
            better = await improving.improve(
                provider, text, part, weak, seen, request.window, lambda card: faults(card, text)
            )
            better = better[: len(weak) + left - len(kept)]
            room -= len(better) - len(weak)
            yield Drafted(index, better, sections=len(parts))
        index += 1


@dataclass(frozen=True, slots=True)
class _Request:
    """What the requests for the cards of one text have in common."""

    window: int | None
    labels: Labels | None

    @property
    def sizes(self) -> Sizes:
        return Sizes.of(self.window, self.system + self.told)

    @property
    def has_room(self) -> bool:
        return self.window is None or self.window >= WINDOW_FOR_EXAMPLES

    @property
    def asks_labels(self) -> bool:
        return self.labels is not None and self.has_room

    @property
    def system(self) -> str:
        return f"{SYSTEM}{EXAMPLES if self.has_room else ''}{LABELS if self.asks_labels else ''}"

    @property
    def told(self) -> str:
        """Return the learner's decks and tags as a prompt tells them."""
        if not self.asks_labels or self.labels is None:
            return ""
        decks = "\n".join(self.labels.decks[:DECKS_TOLD])
        tags = ", ".join(self.labels.tags[:TAGS_TOLD])
        return (
            f"The learner's decks:\n<decks>\n{improving.quoted(decks)}\n</decks>\n"
            f"The learner's tags:\n<tags>\n{improving.quoted(tags)}\n</tags>\n\n"
        )


async def _cards_of(
    provider: Provider,
    text: str,
    part: Section,
    left: int,
    seen: Seen,
    asked: Sequence[str],
    request: _Request,
) -> _Answered:
    """Ask for a section's cards, and for the rest if an answer was cut off. Raises LlmError."""
    found = _Answered()
    wanted = min(cards_expected(part.words), left)
    for _ in range(CUT_OFF_MOST):
        before = [*asked, *(card.question for card in found.cards)]
        count, most = wanted - len(found.cards), left - len(found.cards)
        words = text[part.start : part.end]
        prompt = request.told + _prompt(words, count, most, before, request.sizes.known)
        try:
            answer: CardDrafts = await provider.structured(
                system=request.system,
                prompt=prompt,
                schema=LabelledDrafts if request.asks_labels else CardDrafts,
                max_tokens=MAX_TOKENS,
                effort="medium",
            )
        except LlmError as error:
            if not found.cards:
                raise
            logger.info("The rest of a section was not drafted: %s", type(error).__name__)
            break
        drafts = (improving.candidate(draft, text, part) for draft in answer.cards)
        new = [card for card in drafts if seen.add(card)]
        found.cards += new
        found.unread += answer.unread
        if isinstance(answer, LabelledDrafts) and found.labels == Labels():
            decks = (answer.deck,) if answer.deck else ()
            found.labels = Labels(decks, tuple(dict.fromkeys(answer.tags)))
        if not answer.is_cut_off or not new or len(found.cards) >= wanted:
            break
    return found


def _in_order(cards: Sequence[Candidate]) -> list[Candidate]:
    """Return cards by where their words are in the text; one without a place after the last."""
    placed: list[tuple[int, int, Candidate]] = []
    at = 0
    for number, card in enumerate(cards):
        at = card.start if card.start is not None else at
        placed.append((at, number, card))
    ordered = [card for *_, card in sorted(placed, key=lambda each: each[:2])]
    return [replace(card, place=number) for number, card in enumerate(ordered)]


# Rules cannot tell what in a sentence matters.
GAP_BY_RULES = Finding(
    "gap_by_rules",
    "Rules chose this gap, and cannot tell what matters: keep it if you want to know these words.",
)


def faults(card: Candidate, text: str) -> list[Finding]:
    """Return the faults of a candidate, also if its passage does not support its answer."""
    found = linter.lint(card.question, card.answer, card.kind)
    if card.check is Check.UNSURE:
        found.append(GAP_BY_RULES)
    if card.check is Check.UNSUPPORTED:
        ungrounded: Finding | None = grounding.UNSUPPORTED
    elif card.check is Check.SUPPORTED:
        ungrounded = None
    else:
        ungrounded = grounding.check(
            card.question, card.answer, card.kind, text, card.start, card.end
        )
    return [*found, ungrounded] if ungrounded else found


def contrast_faults(question: str, answer: str, grounds: str) -> list[Finding]:
    """Return the faults of a contrast card, which may ask for two things."""
    found = [fault for fault in linter.lint(question, answer, Kind.BASIC)
             if fault.code not in _OF_TWO]  # fmt: skip
    unsupported = grounding.check(question, answer, Kind.BASIC, grounds, 0, len(grounds))
    return [*found, unsupported] if unsupported else found


async def split(
    provider: Provider, question: str, answer: str, *, room: int = DRAFTS_MAX
) -> AsyncIterator[Drafted]:
    """Ask for smaller cards in place of one, an answer too long for the model in parts.

    Raises LlmError.
    """
    sizes = Sizes.of(await provider.window(), SPLIT)
    shown = sizes.cut(question)
    parts = [answer[part.start : part.end] for part in sizes.sections(answer)] or [answer]
    # Cards that differ in their gap only are different cards here.
    different: dict[tuple[str, str], Candidate] = {}
    unread = 0
    for part in parts if sizes.text is not None else [answer]:
        answered = await provider.structured(
            system=SPLIT,
            prompt=f"<card>\n{shown}\n---\n{part}\n</card>",
            schema=CardDrafts,
            max_tokens=MAX_TOKENS,
            effort="low",
        )
        unread += answered.unread
        for draft in answered.cards:
            card = Candidate(question=draft.question, answer=draft.answer, kind=Kind(draft.kind))
            different[card.question, card.answer] = card
    different.pop((question, answer), None)
    cards = list(different.values())[:room]
    yield Drafted(0, [replace(card, place=n) for n, card in enumerate(cards)], unread=unread)


async def contrast(
    provider: Provider, first: tuple[str, str], second: tuple[str, str]
) -> Candidate | None:
    """Ask for a card about the difference of two (question, answer); None if a source is missing.

    Raises LlmError.
    """
    sizes = Sizes.of(await provider.window(), CONTRAST)
    answered = await provider.structured(
        system=CONTRAST,
        prompt="\n".join(
            f"<{name}>\n{sizes.cut(question)}\n---\n{sizes.cut(answer)}\n</{name}>"
            for name, (question, answer) in (("first", first), ("second", second))
        ),
        schema=ContrastDraft,
        max_tokens=CONTRAST_TOKENS,
        effort="low",
    )
    sides = [f"{question}\n{answer}" for question, answer in (first, second)]
    quoted = all(
        locate(quote, side)
        for quote, side in zip((answered.first, answered.second), sides, strict=True)
    )
    made = Candidate(question=answered.question, answer=answered.answer)
    unsound = contrast_faults(made.question, made.answer, "\n".join(sides))
    return made if quoted and not unsound else None


def _prompt(text: str, count: int, most: int, asked: Sequence[str], known: int | None) -> str:
    """Return the prompt; the questions not to ask again have `known` tokens, the newest first."""
    told: list[str] = []
    for question in reversed(asked[-KNOWN_QUESTIONS:]):
        told.insert(0, f"- {question}")
        if known is not None and most_tokens(["\n".join(told)]) > known:
            del told[0]
            break
    questions = "\n".join(told)
    already = (
        f"\n\nThe learner already has cards that ask this; do not ask it again:\n{questions}"
        if questions
        else ""
    )
    return (
        f"Make flashcards from this text: one for each idea in it, with none left out. A text of "
        f"this length often has about {count} of them; this one may have fewer or many more. Never "
        f"give more than {most} cards.{already}\n\n"
        f"<text>\n{improving.quoted(text)}\n</text>"
    )
