"""What French sentences speak of: whether a phrase names one thing, and how it is written."""

from flashcards.drafting.rules import romance
from flashcards.drafting.rules.frame import Statement, has_name, words_of
from flashcards.drafting.rules.french import patterns


def lowered(text: str) -> str:
    return f"{text[0].lower()}{text[1:]}" if patterns.ARTICLE.match(text) else text


def subject_of(text: str) -> str | None:
    """Return a subject as it is inside a sentence, or None if it may not be one thing."""
    tokens = words_of(text)
    if (
        not tokens
        or len(tokens) > 10
        or tokens[0] in patterns.LEANING
        or tokens[-1] in patterns.PREPOSITIONS
    ):
        return None
    if set(tokens) & patterns.POINTING or set(tokens[1:]) & patterns.NO_SUBJECT:
        return None
    if any(
        token.startswith(("qu'", "qu’", "c'", "c’", "j'", "j’", "n'", "n’")) for token in tokens
    ):
        return None
    return lowered(text)


def without_article(subject: str) -> str:
    return patterns.ARTICLE.sub("", subject.casefold())


def capitals(text: str) -> bool:
    """Tell whether a phrase names something: a capital besides the one at its start."""
    return has_name(patterns.ARTICLE.sub("x ", text).replace("’", " ").replace("'", " "))


def is_specific(subject: str, statement: Statement) -> bool:
    bare = without_article(subject)
    if bare in statement.document.known or capitals(subject):
        return True
    if not patterns.ARTICLE.match(subject):
        return subject[:1].isupper()
    if subject.startswith(("un ", "une ", "des ")):
        return False
    words = bare.split(" ")
    # "le calendrier républicain", "le thermomètre à mercure", not "la ville ancienne".
    return (
        len(words) in {2, 3}
        and words[0] not in patterns.GENERIC
        and not patterns.VAGUE_ADJECTIVES.search(bare)
        and not subject.startswith("les ")
        and not words[-1].endswith(("ée", "é", "ien", "ienne", "uveau", "uvelle"))
    )


def is_person(what: str) -> bool:
    return romance.is_person(what, patterns)


def is_name(text: str) -> bool:
    return romance.is_name(text, patterns)


def is_old(subject: str, statement: Statement) -> bool:
    """Tell whether "le X" may be one that the text spoke of before, not X as such."""
    if without_article(subject) in statement.document.known:
        return False
    words = without_article(subject).split(" ")
    if {"premier", "première", "dernier", "dernière", "autre", "même", "résultat", "nom"} & set(
        words
    ):
        return True
    return (
        len(words) == 1 and words[0] in patterns.GENERIC and not subject.startswith(("un ", "une "))
    )
