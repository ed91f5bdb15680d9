"""Spanish sentences that say why, and how many."""

from collections.abc import Iterator

from flashcards.drafting.rules.frame import (
    Made,
    Statement,
    has_join,
    has_name,
    place_of_verb,
    sentence_of,
)
from flashcards.drafting.rules.spanish import patterns
from flashcards.drafting.rules.spanish.subjects import is_old, is_specific, lowered, subject_of


def why(statement: Statement) -> Iterator[Made]:
    """Read "Las plantas son verdes porque sus células contienen clorofila"."""
    match = patterns.BECAUSE.match(statement.text)
    if match is None or patterns.SECOND_CLAUSE.search(match["reason"]):
        return
    tokens = match["main"].split(" ")
    at = place_of_verb(tokens, patterns.VERBS)
    if at is None or at > 7 or has_join(match["main"], patterns.JOINS) or "que" in tokens:
        return
    negated = tokens[at - 1] == "no"
    subject = subject_of(" ".join(tokens[: at - negated]))
    if subject is None or subject.startswith(("un ", "una ")) or is_old(subject, statement):
        return
    rest = " ".join(tokens[at + 1 :])
    if not rest or has_join(rest, patterns.VERBS | patterns.POINTING):
        return
    yield Made(f"¿Por qué {lowered(match['main'])}?", sentence_of(f"porque {match['reason']}"))


def causes(statement: Statement) -> Iterator[Made]:
    """Read "La falta de vitamina C causa escorbuto"."""
    match = patterns.CAUSES.match(statement.text)
    if match is None or has_join(f"{match['subject']} {match['what']}", patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    unclear = patterns.POINTING | patterns.VAGUE_HEADS | {"que"}
    if subject is None or has_join(match["what"], unclear) or is_old(subject, statement):
        return
    if len(subject.split()) < 3 and not has_name(subject):
        return
    # "causan" and "producen" in the singular.
    verb = match["verb"].removesuffix("n")
    yield Made(f"¿Qué {verb} {match['what']}?", sentence_of(match["subject"]))


def how_many(statement: Statement) -> Iterator[Made]:
    """Read "Brasil tiene 26 estados"."""
    match = patterns.COUNTED.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    noun, verb = match["noun"], match["verb"]
    if subject is None or not (is_specific(subject, statement) or len(subject.split()) == 3):
        return
    # The ending tells the gender, where it does.
    asked = {"os": "¿Cuántos", "as": "¿Cuántas"}.get(noun[-2:])
    if asked and noun not in patterns.MASCULINE_IN_A:
        yield Made(f"{asked} {noun}{match['more']} {verb} {subject}?", sentence_of(match["number"]))
