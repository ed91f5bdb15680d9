"""Drafts by rules: no model, no network, always the same result.

The rules know English: definitions, names, dates, numbers and causes. They leave out every sentence
that refers to another one or that they cannot turn into a question safely: few good drafts are
worth more than many. In other languages they only make gaps of years.
"""

import re
from collections.abc import Callable, Iterator

from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.drafting.candidates import Candidate, Seen, cards_wanted
from flashcards.drafting.prose import Sentence, sentences, with_text
from flashcards.drafting.rules import causes, gaps, patterns, words
from flashcards.drafting.rules.grammar import Document, parse, upper_first
from flashcards.drafting.rules.patterns import Made, Reading
from memoryloop.words import count_words

LABEL = "Rules"
# Best first; a sentence gives the card with the highest score.
QUESTIONS: tuple[Callable[[Reading], Iterator[Made]], ...] = (
    patterns.term,
    patterns.definition,
    patterns.called,
    causes.why,
    patterns.agent,
    patterns.person,
    patterns.how_many,
    patterns.when,
    causes.effect,
)
# A card with a lower score is left out.
GOOD_ENOUGH = 0.5
SENTENCE_MAX_WORDS = 60
SENTENCE_MAX_CHARACTERS = 600
# Longer runs without a space are data, not words.
_ENDLESS = re.compile(r"\S{80}")
# A shorter sentence gives one card.
SECOND_CARD_MIN_WORDS = 12
_LEANING = re.compile(
    rf"\b(?:{'|'.join(re.escape(phrase) for phrase in words.LEANING_PHRASES)})\b", re.IGNORECASE
)
_BARE = re.compile(
    r"\bthe ([a-z-]+)(?=$|[,;.:?]| (?:in|on|at|by|for|with|from|to|was|were|is|are|had|has|have|"
    r"and|or|but|as|through|into|during|could|can|would|will|used|needed|stopped|took)\b)",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:he|she|him|his|her|hers|it|its|they|them|their|there)\b", re.IGNORECASE
)
_UNRESOLVED = re.compile(
    r"\b(?:like|of|from|about|with|to|than) (?:it|him|her|them)[.,]", re.IGNORECASE
)
_SUBJECT_PRONOUN = re.compile(r"(He|She|It) (?=[a-z])")


def draft(text: str) -> list[Candidate]:
    """Return the cards of a text in order, at most one per 80 words and at most 50."""
    found = sentences(text)
    total = sum(count_words(sentence.text) for sentence in found)
    found = [sentence for sentence in found if _is_statement(sentence)]
    if not found:
        return []
    if not is_english(" ".join(sentence.text for sentence in found)):
        return _chosen([m for s in found for m in _gaps_elsewhere(s)], cards_wanted(total))
    document = Document.of(sentence.text for sentence in found)
    made: list[tuple[Sentence, Made]] = []
    before: Sentence | None = None
    for sentence in found:
        resolved = _resolved(sentence, before, document)
        if resolved is not None:
            made += [(sentence, card) for card in _cards(resolved, document)]
        before = resolved if resolved is not None else sentence
    return _chosen(made, cards_wanted(total))


def is_english(text: str) -> bool:
    """Tell whether enough of the first words are English function words."""
    found = re.findall(r"[^\W\d_]+", text[:6000].casefold())
    # One or two sentences may have few of them.
    least = 0.22 if len(found) > 30 else 0.12
    return bool(found) and sum(word in words.ENGLISH for word in found) / len(found) > least


def _is_statement(sentence: Sentence) -> bool:
    """Tell whether a sentence is a statement and short enough to read."""
    text = sentence.text
    if len(text) > SENTENCE_MAX_CHARACTERS or _ENDLESS.search(text):
        return False
    return sentence.item or text.rstrip("\"'”’)")[-1:] in {".", "!"}


