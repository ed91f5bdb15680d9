"""English sentences that say what something is, or how it is called."""

import re
from collections.abc import Iterator

from flashcards.drafting.rules import words
from flashcards.drafting.rules.english import patterns
from flashcards.drafting.rules.english.subjects import (
    is_name,
    is_person,
    lowered,
    subject_of,
    without_article,
)
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

# Forms that are a verb of the past and nothing else: "became", not "used".
_PASTS = words.PAST.keys() - words.PARTICIPLES.keys()


def definition(statement: Statement) -> Iterator[Made]:
    """Read "X is a … that …", "Ada Lovelace was a …", "X is the largest … of …"."""
    match = patterns.COPULA.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    written, verb = match["subject"], match["verb"]
    subject = subject_of(written, statement)
    what = _definition_end(match["what"])
    if subject is None or patterns.TALK_OF_TIME & set(words_of(what)):
        return
    if patterns.SUPERLATIVE.match(what):
        yield from _unique(written, verb, what, statement)
        return
    kind = _kind(what, words_of(subject)[-1], many=verb in {"are", "were"})
    if not kind or not _is_worth_asking(subject, verb, what):
        return
    if is_name(written):
        yield from _of_name(written, verb, what, kind, statement)
    elif not is_person(what) or subject.startswith(("a ", "an ")):
        yield from _of_term(written, subject, verb, what, kind, statement)


def _kind(what: str, last: str, *, many: bool) -> list[str]:
    """Return the words up to the noun that says what kind of thing something is, or none.

    `last` is the last word of the subject: "Shield volcanoes are volcanoes …".
    """
    head = words_of(patterns.HEAD_END.split(what, maxsplit=1)[0])
    if not head or what.startswith("the most") or re.search(r"\d(?:st|nd|rd|th)\b", what):
        return []
    body = head[1:] if head[0] in {"a", "an", "the"} else head
    if (
        " number of " in what
        or not body
        or body[-1] in patterns.VAGUE_HEADS
        or patterns.VAGUE_ADJECTIVES & set(body)
    ):
        return []
    if many:
        return body if body == head and _is_class(what, body) else []
    if body == head:
        # "Lava is magma that …", but not "is proud that …".
        mass = head[-1] in patterns.MASSES or head[-1] == last
        adverbial = _is_participle(head[0]) or head[0].endswith("ly") or head[0] == "that"
        if not mass or adverbial or len(head) > 3 or not patterns.COMPLEMENT.search(what):
            return []
    if head[0] == "the" and not patterns.COMPLEMENT.search(what):
        return []
    return body


def _is_class(what: str, body: list[str]) -> bool:
    """Tell whether "Ys that …" say what Xs are."""
    if len(body) > 4 or not body[-1].endswith(("s", "people", "bacteria")):
        return False
    if any(_is_participle(word) or word.endswith("ly") for word in (body[0], body[-1])):
        return False
    return bool(re.search(r" (?:that|which|who|whose|of|made|used|built|formed)\b", what))


def _is_participle(word: str) -> bool:
    """Tell whether "are …" may say what is done to something, not what it is: "are lifted"."""
    return word in words.PARTICIPLES or word.endswith("ed")


def _is_worth_asking(subject: str, verb: str, what: str) -> bool:
    """Tell whether a definition says enough, and one thing."""
    if has_join(subject, patterns.UNCLEAR_SUBJECT):
        return False
    if verb == "was" and what.startswith("the ") and not has_name(subject):
        return False
    if {"is", "are", "was", "were", "has", "had", "became"} & set(
        words_of(patterns.RELATIVE.split(what, maxsplit=1)[0])
    ):
        # A verb outside a relative clause: two statements in one.
        return False
    count = len(words_of(what))
    short = count == 4 and len(words_of(patterns.HEAD_END.split(what, maxsplit=1)[0])) == 4
    named = count >= 3 and is_person(what) and has_name(subject)
    return count >= 5 or short or named


def _of_name(
    name: str, verb: str, what: str, kind: list[str], statement: Statement
) -> Iterator[Made]:
    """Ask who or what a name of two parts stands for, and when somebody was born."""
    day = birthday(statement, patterns.LIFE)
    person = is_person(what) or bool(day)
    if has_begun(name, statement.document) or not (person or kind[-1] in patterns.NAMED):
        return
    statement.document.known.add(name.casefold())
    yield Made(f"{'Who' if person else 'What'} {verb} {name}?", sentence_of(what))
    if day:
        yield Made(f"When was {name} born?", f"On {day}.")


