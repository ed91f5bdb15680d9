"""Generation: ask a model for candidate cards. All requests for cards are made here."""

import logging
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flashcards.domain import cloze
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.domain.validation import CARDS_A_NOTE
from flashcards.drafting import grounding, linter
from flashcards.drafting.candidates import CANDIDATES_MAX, Candidate, Seen, cards_wanted, locate
from flashcards.drafting.linter import Finding
from flashcards.drafting.prompts import CONTRAST, SPLIT, SYSTEM
from flashcards.drafting.prose import without_code
from flashcards.drafting.sections import FRAME_TOKENS, Section, Sizes
from memoryloop.errors import UserError
from memoryloop.llm.base import LlmError, Provider, RequestTooLong
from memoryloop.llm.partial import PartialList
from memoryloop.llm.tokens import middle_left_out, most_tokens
from memoryloop.words import count_words

logger = logging.getLogger(__name__)

MIN_WORDS = 20
# For a passage that the learner selected one sentence is enough.
PASSAGE_MIN_WORDS = 5
# At most so many cards replace one that asked for too much.
BETTER_MOST = 6
# A model's answer of 50 cards with their quotes has about 6,000 tokens.
MAX_TOKENS = 8_192
CONTRAST_TOKENS = 1_024
# What one card takes in an answer, with its quote.
BETTER_TOKENS = 150
# So many answers are asked for where each is cut off at its length.
CUT_OFF_MOST = 3
# Findings that the linter has for every card about two things.
_OF_TWO = frozenset({"list", "several_facts", "answer_in_question"})
# At most so many existing questions go into the prompt, so that the model asks others.
KNOWN_QUESTIONS = 60


class TooLittle(UserError):
    """A text is too short to make cards from."""


class CardDraft(BaseModel):
    """One card as a model gives it."""

    model_config = ConfigDict(str_strip_whitespace=True)

    kind: Literal["basic", "cloze"] = "basic"
    question: str = Field(min_length=1, max_length=QUESTION_MAX_CHARACTERS)
    answer: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)
    quote: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)

    @field_validator("question", "answer", "quote")
    @classmethod
    def storable(cls, value: str) -> str:
        """Drop NUL and lone surrogates, which PostgreSQL does not accept."""
        return value.replace("\0", "").encode("utf-8", "ignore").decode()

    @model_validator(mode="after")
    def complete(self) -> "CardDraft":
        if not self.question:
            raise ValueError("the question is blank")
        if self.kind == "basic" and not self.answer:
            raise ValueError("a basic card needs an answer")
        if self.kind == "cloze" and not cloze.deletions(self.question):
            raise ValueError("a cloze card needs a gap in its question: {{c1::the hidden words}}")
        if self.kind == "cloze" and len(list(cloze.all_deletions(self.question))) > CARDS_A_NOTE:
            raise ValueError("a cloze card has too many gaps")
        return self


class CardDrafts(PartialList):
    """The answer of a model."""

    cards: list[CardDraft]


class BetterDraft(CardDraft):
    """A card that replaces a weak one, given by its number."""

    number: int = 0


class BetterDrafts(PartialList):
    cards: list[BetterDraft]


class ContrastDraft(CardDraft):
    """A card about the difference of two others, and the words of each that support it."""

    kind: Literal["basic"] = "basic"
    first: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)
    second: str = Field(default="", max_length=ANSWER_MAX_CHARACTERS)


