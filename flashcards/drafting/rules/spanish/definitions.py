"""Spanish sentences that say what something is, or how it is called."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules import romance
from flashcards.drafting.rules.frame import (
    Made,
    Statement,
    birthday,
    definition_end,
    has_begun,
    has_join,
    has_name,
    sentence_of,
    words_of,
)
from flashcards.drafting.rules.spanish import patterns, subjects
from flashcards.drafting.rules.spanish.subjects import (
    is_name,
    is_old,
    is_person,
    lowered,
    without_article,
)


def definition(statement: Statement) -> Iterator[Made]:
    """Read "X es un … que …", "X es la montaña más alta de …"."""
    found = romance.defined(statement, patterns, subjects)
    if found is None:
        return
    written, subject, verb, what = found
    if patterns.SUPERLATIVE.match(what):
        yield from _unique(written, verb, what)
        return
    kind = _kind(what, many=verb in {"son", "fueron", "eran"})
    count = len(words_of(what))
    if is_name(written) and count >= 3:
        yield from _of_name(written, verb, what, kind, statement)
    elif kind and (count >= 5 or (count == 4 and len(kind) >= 3)):
        yield from _of_term(subject, verb, what, kind, statement)


def _kind(what: str, *, many: bool) -> list[str]:
    """Return the noun that says what kind of thing something is, and its adjectives, or none."""
    begins = r"(?:un[oa]s |los |las )?[a-záéíóúñü]+s " if many else r"(?:un|una|el|la) "
    if not re.match(begins, what) or (many and not patterns.RELATIVE.search(what)):
        return []
    head = words_of(patterns.HEAD_END.split(what, maxsplit=1)[0])
    body = head[1:] if head[:1] and head[0] in patterns.ARTICLES else head
    if not body or body[0] in patterns.VAGUE_HEADS:
        return []
    if many and body == head and patterns.PARTICIPLE.fullmatch(body[0]):
        # What is done to them, not what they are: "son elevados".
        return []
    return [] if patterns.VAGUE_ADJECTIVES.search(" ".join(body[:3])) else body


def _of_name(
    name: str, verb: str, what: str, kind: list[str], statement: Statement
) -> Iterator[Made]:
    """Ask who or what a name of two parts stands for, and when somebody was born."""
    person = is_person(what)
    if not romance.is_new_name(name, kind, statement, patterns, person=person):
        return
    yield Made(f"¿{'Quién' if person else 'Qué'} {verb} {name}?", sentence_of(what))
    if person and (day := birthday(statement, patterns.LIFE)):
        yield Made(f"¿Cuándo nació {name}?", f"El {day}.")


def _of_term(
    subject: str, verb: str, what: str, kind: list[str], statement: Statement
) -> Iterator[Made]:
    """Ask what a term stands for."""
    if is_person(what) or is_old(subject, statement):
        return
    if subject[:1].isupper() and not patterns.NAMED_KIND.search(kind[0]):
        # Without an article it is a name, perhaps somebody's.
        return
    if subject[:1].isupper() and has_begun(subject, statement.document):
        return
    statement.document.known.add(without_article(subject))
    yield Made(f"¿Qué {verb} {subject}?", sentence_of(what))


def _unique(written: str, verb: str, what: str) -> Iterator[Made]:
    """Ask for what alone is the largest, the first or the capital of something."""
    if is_name(written) and patterns.ONLY_PERSON.match(what):
        yield Made(f"¿Quién {verb} {what}?", sentence_of(written))
        return
    if verb in {"son", "eran", "fueron"} or not re.search(r" (?:de|del|en) \S", what):
        return
    if "," in what or " que " in what or len(words_of(what)) < 4 or has_join(what, patterns.JOINS):
        return
    if not has_name(what) and not patterns.WHOLE.search(what):
        return
    if is_person(what):
        if is_name(written):
            yield Made(f"¿Quién {verb} {what}?", sentence_of(written))
    elif has_name(written if written.startswith(("El ", "La ")) else f"x {written}"):
        yield Made(f"¿Cuál {verb} {what}?", sentence_of(written))


def attribute(statement: Statement) -> Iterator[Made]:
    """Read "La moneda de Perú es el sol"."""
    match = patterns.ATTRIBUTE.match(statement.text)
    if match is None or has_join(match["what"], patterns.JOINS):
        return
    if words_of(match["what"])[0] not in {"no", "un", "una", "también"}:
        subject = f"{match['article'].lower()} {match['subject']}"
        yield Made(f"¿Cuál {match['verb']} {subject}?", sentence_of(match["what"]))


def called(statement: Statement) -> Iterator[Made]:
    """Read "El paso de agua … se llama ósmosis", "Se llama X al …"."""
    if match := patterns.MEANT.match(statement.text):
        what = definition_end(match["what"], patterns.AFTER, patterns.CLAUSE)
        if not has_join(match["name"], patterns.POINTING) and len(words_of(what)) >= 5:
            yield Made(f"¿A qué se {match['verb']} {match['name']}?", sentence_of(what))
        return
    match = patterns.CALLED.match(statement.text)
    if match is None or len(words_of(match["subject"])) < 5:
        return
    if has_join(match["subject"], patterns.POINTING):
        return
    if not has_join(match["name"], patterns.JOINS | {"también", "así", "a", "no"}):
        verb = match["verb"].removesuffix(" como")
        asked = f"¿Cómo se {verb} {lowered(match['subject'])}?"
        yield Made(asked, sentence_of(match["name"]))
