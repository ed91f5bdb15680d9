"""Spanish sentences that say who did something, when, or where something is."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules import romance
from flashcards.drafting.rules.frame import (
    Made,
    Statement,
    has_digit,
    has_join,
    sentence_of,
    without_date,
    words_of,
)
from flashcards.drafting.rules.spanish import patterns, subjects


def passive(statement: Statement) -> Iterator[Made]:
    """Read "X fue fundada en 1535 por Y": por quién, y cuándo."""
    done = romance.done(statement, patterns, subjects)
    if done is None:
        return
    if done.agent:
        asked = "¿Por quiénes" if _are_many(done.agent) else "¿Por quién"
        answer = f"Por {done.title}{done.agent}" if done.title else done.agent
        yield Made(f"{asked} {done.said}?", sentence_of(answer))
    if done.date:
        yield Made(f"¿Cuándo {done.said}?", sentence_of(done.date))


def _are_many(agent: str) -> bool:
    return bool(re.search(r" [ye] ", agent))


def active(statement: Statement) -> Iterator[Made]:
    """Read "En 1831, Robert Brown descubrió el núcleo celular": quién, y cuándo."""
    match = patterns.ACTIVE.match(statement.text)
    if match is None or not patterns.MAKES.match(match["verb"]):
        return
    agent, verb, date = match["agent"], match["verb"], match["date"] or ""
    many = _are_many(agent)
    if not romance.are_names(agent, patterns) or many != verb.endswith("ron"):
        return
    rest = re.split(r",| y (?=[a-záéíóúñ]+ó\b)", match["rest"], maxsplit=1)[0]
    if not date:
        rest, date = without_date(rest, patterns.IN)
    if not romance.is_object(rest, patterns):
        return
    tokens = words_of(rest)
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
    if read := romance.happened(statement, patterns, subjects):
        said, date = read
        yield Made(f"¿Cuándo {said}?", sentence_of(date))


def where(statement: Statement) -> Iterator[Made]:
    """Read "El lago Titicaca se encuentra entre Perú y Bolivia"."""
    match = patterns.WHERE.match(statement.text)
    if match is None:
        return
    subject = romance.one_thing(match["subject"], statement, patterns, subjects)
    place = match["place"]
    if place.startswith("entre "):
        # "entre Perú y Bolivia" was cut before "y".
        place = statement.text[match.start("place") :].split(",", 1)[0]
    if subject and not has_join(place, patterns.POINTING) and not has_digit(place):
        yield Made(f"¿Dónde {match['verb']} {subject}?", sentence_of(place))