@dataclass(frozen=True, slots=True)
class Drafted:
    """Candidates of one section; `dropped` counts those beyond the most that a text may give."""

    section: int
    candidates: list[Candidate]
    dropped: int = 0
    # How many sections the text was cut into.
    sections: int = 1
    # Whether the section is complete.
    done: bool = True


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
    done: int = 0,
    of: int | None = None,
    room: int = CANDIDATES_MAX,
) -> AsyncIterator[Drafted]:
    """Ask for the cards of each section in turn, after the first `done` ones. Raises LlmError.

    The sections are as large as the model's window allows. Those that are `done` count if the text
    was cut into as many as now (`of`); else it is begun again, and `known` keeps out what was made.
    `known` are (question, answer) of cards that must not be repeated; at most `room` candidates are
    yielded in all. Those without faults are yielded at once; for the others the model is asked once
    more, and they follow, improved or as they were.
    """
    window = await provider.window()
    sizes = Sizes.of(window, SYSTEM)
    parts = sizes.sections(text)
    index = done if of in (None, len(parts)) else 0
    seen = Seen(known)
    asked = [question for question, _ in known]
    while index < len(parts):
        part = parts[index]
        # Later sections keep their share of the room.
        total = sum(each.words for each in parts) or 1
        later = sum(each.words for each in parts[index + 1 :])
        left = max(0, room - math.ceil(room * later / total)) if later else room
        try:
            found = await _cards_of(provider, text, part, left, seen, asked, sizes)
        except RequestTooLong:
            # The server took less than it was thought to take.
            smaller = await provider.window()
            if smaller is None or (window is not None and smaller >= window):
                raise
            window, sizes = smaller, Sizes.of(smaller, SYSTEM)
            parts[index:] = [
                Section(part.start + piece.start, part.start + piece.end, piece.words)
                for piece in sizes.sections(text[part.start :])
            ]
            continue
        kept = found[:left]
        room -= len(kept)
        asked += [candidate.question for candidate in kept]
        weak = [card for card in kept if faults(card, text)]
        dropped = len(found) - len(kept)
        count = len(parts)
        if not weak:
            yield Drafted(index, kept, dropped, count)
        else:
            sound = [card for card in kept if card not in weak]
            yield Drafted(index, sound, dropped, count, done=False)
            better = await _improve(provider, text, part, weak, seen, window)
            better = better[: len(weak) + left - len(kept)]
            room -= len(better) - len(weak)
            yield Drafted(index, better, sections=count)
        index += 1


async def _cards_of(
    provider: Provider,
    text: str,
    part: Section,
    left: int,
    seen: Seen,
    asked: Sequence[str],
    sizes: Sizes,
) -> list[Candidate]:
    """Ask for a section's cards, and for the rest if an answer was cut off. Raises LlmError."""
    found: list[Candidate] = []
    wanted = min(cards_wanted(part.words), left)
    for _ in range(CUT_OFF_MOST):
        before = [*asked, *(card.question for card in found)]
        prompt = _prompt(text[part.start : part.end], wanted - len(found), before, sizes.known)
        try:
            answer = await provider.structured(
                system=SYSTEM,
                prompt=prompt,
                schema=CardDrafts,
                max_tokens=MAX_TOKENS,
                effort="medium",
            )
        except LlmError as error:
            if not found:
                raise
            logger.info("The rest of a section was not drafted: %s", type(error).__name__)
            break
        drafts = (_candidate(draft, text, part) for draft in answer.cards)
        new = [card for card in drafts if seen.add(card)]
        found += new
        if not answer.is_cut_off or not new or len(found) >= wanted:
            break
    return found


def faults(card: Candidate, text: str) -> list[Finding]:
    """Return the faults of a candidate, also if its passage does not support its answer."""
    found = linter.lint(card.question, card.answer, card.kind)
    ungrounded = grounding.check(card.question, card.answer, card.kind, text, card.start, card.end)
    return [*found, ungrounded] if ungrounded else found


def contrast_faults(question: str, answer: str, grounds: str) -> list[Finding]:
    """Return the faults of a contrast card, which may ask for two things."""
    found = [fault for fault in linter.lint(question, answer, Kind.BASIC)
             if fault.code not in _OF_TWO]  # fmt: skip
    unsupported = grounding.check(question, answer, Kind.BASIC, grounds, 0, len(grounds))
    return [*found, unsupported] if unsupported else found


