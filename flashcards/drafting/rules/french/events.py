"""French sentences that say who did something, when, or where something is."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules.frame import (
    NAME,
    Made,
    Statement,
    has_digit,
    has_join,
    sentence_of,
    without_date,
    words_of,
)
from flashcards.drafting.rules.french import patterns
from flashcards.drafting.rules.french.subjects import is_name, is_specific, subject_of


def passive(statement: Statement) -> Iterator[Made]:
    """Read "X a été inventé par Y en 1714": par qui, et quand."""
    match = patterns.PASSIVE.match(statement.text)
    if match is None or not patterns.HAPPENS.match(match["participle"]):
        return
    plural = match["verb"] in {"furent", "ont été"}
    written = match["subject"]
    subject = subject_of(written[0].upper() + written[1:] if match["date"] else written)
    if subject is None or not is_specific(subject, statement):
        return
    if plural and has_join(subject, patterns.JOINS):
        return
    rest = patterns.SECOND_VERB.split(match["rest"].strip(), maxsplit=1)[0]
    date = match["date"] or ""
    if not date:
        rest, date = without_date(rest, patterns.IN)
    said = f"{match['verb']} {match['participle']}"
    if by := patterns.BY.search(rest):
        if not all(is_name(name) for name in re.findall(NAME, by["agent"])):
            return
        left = f"{rest[: by.start()].strip()} {rest[by.end() :].strip()}".strip()
        if has_join(left, patterns.JOINS) or has_digit(left):
            return
        title = by["title"] or ""
        answer = f"Par {title}{by['agent']}" if title else by["agent"]
        tail = f" {left}" if left else ""
        yield Made(f"Par qui {said} {subject}{tail} ?", sentence_of(answer))
        if date:
            yield Made(f"Quand {said} {subject}{tail} ?", sentence_of(date))
        return
    unclear = patterns.JOINS | {"par", "après", "pour", "de", "d'après", "d’après", "comme"}
    if rest and not patterns.PLACE.match(rest):
        return
    if date and not has_digit(rest) and not has_join(rest, unclear):
        tail = f" {rest}" if rest else ""
        yield Made(f"Quand {said} {subject}{tail} ?", sentence_of(date))


def active(statement: Statement) -> Iterator[Made]:
    """Read "Henri Becquerel découvrit la radioactivité en 1896": qui, et quand."""
    match = patterns.ACTIVE.match(statement.text)
    if match is None or not patterns.MAKES.match(match["verb"]):
        return
    agent, verb, date = match["agent"], match["verb"], match["date"] or ""
    many = " et " in agent
    if not all(is_name(name) for name in re.findall(NAME, agent)):
        return
    plural = verb.startswith("ont ") or verb.endswith("ent")
    if many != plural:
        return
    rest = re.split(r",| et (?=[a-zéè]+(?:a|it|ut)\b)", match["rest"], maxsplit=1)[0]
    that = re.match(r"(?:en (?P<year>\d{4}) )?qu(?:e |['’])", rest)
    if that and that["year"]:
        date, rest = f"en {that['year']}", rest[len(that["year"]) + 4 :]
    if not date:
        rest, date = without_date(rest, patterns.IN)
    tokens = words_of(rest)
    if not 2 <= len(tokens) <= 16 or has_digit(rest) or tokens[0] in patterns.NO_OBJECT:
        return
    if has_join(rest, patterns.JOINS | patterns.POINTING | patterns.POSSESSIVES):
        return
    if len(tokens) == 2 and {tokens[1], tokens[0][2:]} & patterns.GENERIC:
        return
    if plural:
        # "Qui" takes the singular, which the rules know of the perfect only.
        if not verb.startswith("ont "):
            return
        verb = f"a {verb.removeprefix('ont ')}"
    when = f" {date[0].lower()}{date[1:]}" if date else ""
    vague = tokens[0] in {"un", "une", "des"}
    asked = f"Qui {verb}{when} {rest} ?" if that else f"Qui {verb} {rest}{when if vague else ''} ?"
    yield Made(asked, sentence_of(agent))


def happened(statement: Statement) -> Iterator[Made]:
    """Read "La Révolution française commença en 1789"."""
    match = patterns.HAPPENED.match(statement.text)
    if match is None:
        return
    subject = subject_of(match["subject"])
    if subject is None or has_join(subject, patterns.JOINS) or not is_specific(subject, statement):
        return
    yield Made(f"Quand {match['verb']} {subject} ?", sentence_of(match["date"]))


def where(statement: Statement) -> Iterator[Made]:
    """Read "Le barrage des Trois-Gorges se trouve en Chine"."""
    match = patterns.WHERE.match(statement.text)
    if match is None:
        return
    subject = subject_of(match["subject"])
    if subject is None or has_join(subject, patterns.JOINS) or not is_specific(subject, statement):
        return
    if not has_join(match["place"], patterns.POINTING) and not has_digit(match["place"]):
        yield Made(f"Où {match['verb']} {subject} ?", sentence_of(match["place"]))
