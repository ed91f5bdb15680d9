"""What the grammars of French and Spanish share: their sentences are built alike.

Each function reads a sentence by the patterns of one of them; the grammar asks in its own words.
"""

import re
from typing import NamedTuple, Protocol

from flashcards.drafting.rules.frame import (
    NAME,
    SUFFIX,
    Statement,
    cut_out,
    definition_end,
    has_begun,
    has_digit,
    has_join,
    without_date,
    words_of,
)


class Patterns(Protocol):
    """The patterns and words of one of the languages: its module `patterns`."""

    COPULA: re.Pattern[str]
    AFTER: re.Pattern[str]
    CLAUSE: re.Pattern[str]
    OPINION: re.Pattern[str]
    PASSIVE: re.Pattern[str]
    HAPPENS: re.Pattern[str]
    HAPPENED: re.Pattern[str]
    SECOND_VERB: re.Pattern[str]
    BY: re.Pattern[str]
    IN: re.Pattern[str]
    HEAD_END: re.Pattern[str]
    NAMED_KIND: re.Pattern[str]
    PERSON_NOUN: re.Pattern[str]
    NOT_PERSON: re.Pattern[str]
    JOINS: frozenset[str]
    POINTING: frozenset[str]
    POSSESSIVES: frozenset[str]
    NO_OBJECT: frozenset[str]
    PLURAL_PASSIVES: frozenset[str]
    TALK_OF_TIME: frozenset[str]
    UNCLEAR_BEFORE_DATE: frozenset[str]


class Subjects(Protocol):
    """What tells which phrases name one thing: its module `subjects`."""

    def subject_of(self, text: str, /) -> str | None: ...

    def is_specific(self, subject: str, statement: Statement, /) -> bool: ...


class Defined(NamedTuple):
    """A sentence that says what something is."""

    # As it is written, and as it is inside a sentence.
    written: str
    subject: str
    verb: str
    what: str


class Done(NamedTuple):
    """A sentence that says what was done to something; by whom and when may be missing, as ""."""

    # The verb, the subject, and what else a question repeats.
    said: str
    # What stands between the subject's verb and the date, where nobody is named who did it.
    rest: str
    agent: str
    # What goes before the agent, with its space: "l'empereur ".
    title: str
    date: str


def defined(statement: Statement, patterns: Patterns, subjects: Subjects) -> Defined | None:
    """Read "X is …"."""
    match = patterns.COPULA.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return None
    subject = subjects.subject_of(match["subject"])
    what = definition_end(match["what"], patterns.AFTER, patterns.CLAUSE)
    if subject is None or patterns.OPINION.search(what):
        return None
    if has_join(what, patterns.TALK_OF_TIME):
        return None
    return Defined(match["subject"], subject, match["verb"], what)


def done(statement: Statement, patterns: Patterns, subjects: Subjects) -> Done | None:
    """Read "X was invented by Y in 1714"."""
    match = patterns.PASSIVE.match(statement.text)
    if match is None or not patterns.HAPPENS.match(match["participle"]):
        return None
    written = match["subject"]
    subject = subjects.subject_of(written[0].upper() + written[1:] if match["date"] else written)
    if subject is None or not subjects.is_specific(subject, statement):
        return None
    if match["verb"] in patterns.PLURAL_PASSIVES and has_join(subject, patterns.JOINS):
        return None
    rest = patterns.SECOND_VERB.split(match["rest"].strip(), maxsplit=1)[0]
    date = match["date"] or ""
    if not date:
        rest, date = without_date(rest, patterns.IN)
    by = patterns.BY.search(rest)
    if by and not are_names(by["agent"], patterns):
        return None
    left = cut_out(rest, by) if by else rest
    unclear = patterns.JOINS if by else patterns.JOINS | patterns.UNCLEAR_BEFORE_DATE
    if has_join(left, unclear) or has_digit(left):
        return None
    said = f"{match['verb']} {match['participle']} {subject} {left}".rstrip()
    if by is None:
        return Done(said, left, "", "", date)
    return Done(said, "", by["agent"], by["title"] or "", date)


def happened(
    statement: Statement, patterns: Patterns, subjects: Subjects
) -> tuple[str, str] | None:
    """Read "X began in 1789"; return the verb with the subject, and the date."""
    match = patterns.HAPPENED.match(statement.text)
    subject = match and one_thing(match["subject"], statement, patterns, subjects)
    return (f"{match['verb']} {subject}", match["date"]) if match and subject else None


def one_thing(
    text: str, statement: Statement, patterns: Patterns, subjects: Subjects
) -> str | None:
    """Return a subject as it is inside a sentence, or None if it does not name one thing."""
    subject = subjects.subject_of(text)
    if subject is None or has_join(subject, patterns.JOINS):
        return None
    return subject if subjects.is_specific(subject, statement) else None


def is_object(text: str, patterns: Patterns) -> bool:
    """Tell whether what somebody made is named, and nothing else is said."""
    tokens = words_of(text)
    if not 2 <= len(tokens) <= 16 or has_digit(text) or tokens[0] in patterns.NO_OBJECT:
        return False
    return not has_join(text, patterns.JOINS | patterns.POINTING | patterns.POSSESSIVES)


def is_person(what: str, patterns: Patterns) -> bool:
    head = words_of(patterns.HEAD_END.split(what, maxsplit=1)[0])
    return any(patterns.PERSON_NOUN.search(word) for word in head[1:3])


def is_name(text: str, patterns: Patterns) -> bool:
    """Tell whether a text is a name of two parts, as persons have."""
    if not re.fullmatch(NAME + SUFFIX, text):
        return False
    return not patterns.NOT_PERSON.search(text.split()[0].casefold())


def are_names(agent: str, patterns: Patterns) -> bool:
    """Tell whether all that are named to have done something are persons."""
    return all(is_name(name, patterns) for name in re.findall(NAME, agent))


def is_new_name(
    name: str, kind: list[str], statement: Statement, patterns: Patterns, *, person: bool
) -> bool:
    """Tell whether a sentence says what a name stands for, for the first time; note that it did."""
    if not kind or not (person or patterns.NAMED_KIND.search(kind[0])):
        return False
    if has_begun(name, statement.document):
        return False
    statement.document.known.add(name.casefold())
    return True
