"""French sentences that say who did something, when, or where something is."""

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
from flashcards.drafting.rules.french import patterns, subjects


def passive(statement: Statement) -> Iterator[Made]:
    """Read "X a été inventé par Y en 1714": par qui, et quand."""
    done = romance.done(statement, patterns, subjects)
    if done is None or (done.rest and not patterns.PLACE.match(done.rest)):
        return
    if done.agent:
        answer = f"Par {done.title}{done.agent}" if done.title else done.agent
        yield Made(f"Par qui {done.said} ?", sentence_of(answer))
    if done.date:
        yield Made(f"Quand {done.said} ?", sentence_of(done.date))


def active(statement: Statement) -> Iterator[Made]:
    """Read "Henri Becquerel découvrit la radioactivité en 1896": qui, et quand."""
    match = patterns.ACTIVE.match(statement.text)
    if match is None or not patterns.MAKES.match(match["verb"]):
        return
    agent, verb, date = match["agent"], match["verb"], match["date"] or ""
    many = " et " in agent
    if not romance.are_names(agent, patterns):
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
    if not romance.is_object(rest, patterns):
        return
    tokens = words_of(rest)
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
    if read := romance.happened(statement, patterns, subjects):
        said, date = read
        yield Made(f"Quand {said} ?", sentence_of(date))


def where(statement: Statement) -> Iterator[Made]:
    """Read "Le barrage des Trois-Gorges se trouve en Chine"."""
    match = patterns.WHERE.match(statement.text)
    if match is None:
        return
    subject = romance.one_thing(match["subject"], statement, patterns, subjects)
    place = match["place"]
    if subject and not has_join(place, patterns.POINTING) and not has_digit(place):
        yield Made(f"Où {match['verb']} {subject} ?", sentence_of(place))
