"""German sentences that say why, and how many."""

from collections.abc import Iterator

from flashcards.drafting.rules.frame import Made, Statement, has_join, place_of_verb, sentence_of
from flashcards.drafting.rules.german import patterns
from flashcards.drafting.rules.german.subjects import is_nominative, is_old, subject_of


def why(statement: Statement) -> Iterator[Made]:
    """Read "Blätter sind grün, weil Chlorophyll grünes Licht zurückwirft"."""
    match = patterns.BECAUSE.match(statement.text)
    if match is None or " weil " in match["reason"]:
        return
    tokens = match["main"].split(" ")
    at = place_of_verb(tokens, patterns.VERBS)
    if at is None or at > 5:
        return
    subject = subject_of(" ".join(tokens[:at]))
    rest = " ".join(tokens[at + 1 :])
    if subject is None or not is_nominative(subject) or is_old(subject, statement):
        return
    if not rest or has_join(match["main"], patterns.JOINS) or "vor allem" in rest:
        return
    if has_join(rest, patterns.VERBS - {"werden", "haben", "sein"}):
        return
    yield Made(f"Warum {tokens[at]} {subject} {rest}?", sentence_of(f"weil {match['reason']}"))


def causes(statement: Statement) -> Iterator[Made]:
    """Read "Vitamin-C-Mangel führt zu Skorbut", "DNA steht für …"."""
    if match := patterns.STANDS.match(statement.text):
        if not has_join(match["what"], patterns.JOINS):
            yield Made(f"Wofür steht {match['subject']}?", sentence_of(match["what"]))
        return
    match = patterns.CAUSES.match(statement.text)
    if match is None or has_join(f"{match['subject']} {match['what']}", patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    if subject is None or not is_nominative(subject):
        return
    if subject.startswith(("der ", "die ", "das ")):
        return
    if has_join(match["what"], patterns.POINTING | patterns.VAGUE_HEADS):
        return
    third = {"verursachen": "verursacht", "führen zu": "führt zu", "bewirken": "bewirkt"}
    verb = third.get(match["verb"], match["verb"])
    yield Made(f"Was {verb} {match['what']}?", sentence_of(match["subject"]))


def how_many(statement: Statement) -> Iterator[Made]:
    """Read "Das menschliche Herz hat vier Klappen"."""
    match = patterns.COUNTED.match(statement.text)
    if match is None or has_join(match["subject"], patterns.JOINS):
        return
    subject = subject_of(match["subject"])
    if subject is None or not is_nominative(subject) or is_old(subject, statement):
        return
    yield Made(
        f"Wie viele {match['noun']} {match['verb']} {subject}?", sentence_of(match["number"])
    )