def _without_opener(text: str) -> str:
    """Return a sentence without "However," and similar openers."""
    lowered = text.casefold()
    for opener in words.OPENERS:
        if lowered.startswith(f"{opener}, "):
            return upper_first(text[len(opener) + 2 :])
    return text


def _resolved(sentence: Sentence, before: Sentence | None, document: Document) -> Sentence | None:
    """Return the sentence with its pronoun and names resolved, or None if that is not possible."""
    text = _without_opener(sentence.text)
    if ("<" in text and re.search(r"</?[a-z!]", text, re.IGNORECASE)) or "://" in text:
        return None
    if not 4 <= len(text.split()) <= SENTENCE_MAX_WORDS or text.rstrip()[-1:] in {"?", "!", ":"}:
        return None
    follows = (
        before is not None and before.block == sentence.block and before.place == sentence.place - 1
    )
    if match := _SUBJECT_PRONOUN.match(text):
        subject = _subject_of(before, document, match.group(1)) if follows and before else None
        if subject is None:
            return None
        text = f"{subject} {text[match.end() :]}"
    first = re.split(r"[\s,]", text, maxsplit=1)[0].casefold()
    if first in words.LEANING_STARTS and not sentence.item:
        return None
    return with_text(sentence, _with_full_names(text, document))


def _subject_of(before: Sentence, document: Document, pronoun: str) -> str | None:
    """Return what "It" or "She" refers to: the subject of the sentence before, if certain."""
    clause = parse(before.text.rstrip("."))
    if clause is None:
        return None
    name = document.person_in(clause.subject)
    if pronoun in {"He", "She"}:
        others = {person for person in document.persons if person in before.text}
        return name if name == clause.subject and others == {name} else None
    reading = Reading(before, before.text.rstrip("."), clause, document)
    defined = any(patterns.definition(reading))
    return clause.subject if defined and name is None else None


def _with_full_names(text: str, document: Document) -> str:
    """Return the text with "Edward Jenner" for "Jenner" at its start or after a comma."""
    for last, full in document.full_names.items():
        if last in text and full not in text:
            text = re.sub(rf"(?:^|(?<=, )){re.escape(last)}\b(?!['’]| [A-Z])", full, text, count=1)
    return text


def _cards(sentence: Sentence, document: Document) -> list[Made]:
    """Return the good cards of one sentence, best first."""
    text = sentence.text.rstrip().rstrip(".").rstrip()
    reading = Reading(sentence, text, parse(text), document)
    cards = [card for pattern in QUESTIONS for card in pattern(reading)]
    if not any(card.score >= GOOD_ENOUGH for card in _judged(cards, reading)) and not sentence.item:
        cards += gaps.cloze(reading)
    counted = any(card.question.startswith("How many") for card in cards)
    cards = [c for c in cards if not (counted and c.question.startswith("What do"))]
    return sorted(_judged(cards, reading), key=lambda card: -card.score)


def _judged(cards: list[Made], reading: Reading) -> list[Made]:
    """Return the cards that are good enough, each with its score lowered by its weaknesses."""
    good = []
    for card in cards:
        score = card.score - _weakness(card, reading)
        if score >= GOOD_ENOUGH and _sound(card):
            good.append(Made(card.question, card.answer, score, card.kind))
    return good


