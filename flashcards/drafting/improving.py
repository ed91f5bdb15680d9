"""Improving: a model's second look at the cards that it made, and better ones for weak ones.

Both are one request for all cards of a section that have one. Neither is needed: where a request
fails, the cards stay as they are, with the faults that rules find.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from flashcards.domain.records import Kind
from flashcards.drafting import grounding, linter
from flashcards.drafting.candidates import Candidate, Check, Seen, locate
from flashcards.drafting.linter import Finding
from flashcards.drafting.model_answers import BetterDrafts, CardDraft, Looks
from flashcards.drafting.prompts import SECOND_LOOK, SYSTEM
from flashcards.drafting.sections import FRAME_TOKENS, Section
from memoryloop.llm.base import LlmError, Provider
from memoryloop.llm.tokens import most_tokens

logger = logging.getLogger(__name__)

# At most so many cards replace one that asked for too much.
BETTER_MOST = 6
BETTER_MAX_TOKENS = 8_192
# What one card takes in an answer, with its quote; and a verdict on one.
BETTER_TOKENS = 150
LOOK_TOKENS = 25
# The learner waits for the drafts: a second look that takes longer is done without.
LOOK_SECONDS = 60.0
LOOK_MAX_TOKENS = 2_048

Faults = Callable[[Candidate], list[Finding]]


def candidate(draft: CardDraft, text: str, part: Section) -> Candidate:
    """Return a model's card with the place of its quote in the text, if it is there."""
    found = locate(draft.quote, text[part.start : part.end])
    start, end = (part.start + found[0], part.start + found[1]) if found else (None, None)
    return Candidate(
        question=draft.question, answer=draft.answer, kind=Kind(draft.kind), start=start, end=end
    )


def quoted(text: str) -> str:
    """Return a text with its closing tags broken, so that it cannot end the prompt's element."""
    for name in ("text", "decks", "tags", "cards"):
        text = text.replace(f"</{name}>", f"<\u200b/{name}>")
    return text


async def look_again(
    provider: Provider, text: str, part: Section, cards: Sequence[Candidate], window: int | None
) -> list[Candidate]:
    """Ask once whether the text supports the cards of which rules could not tell; return all.

    Those with other faults are written again in any case. Never raises LlmError: then, and where it
    takes too long, the rules' word stays.
    """
    doubtful = [n for n, card in enumerate(cards) if _is_doubtful(card, text)]
    while doubtful and not _fits(
        SECOND_LOOK, _look_prompt(text, part, cards, doubtful), len(doubtful) * LOOK_TOKENS, window
    ):
        doubtful.pop()
    if not doubtful:
        return list(cards)
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            answer = await provider.structured(
                system=SECOND_LOOK,
                prompt=_look_prompt(text, part, cards, doubtful),
                schema=Looks,
                max_tokens=LOOK_MAX_TOKENS,
                effort="low",
            )
    except (LlmError, TimeoutError) as error:
        logger.info("Drafts had no second look: %s", type(error).__name__)
        return list(cards)
    verdicts = {look.number: Check(look.verdict) for look in answer.cards}
    return [
        replace(card, check=verdicts.get(n + 1, card.check)) if n in doubtful else card
        for n, card in enumerate(cards)
    ]


def _is_doubtful(card: Candidate, text: str) -> bool:
    if linter.lint(card.question, card.answer, card.kind):
        return False
    found = grounding.check(card.question, card.answer, card.kind, text, card.start, card.end)
    return found is not None


def _look_prompt(
    text: str, part: Section, cards: Sequence[Candidate], numbers: Sequence[int]
) -> str:
    listed = "\n\n".join(f"{n + 1}. {cards[n].question}\n   {cards[n].answer}" for n in numbers)
    return (
        f"<text>\n{quoted(text[part.start : part.end])}\n</text>\n\n"
        f"<cards>\n{quoted(listed)}\n</cards>"
    )


async def improve(
    provider: Provider,
    text: str,
    part: Section,
    cards: Sequence[Candidate],
    seen: Seen,
    window: int | None,
    faults: Faults,
) -> list[Candidate]:
    """Ask once for better cards in place of those with faults; one that does not improve stays.

    In a small window the last ones stay as they are.
    """
    weak = [card for card in cards if faults(card)]
    count = len(weak)
    while count and not _fits(
        SYSTEM, _better_prompt(text, part, weak[:count], faults), count * BETTER_TOKENS, window
    ):
        count -= 1
    if not count:
        return list(cards)
    try:
        answer = await provider.structured(
            system=SYSTEM,
            prompt=_better_prompt(text, part, weak[:count], faults),
            schema=BetterDrafts,
            max_tokens=BETTER_MAX_TOKENS,
            effort="medium",
        )
    except LlmError as error:
        # The learner sees them with their faults.
        logger.info("Weak drafts stay as they are: %s", type(error).__name__)
        return list(cards)
    better: dict[Candidate, list[Candidate]] = {}
    for draft in answer.cards:
        if not 1 <= draft.number <= count:
            continue
        old = weak[draft.number - 1]
        card = replace(candidate(draft, text, part), place=old.place)
        if len(faults(card)) < len(faults(old)) and seen.add(card):
            better.setdefault(old, []).append(card)
    return [new for card in cards for new in better.get(card, [card])[:BETTER_MOST]]


def _better_prompt(text: str, part: Section, weak: Sequence[Candidate], faults: Faults) -> str:
    listed = "\n\n".join(
        f"{number}. {card.question}\n   {card.answer}\n   Fault: "
        + " ".join(finding.sentence for finding in faults(card))
        for number, card in enumerate(weak, 1)
    )
    return (
        "These cards were made from the text and have faults. Write each again without its "
        "fault, with its number. One that asks for several things may become several, with the "
        f"same number; leave one out if the text gives nothing better.\n\n{quoted(listed)}\n\n"
        f"<text>\n{quoted(text[part.start : part.end])}\n</text>"
    )


def _fits(system: str, prompt: str, answer_tokens: int, window: int | None) -> bool:
    """Tell whether an answer of so many tokens fits into a window after what is asked."""
    return window is None or most_tokens([system, prompt]) + FRAME_TOKENS < window - answer_tokens