async def _improve(
    provider: Provider,
    text: str,
    part: Section,
    weak: Sequence[Candidate],
    seen: Seen,
    window: int | None,
) -> list[Candidate]:
    """Ask once for better cards in place of weak ones; a card that does not improve stays.

    In a small window the last ones stay as they are.
    """
    count = len(weak)
    while count and not _fits(_better_prompt(text, part, weak[:count]), count, window):
        count -= 1
    if not count:
        return list(weak)
    prompt = _better_prompt(text, part, weak[:count])
    try:
        answer = await provider.structured(
            system=SYSTEM,
            prompt=prompt,
            schema=BetterDrafts,
            max_tokens=MAX_TOKENS,
            effort="medium",
        )
    except LlmError as error:
        # The learner sees them with their faults.
        logger.info("Weak drafts stay as they are: %s", type(error).__name__)
        return list(weak)
    better: dict[int, list[Candidate]] = {}
    for draft in answer.cards:
        card = _candidate(draft, text, part)
        known = 1 <= draft.number <= count
        is_better = known and len(faults(card, text)) < len(faults(weak[draft.number - 1], text))
        if is_better and seen.add(card):
            better.setdefault(draft.number, []).append(card)
    return [
        card
        for number, old in enumerate(weak, 1)
        for card in better.get(number, [old])[:BETTER_MOST]
    ]


def _fits(prompt: str, count: int, window: int | None) -> bool:
    """Tell whether so many cards fit into a window after a prompt that asks for better ones."""
    return window is None or most_tokens([SYSTEM, prompt]) + FRAME_TOKENS < (
        window - count * BETTER_TOKENS
    )


def _better_prompt(text: str, part: Section, weak: Sequence[Candidate]) -> str:
    listed = "\n\n".join(
        f"{number}. {card.question}\n   {card.answer}\n   Fault: "
        + " ".join(finding.sentence for finding in faults(card, text))
        for number, card in enumerate(weak, 1)
    )
    return (
        "These cards were made from the text and have faults. Write each again without its "
        "fault, with its number. One that asks for several things may become several, with the "
        f"same number; leave one out if the text gives nothing better.\n\n{listed}\n\n"
        f"<text>\n{_quoted(text[part.start : part.end])}\n</text>"
    )


async def split(
    provider: Provider, question: str, answer: str, *, room: int = CANDIDATES_MAX
) -> AsyncIterator[Drafted]:
    """Ask for smaller cards in place of one, an answer too long for the model in parts.

    Raises LlmError.
    """
    sizes = Sizes.of(await provider.window(), SPLIT)
    shown = question if sizes.text is None else middle_left_out(question, sizes.text // 2)
    parts = [answer[part.start : part.end] for part in sizes.sections(answer)] or [answer]
    # Cards that differ in their gap only are different cards here.
    different: dict[tuple[str, str], Candidate] = {}
    for part in parts if sizes.text is not None else [answer]:
        answered = await provider.structured(
            system=SPLIT,
            prompt=f"<card>\n{shown}\n---\n{part}\n</card>",
            schema=CardDrafts,
            max_tokens=MAX_TOKENS,
            effort="low",
        )
        for draft in answered.cards:
            card = Candidate(question=draft.question, answer=draft.answer, kind=Kind(draft.kind))
            different[card.question, card.answer] = card
    different.pop((question, answer), None)
    yield Drafted(0, list(different.values())[:room])


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


def _prompt(text: str, count: int, asked: Sequence[str], most: int | None) -> str:
    """Return the prompt; the questions not to ask again have `most` tokens, the newest first."""
    told: list[str] = []
    for question in reversed(asked[-KNOWN_QUESTIONS:]):
        told.insert(0, f"- {question}")
        if most is not None and most_tokens(["\n".join(told)]) > most:
            del told[0]
            break
    known = "\n".join(told)
    already = (
        f"\n\nThe learner already has cards that ask this; do not ask it again:\n{known}"
        if known
        else ""
    )
    return (
        f"Make about {count} flashcard{'' if count == 1 else 's'} from this text, fewer if it "
        f"does not hold as much, and never more than {CANDIDATES_MAX}.{already}\n\n"
        f"<text>\n{_quoted(text)}\n</text>"
    )


def _quoted(text: str) -> str:
    """Return the text with its closing tags broken, so that it cannot end the prompt's element."""
    return text.replace("</text>", "<\u200b/text>")


def _candidate(draft: CardDraft, text: str, part: Section) -> Candidate:
    found = locate(draft.quote, text[part.start : part.end])
    start, end = (part.start + found[0], part.start + found[1]) if found else (None, None)
    return Candidate(
        question=draft.question,
        answer=draft.answer,
        kind=Kind(draft.kind),
        start=start,
        end=end,
    )
