"""English sentences that say who did something, when, or where something is."""

import itertools
import re
from collections.abc import Iterator

from flashcards.drafting.rules import words
from flashcards.drafting.rules.english import patterns
from flashcards.drafting.rules.english.subjects import (
    is_name,
    is_specific,
    subject_of,
    without_article,
)
from flashcards.drafting.rules.frame import (
    NAME,
    Made,
    Statement,
    has_digit,
    has_join,
    has_name,
    sentence_of,
    words_of,
)


def passive(statement: Statement) -> Iterator[Made]:
    """Read "X was discovered by Y in 1896": who, and when."""
    text, date = statement.text, ""
    if leading := patterns.LEADING.match(text):
        rest = leading["rest"]
        text, date = f"{rest[0].upper()}{rest[1:]}", leading["date"]
    match = patterns.PASSIVE.match(text)
    if match is None or match["participle"] not in patterns.HAPPENS:
        return
    verb, participle, adverb = match["verb"], match["participle"], match["adverb"] or ""
    plural = verb in {"are", "were"}
    subject = subject_of(match["subject"], statement)
    if subject is None or (plural and has_join(subject, patterns.JOINS)):
        return
    if not is_specific(subject, statement, plural=plural) and not _is_idea(
        subject, participle, statement
    ):
        return
    rest = match["rest"].strip()
    when = f"When {verb} {subject} {adverb}{participle}"
    if by := patterns.BY.match(rest):
        past = words.PARTICIPLES.get(participle, "") if participle in patterns.MAKES else ""
        did = f"{adverb}{past} {subject}" if past and verb in {"was", "were"} else ""
        yield from _done_by(by, did, when)
    elif date:
        if len(rest) <= 80 and not re.search("[,;]", rest) and not has_join(rest, patterns.JOINS):
            yield Made(f"{f'{when} {rest}'.strip()}?", sentence_of(date))
    elif ended := patterns.DATED_END.match(f" {rest}"):
        before = ended["before"].strip()
        unclear = patterns.JOINS | patterns.UNCLEAR_BEFORE_DATE
        if "," in before or has_digit(before) or has_join(before, unclear):
            return
        if not patterns.RELATIVE.search(before):
            yield Made(f"{f'{when} {before}'.strip()}?", sentence_of(ended["date"]))


def _is_idea(subject: str, participle: str, statement: Statement) -> bool:
    """Tell whether a subject is a thing or a term that somebody invented, coined or proposed."""
    tokens = without_article(subject).split()
    if not subject.startswith("the ") or participle not in patterns.IDEAS:
        return False
    if len(tokens) > 1:
        return tokens[-1] not in {"term", "word"}
    # "the telephone", of which the text did not speak before.
    old = patterns.GENERIC | words.PERSON_NOUNS | statement.document.before
    return tokens[0] not in old


def _done_by(by: re.Match[str], did: str, when: str) -> Iterator[Made]:
    """Ask who did something, and when if that is told before or after the name."""
    before, after, agent = by["before"].strip(), by["after"], by["agent"]
    date = re.fullmatch(patterns.DATE, before) or re.match(rf" {patterns.DATE}(?=$|,| and )", after)
    whole = re.match(
        rf"(?: (?:in|at) [A-Z][\w -]+?)?(?: {patterns.DATE})?(?:$|,| and (?:is|was|has) )", after
    )
    if whole is None or not _agent_is_person(agent):
        return
    place = "" if re.fullmatch(patterns.DATE, before) else f" {before}".rstrip()
    if did:
        yield Made(f"Who {did}{place}?", sentence_of(agent))
    if date and not has_digit(place):
        yield Made(f"{when}{place}?", sentence_of(date.group()))


def _agent_is_person(agent: str) -> bool:
    names = re.findall(NAME, agent)
    return bool(names) and all(is_name(name) for name in names)


def active(statement: Statement) -> Iterator[Made]:
    """Read "Henri Becquerel discovered radioactivity in 1896": who, and when."""
    text, date = statement.text, ""
    if leading := patterns.LEADING.match(text):
        text, date = leading["rest"], leading["date"]
    match = patterns.ACTIVE.match(text)
    if match is None or match["verb"] not in patterns.MAKES or not _agent_is_person(match["agent"]):
        return
    agent, verb, rest = match["agent"], match["verb"], match["rest"]
    if " and " in agent and " and " in (match["who"] or ""):
        return
    if not date and (found := patterns.THAT_AFTER_DATE.match(rest)):
        date, rest = found["date"], found["that"]
    elif not date and (ended := patterns.DATED_END.match(f" {rest}")):
        date, rest = ended["date"], f"{ended['before'].strip()} {ended['place'] or ''}".strip()
    else:
        rest = patterns.OBJECT_END.split(rest, maxsplit=1)[0]
    if not _is_object(rest):
        return
    that = rest.startswith("that ")
    when = f" {date[0].lower()}{date[1:]}" if date else ""
    if that:
        yield Made(f"Who {verb}{when} {rest}?", sentence_of(agent))
        return
    # "a machine" may be one of several.
    told = when if rest.startswith(("a ", "an ")) else ""
    yield Made(f"Who {verb} {rest}{told}?", sentence_of(agent))
    base = words.PAST.get(verb)
    if date and base:
        yield Made(f"When did {agent} {base} {rest}?", sentence_of(date))


def _is_object(rest: str) -> bool:
    """Tell whether what somebody made is named, and nothing else is said."""
    tokens = words_of(rest)
    if not 1 <= len(tokens) <= 18 or (len(tokens) == 1 and len(tokens[0]) <= 5) or "," in rest:
        return False
    if tokens[0] in patterns.PREPOSITIONS | {"it", "them", "one"}:
        return False
    verbs = words.PAST.keys() | words.AUXILIARIES | words.PLAIN
    if any(one in patterns.JOINS and other in verbs for one, other in itertools.pairwise(tokens)):
        return False
    if tokens[0] == "that":
        return not {"it", "they", "he", "she"} & set(tokens)
    if re.match(r"[A-Z]\w+(?: [A-Z]\w+)*['’]s? [a-z]+$", rest):
        # "Gibbons' design"
        return False
    definite = tokens[0] == "the" and len(tokens) == 2 and not has_name(rest)
    return not definite and not {"his", "her", "their", "its", "independently", "together"} & set(
        tokens
    )


def happened(statement: Statement) -> Iterator[Made]:
    """Read "The French Revolution began in 1789"."""
    match = patterns.HAPPENED.match(statement.text)
    if match is None:
        return
    subject = subject_of(match["subject"], statement)
    if subject is None or has_join(subject, patterns.JOINS):
        return
    if is_specific(subject, statement):
        base = patterns.BEGINS[match["verb"]]
        yield Made(f"When did {subject} {base}?", sentence_of(match["date"]))


def where(statement: Statement) -> Iterator[Made]:
    """Read "The European Central Bank is located in Frankfurt"."""
    match = patterns.WHERE.match(statement.text)
    if match is None:
        return
    subject = subject_of(match["subject"], statement)
    plural = match["verb"] == "are"
    if subject is None or has_join(subject, patterns.JOINS):
        return
    if is_specific(subject, statement, plural=plural):
        yield Made(f"Where {match['verb']} {subject} {match['how']}?", sentence_of(match["place"]))