def _weakness(card: Made, reading: Reading) -> float:
    """Return a penalty for a question that depends on what it does not name."""
    question = card.question
    weak = 0.0
    if _LEANING.search(question) or _LEANING.search(card.answer):
        weak += 0.5
    for match in _BARE.finditer(question):
        noun = match.group(1).casefold()
        earlier = question[: match.start()].casefold()
        if noun in words.ONLY_ONE or noun.rstrip("s") in earlier or noun[-3:] == "est":
            continue
        weak += 0.3 if card.kind != Kind.CLOZE else 0.2
    if _UNRESOLVED.search(question) or _starts_with_pronoun(question):
        weak += 0.5
    for match in _PRONOUN.finditer(question):
        # It may refer to something earlier in the question.
        weak += 0.0 if len(question[: match.start()].split()) >= 5 else 0.4
    count = len(question.split())
    weak += 0.2 if count > 32 else 0.0
    weak += 0.2 if count < 4 and card.score < 0.9 else 0.0
    subject = reading.clause.subject if reading.clause else ""
    alone = re.fullmatch(r"The ([\w-]+)", subject)
    noun = alone.group(1) if alone else "world"
    known = noun in words.ONLY_ONE if noun[0].islower() else noun not in reading.document.shortened
    if not known:
        weak += 0.0 if card.score >= 0.95 and card.question.startswith("What") else 0.35
    return weak


def _starts_with_pronoun(question: str) -> bool:
    """Tell whether a pronoun comes before the first verb, so that it can refer to nothing."""
    match = re.search(r"\b(?:he|she|it|they)\b", question)
    if match is None:
        return False
    before = re.findall(r"[\w’'-]+", question[: match.start()].casefold())
    return not any(
        word in words.AUXILIARIES or word in words.PAST or word in words.PRESENT for word in before
    )


def _sound(card: Made) -> bool:
    """Tell whether a card can be learned: sides of fair length, no answer in the question."""
    if len(card.question) > QUESTION_MAX_CHARACTERS or len(card.answer) > ANSWER_MAX_CHARACTERS:
        return False
    for side in (card.question, card.answer):
        if side.count("(") != side.count(")") or side.count('"') % 2 or side.count("`") % 2:
            return False
        if side.count("“") != side.count("”") or side.count("$") % 2:
            return False
    if card.kind == Kind.CLOZE:
        return True
    answer = re.findall(r"\w+", card.answer.casefold())
    question = re.findall(r"\w+", card.question.casefold())
    telling = [word for word in answer if word not in words.ENGLISH]
    # An answer may repeat words of the question, but not consist of them.
    return bool(telling) and not set(telling) <= set(question) and len(answer) <= 45


def _gaps_elsewhere(sentence: Sentence) -> list[tuple[Sentence, Made]]:
    """Return the gap of a year in a sentence of another language."""
    text = sentence.text.rstrip(". ")
    first = re.split(r"[\s,]", text, maxsplit=1)[0].casefold()
    leaning = (
        first in words.LEANING_ELSEWHERE | words.LEANING_STARTS or sentence.item or "<" in text
    )
    if leaning or sentence.text[-1:] != "." or not re.search(r"\b1[0-9]{3}\b|\b20[0-9]{2}\b", text):
        return []
    reading = Reading(sentence, text, None, Document())
    return [(sentence, card) for card in gaps.cloze(reading)][:1]


def _chosen(made: list[tuple[Sentence, Made]], limit: int) -> list[Candidate]:
    """Return the best cards, in the order of the text: one of a sentence before two of any."""
    seen = Seen()
    ranked = []
    order: dict[tuple[int, int], int] = {}
    for sentence, card in made:
        rank = order.setdefault((sentence.start, sentence.end), 0)
        order[sentence.start, sentence.end] += 1
        ranked.append((rank, -card.score, sentence.start, card, sentence))
    ranked.sort(key=lambda entry: entry[:3])
    chosen: list[tuple[int, int, Candidate]] = []
    for rank, _, start, card, sentence in ranked:
        # A sentence gives two cards at most.
        if len(chosen) >= limit or rank > 1:
            break
        if rank and count_words(sentence.text) < SECOND_CARD_MIN_WORDS:
            continue
        candidate = Candidate(
            question=card.question,
            answer=card.answer,
            kind=card.kind,
            start=sentence.start,
            end=sentence.end,
        )
        if seen.add(candidate):
            chosen.append((start, rank, candidate))
    return [candidate for _, _, candidate in sorted(chosen, key=lambda entry: entry[:2])]
