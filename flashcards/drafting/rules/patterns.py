"""Patterns: each makes a card of a sentence with a score, or nothing."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from flashcards.domain.records import Kind
from flashcards.drafting.prose import Sentence, word_set
from flashcards.drafting.rules import words
from flashcards.drafting.rules.grammar import (
    DATE,
    TRAILING_DATE,
    YEAR,
    Clause,
    Document,
    cut,
    dated,
    inverted,
    is_plural,
    lower_first,
    parse,
    upper_first,
)

_ARTICLE = re.compile(r"(?:a|an|any|one of|the)\s")
_SUPERLATIVE = re.compile(
    r"(?:the|one of the) (?:only|first|last|most|main|second-largest|least|capital|[a-z]{3,}est)\b"
)
_CALLED = re.compile(
    r"(?:also |often |commonly |usually )?(?:called|known as|named|termed|referred to as) "
    r"(?P<name>(?:[\w’'-]+|[\"“][\w ’'-]+[\"”])(?: [\w’'-]+){0,4})$"
)
_REFERS = re.compile(r"(?:refers? to|means|denotes?) (?P<what>\S.+)$")
_TERM = re.compile(
    r"(?P<term>`[^`]{1,60}`|[^:—–.;!?]{2,60}?)(?:: | [—–] | - )(?P<what>\S.{8,400})$", re.DOTALL
)
# After code, "sorts the list" starts with a verb.
_VERB_LIKE = re.compile(
    r"[a-z]+[^s\W]s (?:the|a|an|all|its|each|any|one|to|in|from|and)\b", re.IGNORECASE
)
_NOT_TERMS = word_set(
    """
    note example examples tip warning hint important summary conclusion answer question step
    pros cons remember result results source sources first second third finally input output see
    usage why how what today tl;dr ps update edit
    """
)
_NUMBER = rf"(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?|{words.NUMBER_WORDS})"
AMOUNT = rf"(?:{_NUMBER}(?: (?:million|billion|trillion|thousand))?)"
_ROUGHLY = (
    r"(?:about|around|roughly|nearly|almost|over|more than|fewer than|less than|at least|up to|"
    r"an estimated|some|approximately|only) "
)
_COUNTED = re.compile(
    rf"(?P<number>(?:{_ROUGHLY})?{AMOUNT}) (?P<noun>(?:[a-z-]+ ){{0,2}}?"
    rf"(?:people|children|men|women|mice|[A-Za-z-]+[^s\W]s))\b(?P<rest>.*)$"
)
_AGENT = re.compile(
    r"(?P<participle>[\w-]+) by (?P<agent>[^,;]{2,80}?)(?P<when> in "
    + YEAR
    + r")?(?P<more>(?:[,;] .*)?)$"
)
_SECOND_VERB = re.compile(
    r" (?:and|or|but) (?:then |later |first |finally |[a-z]+ly )*[a-z]+(?:ed|en|t|ew|ng) "
)
_WHO_NOT = word_set(
    """
    had went came lived remained faced asked told returned fell died was felt saw thought stayed
    kept got said knew knew lay let
    """
)


@dataclass(frozen=True, slots=True)
class Made:
    question: str
    answer: str
    score: float
    kind: Kind = Kind.BASIC


@dataclass(frozen=True, slots=True)
class Reading:
    """A sentence for the patterns: its words without the full stop, and its clause if parsed."""

    sentence: Sentence
    text: str
    clause: Clause | None
    document: Document

    @property
    def item(self) -> bool:
        return self.sentence.item


def term(reading: Reading) -> Iterator[Made]:
    """Make a card of "Term: what it is", in a list or in bold at the start."""
    match = _TERM.match(reading.text)
    if not match:
        return
    name, what = match.group("term").strip(), match.group("what").strip(" .")
    if opening := re.match(r"(?:This|It) is |(?:These|They) are ", what):
        what = what[opening.end() :].split(". ", 1)[0]
    bold = bool(reading.sentence.bold) and reading.text.startswith(reading.sentence.bold[0])
    if not (reading.item or bold) or not 1 <= len(name.split()) <= 5 or len(what.split()) < 3:
        return
    bare = name.strip('`"“”').casefold()
    if bare in _NOT_TERMS or bare.split()[0] in _NOT_TERMS | words.LEANING_STARTS:
        return
    code = name.startswith("`")
    first = what.split()[0].casefold()
    shown = name if code else lower_first(name, reading.document)
    if shown in reading.document.definite and what.startswith("the ") and not is_plural(shown):
        shown = f"the {shown}"
    if re.fullmatch(YEAR, name):
        yield Made(f"What happened in {name}?", f"{upper_first(what)}.", 0.85)
    elif (first in words.PRESENT and not is_plural(name)) or (code and _VERB_LIKE.match(what)):
        yield Made(f"What does {shown} do?", f"It {what[0].lower()}{what[1:]}.", 0.9)
    elif not code and first in words.PLAIN and is_plural(name):
        yield Made(f"What do {shown} do?", f"They {what[0].lower()}{what[1:]}.", 0.85)
    elif first not in words.LEANING_STARTS | words.PLAIN and first not in words.PARTICIPLES:
        verb = "are" if is_plural(name) and not code else "is"
        # A whole statement says something about the term; it does not define it.
        score = 0.6 if parse(upper_first(what)) else 0.85
        yield Made(f"What {verb} {shown}?", f"{upper_first(what)}.", score)


def definition(reading: Reading) -> Iterator[Made]:
    """Make a card of "X is a … that …"."""
    clause = reading.clause
    if clause is None or clause.date or clause.appositive:
        return
    subject, rest = clause.subject, clause.rest
    if match := _REFERS.match(clause.predicate):
        if clause.verb in {"refers", "means", "denotes", "refer", "denote"} and _is_term(subject):
            shown = lower_first(subject, reading.document)
            what = _definition_end(match.group("what"))
            yield Made(f"What is {shown}?", f"{upper_first(what)}.", 0.95)
        return
    if clause.verb not in {"is", "are", "was", "were"} or not _ARTICLE.match(rest + " "):
        if clause.verb == "are" and _is_term(subject) and _class_of(rest, plural=True):
            shown = lower_first(subject, reading.document)
            yield Made(f"What are {shown}?", f"{upper_first(_definition_end(rest))}.", 0.9)
        return
    what = _definition_end(rest)
    person = reading.document.person_in(subject)
    if _SUPERLATIVE.match(rest):
        what = cut(what)
        asked = "Who" if person else "What"
        if len(what.split()) >= 4 and _is_term(subject):
            yield Made(f"{asked} {clause.verb} {what}?", f"{upper_first(subject)}.", 0.85)
        return
    if person and person == subject:
        yield Made(f"Who {clause.verb} {subject}?", f"{upper_first(what)}.", 0.95)
    elif (_is_term(subject) or _is_the_kind(clause)) and not person:
        is_kind = _class_of(rest)
        detailed = len(what.split()) >= 5
        if is_kind and detailed:
            shown = lower_first(subject, reading.document)
            yield Made(f"What {clause.verb} {shown}?", f"{upper_first(what)}.", 1.0)


def _definition_end(rest: str) -> str:
    """Return a definition without what follows it."""
    return re.split(r"; |, (?:and|but|so(?! that)|although|while) | [—–] ", rest, maxsplit=1)[
        0
    ].strip(" ,;:")


def _is_term(subject: str) -> bool:
    """Tell whether a subject names a thing or kind, rather than "the result"."""
    tokens = subject.split()
    first = tokens[0].casefold()
    if first == "the" or len(tokens) > 6 or "," in subject:
        return False
    # "A friend of mine is a doctor" is about somebody; a kind needs no such addition.
    return not (first in {"a", "an"} and any(t in {"of", "in", "from", "with"} for t in tokens[2:]))


def _is_the_kind(clause: Clause) -> bool:
    """Return whether "The X is a … that …" defines X."""
    tokens = clause.subject.split()
    if tokens[0] != "The" or len(tokens) > 5 or not re.match(r"(?:a|an) ", clause.rest):
        return False
    named = len(tokens) > 2 and all(token[0].isupper() for token in tokens[1:])
    general = clause.verb == "is" and re.search(
        r" (?:that|which|in which|by which|where) ", clause.rest
    )
    return named or bool(general)


def _class_of(rest: str, *, plural: bool = False) -> bool:
    """Return whether a definition starts with the kind of thing: "an organelle that …"."""
    head = re.split(
        r" (?:that|which|who|whose|in|of|by|for|with|from|used|made|caused|where|when|on|to)\b|,",
        rest,
    )[0]
    tokens = head.split()
    if not tokens:
        return False
    noun = tokens[-1].casefold().strip(".")
    if plural:
        return noun.rstrip("s") in words.CLASS_NOUNS and len(rest.split()) >= 5
    return (
        noun in words.CLASS_NOUNS
        or noun in words.PERSON_NOUNS
        or bool(re.search(r"\b(?:that|which|who|whose|by which|in which) ", rest))
        or noun.endswith(("tion", "ment", "ism", "ity", "ness", "sis", "ence", "ance"))
    )


def called(reading: Reading) -> Iterator[Made]:
    """Make a card of "the movement of … is called diffusion"."""
    clause = reading.clause
    if clause is None or clause.verb not in {"is", "are", "was", "were"}:
        return
    match = _CALLED.match(clause.rest)
    if match and len(clause.subject.split()) >= 4:
        shown = lower_first(clause.subject, reading.document)
        manner = "known as" if "known as" in match.group() else "called"
        yield Made(
            f"What {clause.verb} {shown} {manner}?", f"{upper_first(match.group('name'))}.", 1.0
        )


def person(reading: Reading) -> Iterator[Made]:
    """Make a card of "Alice Smith, an engineer, …" and of what somebody did."""
    clause = reading.clause
    if clause is None:
        return
    name = reading.document.person_in(clause.subject)
    if name and clause.appositive and name == clause.subject:
        nouns = set(re.findall(r"[\w’'-]+", clause.appositive))
        if words.PERSON_NOUNS & nouns and len(clause.appositive.split()) >= 3:
            verb = "is" if clause.verb in {"is", "has"} else "was"
            yield Made(f"Who {verb} {name}?", f"{upper_first(clause.appositive)}.", 0.8)
    if name and clause.form == "past" and clause.verb not in _WHO_NOT:
        rest = re.split(
            r", and (?:he|she|they) |; | [—–] |, (?:who|after|although|whose|but) ", clause.rest
        )[0].rstrip(",")
        rest = TRAILING_DATE.sub("", rest) if clause.date else rest
        asked = f"{clause.date}, who" if clause.date else "Who"
        least = 2 if clause.date else 3
        enough = len(rest.split()) >= least and _is_distinct(f"{rest} {clause.date}")
        if enough and not has_pronoun(rest) and not clause.adverb:
            yield Made(f"{asked} {clause.verb} {rest}?", f"{name}.", 0.92)


def agent(reading: Reading) -> Iterator[Made]:
    """Make a card of "X was discovered by Y"."""
    clause = reading.clause
    if clause is None or clause.verb not in {"is", "are", "was", "were"}:
        return
    match = _AGENT.match(clause.rest)
    if not match or match.group("participle") not in words.PARTICIPLES:
        return
    shown = lower_first(clause.subject, reading.document)
    doer = match.group("agent")
    when = dated(clause.date) or match.group("when") or ""
    name = reading.document.person_in(doer)
    if name:
        if not doer.endswith(name):
            return
        past = words.PARTICIPLES[match.group("participle")]
        yield Made(f"Who {past} {shown}{when}?", f"{upper_first(doer)}.", 0.95)
    elif clause.verb in {"is", "are"} and not match.group("more") and not has_pronoun(doer):
        yield Made(
            f"What {clause.verb} {shown} {match.group('participle')} by?",
            f"{upper_first(doer)}.",
            0.85,
        )


def when(reading: Reading) -> Iterator[Made]:
    """Make a card that asks for the date."""
    clause = reading.clause
    if clause is None:
        return
    date = clause.date
    if not date:
        trailing = TRAILING_DATE.search(clause.rest)
        if trailing is None:
            return
        # The date belongs to the main verb only if one clause comes before it.
        before = clause.rest[: trailing.start()]
        if cut(before) != before or _SECOND_VERB.search(f"{before} "):
            return
        date = trailing.group("date")
        clause = Clause(date, clause.subject, "", clause.verb, before, clause.form, clause.adverb)
        if not before and clause.form == "aux":
            return
    if DATE.search(clause.rest) or len(clause.rest.split()) < 2:
        return
    body = inverted(clause, reading.document)
    if body and not has_pronoun(body) and len(body.split()) <= 28:
        yield Made(f"When {body}?", f"{upper_first(date)}.", 0.88)


def how_many(reading: Reading) -> Iterator[Made]:
    """Make a card that asks for a number: "A human cell contains 46 chromosomes"."""
    clause = reading.clause
    if clause is None or clause.form == "aux":
        return
    text = clause.rest
    if text.startswith("of ") and clause.verb in {"consists", "consist", "consisted"}:
        text = text[3:]
    match = _COUNTED.match(text)
    if not match:
        return
    tail = match.group("rest")
    particle = " of" if text != clause.rest else ""
    simple = replace(clause, rest=cut(tail))
    body = inverted(simple, reading.document)
    if body is None or has_pronoun(body) or (re.search(_NUMBER, tail) and " and " in tail):
        return
    if simple.rest and particle:
        return
    yield Made(
        f"How many {match.group('noun').strip()} {body}{particle}{dated(clause.date)}?",
        f"{upper_first(match.group('number'))}.",
        0.9,
    )


def has_pronoun(text: str) -> bool:
    """Tell whether a phrase has a pronoun."""
    return bool(
        re.search(
            r"\b(?:he|she|it|they|him|her|his|hers|its|their|them|himself|this|these)\b", text
        )
    )


def _is_distinct(text: str) -> bool:
    """Tell whether a text is specific enough to ask who did it: a name, a number, several words."""
    content = [word for word in re.findall(r"[\w’'-]+", text) if len(word) > 3]
    return len(content) >= 4 or (bool(re.search(r"[A-Z]|\d", text)) and len(content) >= 2)