def _of_term(
    written: str, subject: str, verb: str, what: str, kind: list[str], statement: Statement
) -> Iterator[Made]:
    """Ask what a term, or a name of one part, stands for."""
    document = statement.document
    indefinite = subject.startswith(("a ", "an "))
    title = subject == written and subject.startswith(("A ", "An "))
    if title or len(words_of(subject)) > 6 or (not indefinite and has_begun(written, document)):
        return
    if subject.startswith("the ") and not _may_define(subject, statement):
        return
    if indefinite and what.startswith("the "):
        # "An allegory of Stalin is the main villain": the one says nothing of the kind.
        return
    named = bool(patterns.NAMED & set(kind))
    if " " not in subject and not named:
        # "Taggart is a peddler": somebody, or something.
        unknown = subject.casefold() not in document.lower and verb not in {"are", "were"}
        if verb == "was" or (unknown and patterns.MAYBE_PERSON.search(kind[-1])):
            return
    document.known.add(without_article(subject))
    shown = lowered(written, statement, common=not named, named=named)
    yield Made(f"What {verb} {shown}?", sentence_of(what))


def _definition_end(what: str) -> str:
    """Return a definition without the statements that follow it."""
    what = definition_end(what, patterns.AFTER, patterns.RELATIVE)
    for join in re.finditer(r",? (?:and|but) (?P<next>[\w-]+)", what):
        verb = join["next"] in words.PRESENT or join["next"] in words.AUXILIARIES | _PASTS
        clause = join.group()[0] == "," and _clause_follows(what[join.start("next") :])
        second = verb and not patterns.RELATIVE.search(what[: join.start()])
        if clause or second or " but " in join.group():
            what = what[: join.start()]
            break
    if len(words_of(what)) > patterns.DEFINITION_WORDS_MOST:
        # A relative clause after a comma adds to a definition; a list does not end before one.
        what = re.split(r", (?=which|who|where|with|such as|including|especially)", what)[0]
    return what.strip(" ,")


def _clause_follows(text: str) -> bool:
    """Tell whether words after "and" begin a statement: a verb comes within some words."""
    for word in words_of(text)[:6]:
        if word in words.AUXILIARIES or word in _PASTS:
            return True
        if word in {"that", "which", "who"}:
            return False
    return bool(words.PAST.keys() & set(words_of(text)[1:2]))


def _may_define(subject: str, statement: Statement) -> bool:
    """Tell whether "the X is …" defines X: a name, a term of two words, or X for the first time."""
    document = statement.document
    tokens = without_article(subject).split()
    if len(tokens) == 1 and subject.removeprefix("the ") in document.longer:
        # "the Institute" of a longer name.
        return False
    if any(token.endswith("est") for token in tokens[:2]):
        return False
    if has_name(subject) or " ".join(tokens) in document.known:
        return True
    if {"first", "last", "second", "main", "only", "result", "new", "old", "most"} & set(tokens):
        return False
    if len(tokens) == 1:
        return tokens[0] not in patterns.GENERIC and tokens[0] not in document.before
    return True


def _unique(written: str, verb: str, what: str, statement: Statement) -> Iterator[Made]:
    """Ask for what alone is the largest, the first or the capital of something."""
    what = re.split(r", | and (?=the |a |is |was |has )", what, maxsplit=1)[0]
    scope = re.search(r" (?:in|of|on|to) (?P<scope>\S.*)$", what)
    if scope is None or verb in {"are", "were"} or len(words_of(what)) < 4:
        return
    if patterns.RELATIVE.search(what) or written.startswith(("A ", "An ")):
        return
    if not (has_name(f"x {scope['scope']}") or patterns.WHOLE.search(what)):
        return
    if is_person(what) or patterns.ONLY_PERSON.match(what):
        if is_name(written) or written in statement.document.capital:
            yield Made(f"Who {verb} {what}?", sentence_of(written))
    elif has_name(written if written.startswith("The ") else f"x {written}"):
        yield Made(f"What {verb} {what}?", sentence_of(written))


def called(statement: Statement) -> Iterator[Made]:
    """Read "The movement of molecules along a gradient is called diffusion"."""
    match = patterns.CALLED.match(statement.text)
    if (
        match is None
        or len(words_of(match["subject"])) < 4
        or has_join(match["name"], patterns.JOINS)
    ):
        return
    tokens = set(words_of(f"{match['subject']} {match['name']}"))
    if tokens & (patterns.POINTING | {"also", "often", "sometimes", "after"}):
        return
    shown = lowered(match["subject"], statement)
    yield Made(f"What {match['verb']} {shown} {match['manner']}?", sentence_of(match["name"]))


def attribute(statement: Statement) -> Iterator[Made]:
    """Read "The currency of Japan is the yen", "The highest mountain in Africa is …"."""
    if largest := patterns.LARGEST.match(statement.text):
        subject = subject_of(largest["subject"], statement)
        if (
            subject
            and has_name(subject)
            and not has_join(largest["what"], patterns.JOINS)
            and not is_person(subject)
        ):
            yield Made(f"What {largest['verb']} {subject}?", sentence_of(largest["what"]))
        return
    if match := patterns.ATTRIBUTE.match(statement.text):
        subject = subject_of(match["subject"], statement)
        tokens = words_of(match["what"])
        unclear = {"not", "also", "a", "one", "still"} | words.PARTICIPLES.keys()
        if subject and tokens[0] not in unclear and not has_join(match["what"], patterns.JOINS):
            yield Made(f"What {match['verb']} {subject}?", sentence_of(match["what"]))
