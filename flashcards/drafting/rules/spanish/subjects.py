"""What Spanish sentences speak of: whether a phrase names one thing, and how it is written."""

import re

from flashcards.drafting.rules import romance
from flashcards.drafting.rules.frame import Statement, has_name, words_of
from flashcards.drafting.rules.spanish import patterns


def lowered(text: str) -> str:
    first, _, rest = text.partition(" ")
    return f"{first.lower()} {rest}" if first in {"El", "La", "Los", "Las", "Un", "Una"} else text


def subject_of(text: str) -> str | None:
    """Return a subject as it is inside a sentence, or None if it may not be one thing."""
    tokens = words_of(text)
    if (
        not tokens
        or len(tokens) > 9
        or tokens[0] in patterns.LEANING
        or tokens[-1] in patterns.PREPOSITIONS
    ):
        return None
    if _points(text) or set(tokens[1:]) & patterns.NO_SUBJECT:
        return None
    return lowered(text)


def _points(text: str) -> bool:
    return bool(
        patterns.POINTING & set(words_of(re.sub(r"\b(?:al|del|el|hacia el) este\b", " ", text)))
    )


def without_article(subject: str) -> str:
    return re.sub(r"^(?:el|la|los|las|un|una) ", "", subject.casefold())


def is_specific(subject: str, statement: Statement) -> bool:
    bare = without_article(subject)
    if bare in statement.document.known or has_name(subject):
        return True
    tokens = subject.split(" ")
    if tokens[0] in {"un", "una"} or (tokens[0] in {"el", "la", "los", "las"} and len(tokens) == 2):
        return False
    if tokens[0] in {"el", "la"}:
        # "la teoría celular", but not "la ciudad antigua".
        return (
            len(tokens) == 3
            and not patterns.VAGUE_ADJECTIVES.search(subject)
            and tokens[1] not in patterns.GENERIC - {"teoría", "ley"}
            and not tokens[2].endswith(("ad", "ada", "ado", "igua", "iguo", "eva", "evo"))
        )
    return subject[:1].isupper() and tokens[0] not in {"Los", "Las"}


def is_person(what: str) -> bool:
    return romance.is_person(what, patterns)


def is_name(text: str) -> bool:
    return romance.is_name(text, patterns)


def is_old(subject: str, statement: Statement) -> bool:
    """Tell whether "el X" may be one that the text spoke of before, not X as such."""
    tokens = subject.split(" ")
    if without_article(subject) in statement.document.known:
        return False
    if {
        "primer",
        "primera",
        "último",
        "última",
        "otro",
        "otra",
        "mismo",
        "misma",
        "resultado",
    } & set(tokens):
        return True
    return len(tokens) == 2 and tokens[1] in patterns.GENERIC and tokens[0] not in {"un", "una"}
