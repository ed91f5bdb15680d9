"""Spanish sentences that say who did something, when, or where something is."""

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
from flashcards.drafting.rules.spanish import patterns
from flashcards.drafting.rules.spanish.subjects import is_name, is_specific, subject_of


def passive(statement: Statement) -> Iterator[Made]:
    """Read "X fue fundada en 1535 por Y": por quién, y cuándo."""
    match = patterns.PASSIVE.match(statement.text)
    if match is None or not patterns.HAPPENS.match(match["participle"]):
        return
    plural = match["verb"] == "fueron"
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
        many = bool(re.search(r" [ye] ", by["agent"]))
        asked = "¿Por quiénes" if many else "¿Por quién"
        title = by["title"] or ""
        answer = f"Por {title}{by['agent']}" if title else by["agent"]
        tail = f" {left}" if left else ""
        yield Made(f"{asked} {said} {subject}{tail}?", sentence_of(answer))
        if date:
            yield Made(f"¿Cuándo {said} {subject}{tail}?", sentence_of(date))
        return
    unclear = patterns.JOINS | {"por", "tras", "para", "después", "como"}
    if date and not has_digit(rest) and not has_join(rest, unclear):
        tail = f" {rest}" if rest else ""
        yield Made(f"¿Cuándo {said} {subject}{tail}?", sentence_of(date))


def active(statement: Statement) -> Iterator[Made]:
    """Read "En 1831, Robert Brown descubrió el núcleo celular": quién, y cuándo."""
    match = patterns.ACTIVE.match(statement.text)
    if match is None or not patterns.MAKES.match(match["verb"]):
        return
    agent, verb, date = match["agent"], match["verb"], match["date"] or ""
    many = bool(re.search(r" [ye] ", agent))
    if not all(is_name(name) for name in re.findall(NAME, agent)) or many != verb.endswith("ron"):
        return
    rest = re.split(r",| y (?=[a-záéíóúñ]+ó\b)", match["rest"], maxsplit=1)[0]
    if not date:
        rest, date = without_date(rest, patterns.IN)
    tokens = words_of(rest)
    if not 2 <= len(tokens) <= 16 or has_digit(rest) or tokens[0] in patterns.NO_OBJECT:
        return
    if has_join(rest, patterns.JOINS | patterns.POINTING | patterns.POSSESSIVES):
        return
    # "medirlos": a pronoun at the end of a verb.
    if re.search(r"\b\w+[aeiáéí]r(?:l[oa]s?|les?|se)\b", rest):
        return
    if len(tokens) == 2 and tokens[0] in patterns.ARTICLES and tokens[1] in patterns.GENERIC:
        return
    when = f" {date[0].lower()}{date[1:]}" if date else ""
    vague = tokens[0] in {"un", "una", "unos", "unas"}
    asked = "¿Quiénes" if many else "¿Quién"
    yield Made(f"{asked} {verb} {rest}{when if vague else ''}?", sentence_of(agent))
    if date and not vague:
        yield Made(f"¿Cuándo {verb} {agent} {rest}?", sentence_of(date))


def happened(statement: Statement) -> Iterator[Made]:
    """Read "La Revolución mexicana comenzó en 1910"."""
    match = patterns.HAPPENED.match(statement.text)
    if match is None:
        return
    subject = subject_of(match["subject"])
    if subject is None or has_join(subject, patterns.JOINS) or not is_specific(subject, statement):
        return
    yield Made(f"¿Cuándo {match['verb']} {subject}?", sentence_of(match["date"]))


def where(statement: Statement) -> Iterator[Made]:
    """Read "El lago Titicaca se encuentra entre Perú y Bolivia"."""
    match = patterns.WHERE.match(statement.text)
    if match is None:
        return
    subject = subject_of(match["subject"])
    place = match["place"]
    if place.startswith("entre "):
        # "entre Perú y Bolivia" was cut before "y".
        place = re.split(r",", statement.text[match.start("place") :], maxsplit=1)[0]
    if subject is None or has_join(subject, patterns.JOINS) or not is_specific(subject, statement):
        return
    if not has_join(place, patterns.POINTING) and not has_digit(place):
        yield Made(f"¿Dónde {match['verb']} {subject}?", sentence_of(place))
