"""Patterns of causes and effects, and of what something does or needs."""

import re
from collections.abc import Iterator

from flashcards.drafting.prose import word_set
from flashcards.drafting.rules import words
from flashcards.drafting.rules.grammar import cut, dated, inverted, lower_first, parse, upper_first
from flashcards.drafting.rules.patterns import Made, Reading, has_pronoun

_BECAUSE = re.compile(r",? because (?P<reason>[^;]{8,200})$")
_BECAUSE_FIRST = re.compile(
    r"Because (?P<reason>[^,;]{8,120}), (?:it|they) (?P<aux>can|could|must|may|will|would|"
    r"is|are|was|were|has|have|had|cannot) (?P<rest>[^,;]{4,150})$"
)
_WHICH_IS_WHY = re.compile(
    r"(?P<reason>[^,;]{10,160}), which (?:is|was) why (?P<what>[^,;]{6,120})$"
)
_VERBS_OF_CAUSE = re.compile(r"(?:leads? to|led to|causes?|caused|results? in|resulted in) \S")
_WHAT_DOES = word_set(
    """
    require requires contain contains absorb absorbs produce produces include includes need
    needs release releases regulate regulates control controls measure measures enable enables
    store stores prevent prevents catalyse catalyses catalyze catalyzes inhibit inhibits secrete
    secretes describe describes state states encode encodes consist consists
    """
)


def why(reading: Reading) -> Iterator[Made]:
    """Make a card that asks for the cause."""
    if match := _BECAUSE_FIRST.match(reading.text):
        cause = parse(match.group("reason"))
        rest = match.group("rest")
        sure = cause and match.group("aux") != "cannot" and not has_pronoun(rest)
        if cause and sure and len(cause.subject.split()) <= 5:
            subject = lower_first(cause.subject, reading.document)
            reason = f"{subject} {cause.predicate}"
            yield Made(f"Why {match.group('aux')} {subject} {rest}?", f"Because {reason}.", 0.95)
        return
    if match := _WHICH_IS_WHY.match(reading.text):
        effect = parse(upper_first(match.group("what")))
        body = inverted(effect, reading.document) if effect else None
        if body:
            reason = lower_first(match.group("reason"), reading.document)
            yield Made(f"Why {body}?", f"Because {reason}.", 0.95)
        return
    match = _BECAUSE.search(reading.text)
    main = parse(reading.text[: match.start()]) if match else None
    if match is None or main is None or main.appositive:
        return
    body = inverted(main, reading.document)
    if body and not has_pronoun(body) and cut(main.rest) == main.rest:
        reason = match.group("reason")
        yield Made(f"Why {body}{dated(main.date)}?", f"Because {reason}.", 0.95)


def effect(reading: Reading) -> Iterator[Made]:
    """Make a card of "X leads to Y" and of what something does or needs."""
    clause = reading.clause
    if (
        clause is None
        or clause.date
        or clause.appositive
        or reading.document.person_in(clause.subject)
    ):
        return
    rest = cut(clause.rest)
    if _VERBS_OF_CAUSE.match(clause.predicate) and len(rest.split()) >= 2:
        if clause.form != "plain" and not has_pronoun(rest) and " and " not in clause.subject:
            yield Made(f"What {clause.verb} {rest}?", f"{upper_first(clause.subject)}.", 0.85)
    elif clause.verb == "stands" and rest.startswith("for "):
        shown = lower_first(clause.subject, reading.document)
        yield Made(f"What does {shown} stand for?", f"{upper_first(rest[4:])}.", 0.85)
    elif clause.verb == "is" and rest.startswith("due to "):
        shown = lower_first(clause.subject, reading.document)
        yield Made(f"What is {shown} due to?", f"{upper_first(rest[7:])}.", 0.85)
    elif clause.verb in _WHAT_DOES and clause.form in {"third", "plain"}:
        shown = lower_first(clause.subject, reading.document)
        base = words.PRESENT.get(clause.verb, clause.verb)
        helper = "does" if clause.form == "third" else "do"
        of = base == "consist" and rest.startswith("of ")
        what = rest[3:] if of else rest
        if 1 <= len(what.split()) <= 12 and not has_pronoun(what) and (of or base != "consist"):
            ending = " of" if of else ""
            yield Made(f"What {helper} {shown} {base}{ending}?", f"{upper_first(what)}.", 0.75)
