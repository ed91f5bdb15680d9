"""French sentences that say why, and how many."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules.frame import Made, Statement, has_join, place_of_verb, sentence_of
from flashcards.drafting.rules.french import patterns
from flashcards.drafting.rules.french.subjects import (
    capitals,
    is_old,
    is_specific,
    lowered,
    subject_of,
    without_article,
)


def why(statement: Statement) -> Iterator[Made]:
    """Read "La glace flotte parce qu'elle est moins dense que l'eau"."""
    match = patterns.BECAUSE.match(statement.text)
    if match is None or patterns.SECOND_CLAUSE.search(match["reason"]):
        return
    main = match["main"]
    tokens = main.split(" ")
    at = place_of_verb(tokens, patterns.VERBS)
    if at is None or at > 8 or has_join(main, patterns.JOINS):
        return
    subject = subject_of(" ".join(tokens[:at]))
    if subject is None or subject.startswith(("un ", "une ")) or is_old(subject, statement):
        return
    rest = " ".join(tokens[at + 1 :])
    if has_join(rest, patterns.VERBS | patterns.POINTING) or re.search(r"\bqu['’]", rest):
        return
    joined = "qu’" if patterns.VOWEL.match(subject) else "que "
    because = "parce qu’" if patterns.VOWEL.match(match["reason"]) else "parce que "
    yield Made(
        f"Pourquoi est-ce {joined}{lowered(main)} ?", sentence_of(f"{because}{match['reason']}")
    )


def causes(statement: Statement) -> Iterator[Made]:
    """Read "La carence en vitamine C provoque le scorbut"."""
    match = patterns.CAUSES.match(statement.text)
    if match is None or has_join(f"{match['subject']} {match['what']}", patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    unclear = patterns.POINTING | patterns.VAGUE_HEADS | {"qui"}
    if subject is None or has_join(match["what"], unclear) or is_old(subject, statement):
        return
    if " " not in without_article(subject) and not capitals(subject):
        return
    verb = match["verb"].removesuffix("nt")
    yield Made(f"Qu’est-ce qui {verb} {match['what']} ?", sentence_of(match["subject"]))


def how_many(statement: Statement) -> Iterator[Made]:
    """Read "La France compte 18 régions"."""
    match = patterns.COUNTED.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    if subject is None or is_old(subject, statement) or not is_specific(subject, statement):
        return
    of = "d’" if patterns.VOWEL.match(match["noun"]) else "de "
    asked = f"Combien {of}{match['noun']} {match['verb']} {subject} ?"
    yield Made(asked, sentence_of(match["number"]))
