"""French sentences that say what something is, or how it is called."""

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
    sentence_of,
    words_of,
)
from flashcards.drafting.rules.french import patterns, subjects
from flashcards.drafting.rules.french.subjects import (
    capitals,
    is_name,
    is_old,
    is_person,
    lowered,
    without_article,
)


def definition(statement: Statement) -> Iterator[Made]:
    """Read "X est un … qui …", "X est le lac le plus profond de …"."""
    if born := patterns.BORN.match(statement.text):
        name = born["subject"]
        if is_name(name) and is_person(born["what"]):
            yield Made(
                f"Qui {born['verb']} {name} ?",
                sentence_of(definition_end(born["what"], patterns.AFTER, patterns.CLAUSE)),
            )
            yield Made(f"Quand est {born['born']} {name} ?", f"Le {born['date']}.")
        return
    found = romance.defined(statement, patterns, subjects)
    if found is None:
        return
    written, subject, verb, what = found
    if patterns.SUPERLATIVE.match(what):
        yield from _unique(written, verb, what)
        return
    many = verb in {"sont", "étaient", "furent"}
    kind = _kind(what, many=many)
    count = len(words_of(what))
    if is_name(written) and count >= 3:
        yield from _of_name(written, verb, what, kind, statement)
    elif kind and (count >= 5 or (count == 4 and len(kind) >= 3)):
        # A title: "Les Misérables est un roman".
        title = subject.startswith("les ") and not many
        yield from _of_term(written if title else subject, verb, what, kind, statement)


def _kind(what: str, *, many: bool) -> list[str]:
    """Return the noun that says what kind of thing something is, and its adjectives, or none."""
    if not re.match(r"(?:des |de )" if many else r"(?:un |une |le |la |l['’])", what):
        return []
    if many and not patterns.COMPLEMENT.search(what[4:]):
        return []
    body = words_of(patterns.HEAD_END.split(re.sub(r"^l['’]", "le ", what), maxsplit=1)[0])[1:]
    if not body or body[0] in patterns.VAGUE_HEADS:
        return []
    return [] if patterns.VAGUE_ADJECTIVES.search(" ".join(body[:3])) else body


def _of_name(
    name: str, verb: str, what: str, kind: list[str], statement: Statement
) -> Iterator[Made]:
    """Ask who or what a name of two parts stands for, and when somebody was born."""
    person = is_person(what)
    if not romance.is_new_name(name, kind, statement, patterns, person=person):
        return
    yield Made(f"Qui {verb} {name} ?" if person else _what_is(name), sentence_of(what))
    if person and (day := birthday(statement, patterns.LIFE)):
        of = "d’" if patterns.VOWEL.match(name) else "de "
        yield Made(f"Quelle est la date de naissance {of}{name} ?", f"Le {day}.")


def _of_term(
    subject: str, verb: str, what: str, kind: list[str], statement: Statement
) -> Iterator[Made]:
    """Ask what a term stands for."""
    if is_person(what) or is_old(subject, statement):
        return
    if not patterns.ARTICLE.match(subject) and (
        not patterns.NAMED_KIND.search(kind[0]) or has_begun(subject, statement.document)
    ):
        # Without an article it is a name, perhaps somebody's.
        return
    statement.document.known.add(without_article(subject))
    if verb in {"sont", "étaient", "furent"}:
        joined = "Qu’" if patterns.VOWEL.match(verb) else "Que "
        yield Made(f"{joined}{verb} {subject} ?", sentence_of(what))
    else:
        yield Made(_what_is(subject), sentence_of(what))


def _what_is(subject: str) -> str:
    joined = "qu’" if patterns.VOWEL.match(subject) else "que "
    return f"Qu’est-ce {joined}{subject} ?"


def _unique(written: str, verb: str, what: str) -> Iterator[Made]:
    """Ask for what alone is the largest, the first or the capital of something."""
    if is_name(written) and patterns.ONLY_PERSON.match(what):
        yield Made(f"Qui {verb} {what} ?", sentence_of(written))
        return
    scope = re.search(r" (?:de |du |des |d['’]|en |dans )\S", what)
    if scope is None or verb in {"sont", "étaient", "furent"} or len(words_of(what)) < 4:
        return
    if re.search(r",| qui | à ", what) or has_join(what, patterns.JOINS):
        return
    if not capitals(f"x {what}") and not patterns.WHOLE.search(what):
        return
    asked = {"le ": "Quel", "la ": "Quelle"}.get(what[:3])
    if is_person(what):
        if is_name(written):
            yield Made(f"Qui {verb} {what} ?", sentence_of(written))
    elif asked and capitals(written if patterns.ARTICLE.match(written) else f"x {written}"):
        yield Made(f"{asked} {verb} {what} ?", sentence_of(written))


def attribute(statement: Statement) -> Iterator[Made]:
    """Read "La capitale du Pérou est Lima"."""
    match = patterns.ATTRIBUTE.match(statement.text)
    if match is None or has_join(match["what"], patterns.JOINS):
        return
    if words_of(match["what"])[0] in {"un", "une", "pas", "aussi", "de"}:
        return
    asked = {"Le ": "Quel", "La ": "Quelle"}.get(match["article"])
    if asked is None:
        asked = "Quelle" if match["subject"].startswith("unité") else "Quel"
    subject = f"{match['article'].lower()}{match['subject']}"
    yield Made(f"{asked} {match['verb']} {subject} ?", sentence_of(match["what"]))


def called(statement: Statement) -> Iterator[Made]:
    """Read "Le passage … s'appelle l'osmose", "On appelle X le …"."""
    if match := patterns.MEANT.match(statement.text):
        what = definition_end(match["what"], patterns.AFTER, patterns.CLAUSE)
        name = match["name"]
        unclear = has_join(name, patterns.POINTING) or patterns.ARTICLE.match(name)
        if len(words_of(what)) >= 4 and not unclear:
            yield Made(f"Qu’appelle-t-on {name} ?", sentence_of(what))
        return
    match = patterns.CALLED.match(statement.text)
    if match is None or len(words_of(match["subject"])) < 5:
        return
    if has_join(match["subject"], patterns.POINTING):
        return
    if not has_join(match["name"], patterns.JOINS | {"aussi", "ainsi", "souvent", "d'après"}):
        asked = f"Comment appelle-t-on {lowered(match['subject'])} ?"
        yield Made(asked, sentence_of(match["name"]))
