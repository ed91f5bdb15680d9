"""English sentences that say why, and how many."""

from collections.abc import Iterator

from flashcards.drafting.rules import words
from flashcards.drafting.rules.english import patterns
from flashcards.drafting.rules.english.subjects import is_specific, subject_of, without_article
from flashcards.drafting.rules.frame import (
    Made,
    Statement,
    has_join,
    has_name,
    sentence_of,
    words_of,
)

REASON_WORDS_MOST = 20
_HAVE = {"has": "does", "have": "do", "had": "did"}


def why(statement: Statement) -> Iterator[Made]:
    """Read "Leaves look green because chlorophyll reflects green light"."""
    match = patterns.BECAUSE.match(statement.text)
    if match is None or " because " in match["reason"]:
        return
    reason = match["reason"]
    if len(words_of(reason)) > REASON_WORDS_MOST or patterns.SECOND_CLAUSE.search(reason):
        return
    if has_join(reason, patterns.PRONOUNS_OF_PERSONS):
        return
    body = inverted(match["main"], statement)
    if body:
        yield Made(f"Why {body}?", sentence_of(f"because {reason}"))


def inverted(main: str, statement: Statement) -> str | None:
    """Return a clause in the order of a question: "do leaves look green"; None if not sure."""
    tokens = main.split(" ")
    low = [token.casefold() for token in tokens]
    if has_join(main, patterns.NOT_INVERTED):
        return None
    auxiliaries = [at for at, word in enumerate(low) if word in words.AUXILIARIES]
    if auxiliaries:
        at = auxiliaries[0]
        if auxiliaries not in ([at], [at, at + 1]) or low[at] in {"do", "does", "did", "cannot"}:
            return None
        after = low[at + 1 : at + 2]
        if low[at] in _HAVE and not (after and after[0] in words.PARTICIPLES.keys() | {"been"}):
            return _asked(tokens, at, _HAVE[low[at]], "have", statement)
        return _asked(tokens, at, low[at], "", statement)
    for at in range(1, min(len(low), 6)):
        word, before = low[at], low[at - 1]
        if not tokens[at][:1].islower() or before in patterns.PREPOSITIONS | {"the", "a", "an"}:
            continue
        if word in words.PRESENT and not _is_plural(before):
            return _asked(tokens, at, "does", words.PRESENT[word], statement)
        if word in words.PLAIN and _is_plural(before):
            return _asked(tokens, at, "do", word, statement)
    return None


def _asked(tokens: list[str], at: int, helper: str, base: str, statement: Statement) -> str | None:
    """Return a question's words after "Why", or None if its subject may not be clear."""
    subject = subject_of(" ".join(tokens[:at]), statement)
    rest = " ".join(tokens[at + 1 :])
    if subject is None or len(words_of(subject)) > 6 or not rest:
        return None
    bare = without_article(subject)
    clear = has_name(subject) or " " in bare or bare in statement.document.known | words.ONLY_ONE
    if subject.startswith("the ") and not clear:
        return None
    return " ".join(part for part in (helper, subject, base, rest) if part)


def _is_plural(word: str) -> bool:
    return word in {"people", "children", "bacteria", "men", "women", "mitochondria"} or (
        word.endswith("s") and not word.endswith(("ss", "us", "is", "ics"))
    )


def causes(statement: Statement) -> Iterator[Made]:
    """Read "A lack of vitamin C causes scurvy", "DNA stands for …"."""
    if match := patterns.STANDS.match(statement.text):
        if not has_join(match["what"], patterns.JOINS):
            yield Made(f"What does {match['subject']} stand for?", sentence_of(match["what"]))
        return
    match = patterns.CAUSES.match(statement.text)
    if match is None or has_join(f"{match['subject']} {match['what']}", patterns.JOINS):
        return
    subject = subject_of(match["subject"], statement)
    tokens = words_of(match["what"])
    if subject is None or subject.startswith("the ") or len(tokens) < 2:
        return
    if has_join(
        match["what"], patterns.POINTING | patterns.VAGUE_HEADS | patterns.VAGUE_ADJECTIVES
    ):
        return
    if tokens[0] == "the" and len(tokens) == 2:
        return
    yield Made(f"What {match['verb']} {match['what']}?", sentence_of(match["subject"]))


def how_many(statement: Statement) -> Iterator[Made]:
    """Read "A human cell has 46 chromosomes"."""
    match = patterns.COUNTED.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    subject = subject_of(match["subject"], statement)
    if subject is None or (subject.startswith("the ") and not is_specific(subject, statement)):
        return
    helper = "do" if match["verb"] in {"have", "contain"} else "does"
    base = "have" if match["verb"] in {"has", "have"} else "contain"
    asked = f"How many {match['noun']} {helper} {subject} {base}{match['place']}?"
    yield Made(asked, sentence_of(match["number"]))
