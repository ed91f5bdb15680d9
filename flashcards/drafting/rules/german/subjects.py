"""What German sentences speak of: whether a phrase names one thing, and how it is written."""

import re

from flashcards.drafting.rules.frame import NAME, SUFFIX, Statement, words_of
from flashcards.drafting.rules.german import patterns


def subject_of(text: str) -> str | None:
    """Return a subject as it is inside a sentence, or None if it may not be one thing."""
    tokens = words_of(text)
    if (
        not tokens
        or len(tokens) > 7
        or tokens[0] in patterns.LEANING
        or tokens[-1] in patterns.PREPOSITIONS
    ):
        return None
    if set(tokens) & patterns.POINTING or set(tokens[1:]) & patterns.VERBS:
        return None
    first, _, rest = text.partition(" ")
    if first in {"Der", "Die", "Das", "Ein", "Eine"}:
        return f"{first.lower()} {rest}"
    # What is neither an article, a noun nor a name begins with an adverb or an object.
    return text if first[:1].isupper() or first[:1].isdigit() else None


def is_nominative(subject: str) -> bool:
    return not re.match(r"(?:den|dem|des|einen|einem|einer|im|am) ", subject.lower())


def without_article(subject: str) -> str:
    return re.sub(r"^(?:der|die|das|ein|eine) ", "", subject.casefold())


def is_specific(subject: str, statement: Statement, *, plural: bool = False) -> bool:
    """Tell whether a subject names one thing that a question can ask about."""
    bare = without_article(subject)
    if bare in statement.document.known:
        return True
    tokens = subject.split(" ")
    if tokens[0] in {"ein", "eine"}:
        return False
    if tokens[0] not in {"der", "die", "das"}:
        if len(tokens) > 1:
            return bool(re.fullmatch(NAME + SUFFIX, subject))
        return not plural and bare not in patterns.GENERIC
    inner = tokens[1:]
    # "die Französische Revolution", "die Berliner Mauer": only names have such capitals.
    capitals = [word for word in inner if word[:1].isupper()]
    if len(capitals) >= 2 and capitals[0] != inner[-1]:
        return not re.search(r" (?:des|der|von) ", subject) or capitals[0] == inner[0]
    if re.match(r"erste[nr]?$", inner[0]) and len(inner) == 2:
        return len(inner[1]) > 9
    noun = inner[-1]
    if len(inner) != 1 or noun.casefold() in patterns.GENERIC or plural:
        return False
    if "-" in noun or noun.isupper():
        return True
    last = noun.casefold()
    if len(noun) < 9 or last in statement.document.endings:
        # "die Universität" where a university was named.
        return False
    return not any(last.endswith(word) and len(last) - len(word) < 4 for word in patterns.GENERIC)


def is_person(what: str) -> bool:
    head = words_of(patterns.HEAD_END.split(what, maxsplit=1)[0])
    return bool(head) and bool(patterns.PERSON_NOUN.search(head[-1]))


def is_name(text: str) -> bool:
    return bool(re.fullmatch(NAME + SUFFIX, text)) and not any(
        patterns.NOT_PERSON.search(part.casefold()) or re.fullmatch(patterns.MONTH, part)
        for part in text.split()
    )


def is_old(subject: str, statement: Statement) -> bool:
    """Tell whether "der X" may be one that the text spoke of before, not X as such."""
    tokens = subject.split(" ")
    known = without_article(subject) in statement.document.known
    if known or tokens[0] not in {"der", "die", "das"}:
        return False
    if {"erste", "letzte", "zweite", "neue", "alte", "andere", "wichtigste"} & set(tokens):
        return True
    noun = tokens[-1].casefold()
    if noun in patterns.GENERIC and len(tokens) == 2:
        return True
    return len(tokens) == 2 and noun in statement.document.endings
