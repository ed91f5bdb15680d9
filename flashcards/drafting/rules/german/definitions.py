"""German sentences that say what something is, or how it is called."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules.frame import (
    Made,
    Statement,
    birthday,
    definition_end,
    has_begun,
    has_join,
    sentence_of,
    words_of,
)
from flashcards.drafting.rules.german import patterns
from flashcards.drafting.rules.german.subjects import (
    is_name,
    is_nominative,
    is_old,
    is_person,
    is_specific,
    subject_of,
    without_article,
)


def definition(statement: Statement) -> Iterator[Made]:
    """Read "X ist ein …, das …", "X ist die größte … der …"."""
    match = patterns.COPULA.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    verb = match["verb"]
    subject = subject_of(match["subject"])
    what = definition_end(match["what"], patterns.AFTER, patterns.CLAUSE)
    head = patterns.HEAD_END.split(what, maxsplit=1)[0]
    if subject is None or not is_nominative(subject) or patterns.OPINION.search(what):
        return
    if patterns.VAGUE_ADJECTIVES.search(f"{head} ") or patterns.TALK_OF_TIME & set(words_of(what)):
        return
    if patterns.SUPERLATIVE.match(what):
        yield from _unique(subject, verb, what, statement)
        return
    kind = _kind(what, head, many=verb in {"sind", "waren"})
    if not kind:
        return
    if is_name(subject):
        yield from _of_name(subject, verb, what, kind, statement)
    elif len(words_of(what)) > 4 or " und " in what or verb in {"sind", "waren"}:
        yield from _of_term(subject, verb, what, kind, statement)


def _kind(what: str, head: str, *, many: bool) -> str:
    """Return the noun, in lower case, that says what kind of thing something is, or ""."""
    begins = r"(?:[a-zäöüß]+e )?[A-ZÄÖÜ]" if many else r"(?:ein|eine|der|die|das) "
    nouns = [word for word in head.split() if word[:1].isupper()]
    if not re.match(begins, what) or not nouns or head.split()[-1] != nouns[-1]:
        return ""
    if len(words_of(what)) < 3 or (many and not patterns.RELATIVE.search(what)):
        return ""
    kind = nouns[-1].casefold()
    return "" if kind in patterns.VAGUE_HEADS else kind


def _of_name(name: str, verb: str, what: str, kind: str, statement: Statement) -> Iterator[Made]:
    """Ask who or what a name stands for, and when somebody was born."""
    person = is_person(what)
    if has_begun(name, statement.document) or not (person or patterns.NAMED_KIND.search(kind)):
        return
    statement.document.known.add(name.casefold())
    yield Made(f"{'Wer' if person else 'Was'} {verb} {name}?", sentence_of(what))
    if person and (day := birthday(statement, patterns.LIFE)):
        yield Made(f"Wann wurde {name} geboren?", f"Am {day}.")


def _of_term(subject: str, verb: str, what: str, kind: str, statement: Statement) -> Iterator[Made]:
    """Ask what a term stands for."""
    if is_person(what) or is_old(subject, statement):
        return
    if not subject.startswith(patterns.ARTICLES) and not patterns.NAMED_KIND.search(kind):
        # "Goethe war ein Freund": a name of one part may be somebody's.
        if verb == "war" or patterns.MAYBE_PERSON.search(kind):
            return
        if has_begun(subject, statement.document):
            return
    statement.document.known.add(without_article(subject))
    yield Made(f"Was {verb} {subject}?", sentence_of(what))


def _unique(subject: str, verb: str, what: str, statement: Statement) -> Iterator[Made]:
    """Ask for what alone is the largest, the first or the capital of something."""
    if verb in {"sind", "waren"}:
        return
    if is_name(subject) and patterns.ONLY_PERSON.match(what):
        yield Made(f"Wer {verb} {what}?", sentence_of(subject))
        return
    if not re.search(r" (?:in|im|der|des|von|auf|am) \S", what[4:]):
        return
    if "," in what or len(words_of(what)) < 4 or has_join(what, patterns.JOINS):
        return
    if is_person(what):
        if is_name(subject):
            yield Made(f"Wer {verb} {what}?", sentence_of(subject))
        return
    count = len(subject.split())
    named = count == 2 and without_article(subject) not in patterns.GENERIC
    named = named or (count > 2 and subject.startswith(("die ", "der ", "das ")))
    if is_specific(subject, statement) or (named and not is_old(subject, statement)):
        yield Made(f"Was {verb} {what}?", sentence_of(subject))


def attribute(statement: Statement) -> Iterator[Made]:
    """Read "Die Hauptstadt von Peru ist Lima"."""
    match = patterns.ATTRIBUTE.match(statement.text)
    if match is None or has_join(match["what"], patterns.JOINS):
        return
    if words_of(match["what"])[0] not in {"nicht", "eine", "ein", "auch", "noch"}:
        subject = f"{match['subject'][0].lower()}{match['subject'][1:]}"
        asked = "Wie" if match["verb"] == "lautet" else "Was"
        yield Made(f"{asked} {match['verb']} {subject}?", sentence_of(match["what"]))


def called(statement: Statement) -> Iterator[Made]:
    """Read "Der Vorgang, bei dem …, heißt …", "Unter X versteht man …"."""
    if match := patterns.MEANT.match(statement.text):
        named = match["under"] or match["as"]
        what = definition_end(match["what"], patterns.AFTER, patterns.CLAUSE)
        unclear = has_join(named, patterns.JOINS | patterns.POINTING)
        if len(words_of(what)) >= 4 and not unclear:
            asked = "Was versteht man unter" if match["under"] else "Was bezeichnet man als"
            statement.document.known.add(without_article(named))
            yield Made(f"{asked} {named}?", sentence_of(what))
        return
    match = patterns.CALLED.match(statement.text)
    if match is None or " nennt man" in statement.text:
        return
    name = (match["name"] or match["named"] or "").strip()
    subject = match["subject"].strip()
    if not name or (match["name"] and match["named"]) or len(words_of(subject)) < 4:
        return
    if has_join(subject, patterns.POINTING) or has_join(name, patterns.JOINS):
        return
    if name.split()[0] in {"auch", "nicht", "oft", "nach"}:
        return
    if bool(match["als"]) != (match["how"] == "bezeichnet"):
        return
    subject = f"{subject[0].lower()}{subject[1:]}"
    if subject.count(",") % 2 and statement.text[len(subject)] != ",":
        return
    yield Made(f"Wie heißt {subject}?", sentence_of(name))
