"""What English sentences speak of: whether a phrase names one thing, and how it is written."""

import re

from flashcards.drafting.rules import words
from flashcards.drafting.rules.english import patterns
from flashcards.drafting.rules.frame import NAME, SUFFIX, Statement, has_name, words_of


def subject_of(text: str, statement: Statement) -> str | None:
    """Return a subject as it is inside a sentence, or None if it may not be one thing."""
    tokens = words_of(text)
    if any(mark in text for mark in "\"“”'") and not re.search(r"\w['’]s? ", text):
        return None
    if not tokens or len(tokens) > 8 or not words.LEANING_STARTS.isdisjoint(tokens[:1]):
        return None
    if (tokens[0].endswith("ly") and len(tokens) > 1) or tokens[0][0].isdigit() or "%" in text:
        return None
    if tokens[0] in patterns.PREPOSITIONS or tokens[-1] in patterns.PREPOSITIONS | words.ADVERBS:
        return None
    inner = set(tokens[1:])
    if patterns.POINTING & set(tokens) or inner & (words.AUXILIARIES | patterns.NO_SUBJECT):
        return None
    return lowered(text, statement)


def lowered(text: str, statement: Statement, *, common: bool = False, named: bool = False) -> str:
    """Return a phrase as it is inside a sentence: names keep their capital."""
    first, _, rest = text.partition(" ")
    word = first.strip("\"“'")
    if word in {"A", "An"} and all(each[0].isupper() for each in rest.split() if len(each) > 3):
        # A title: "A Modest Proposal".
        return text
    if word in {"The", "A", "An", "All", "Every", "Each"}:
        return text[0].lower() + text[1:]
    if not word[:1].isupper() or any(letter.isupper() or letter.isdigit() for letter in word[1:]):
        return text
    document = statement.document
    if word.lower() in document.lower and not named:
        return text[0].lower() + text[1:]
    strong = re.search(r"(?:tion|sion|ment|ness|ity|ism|logy|sis|ence|ance)$", word)
    if named or (not rest and word in (document.capital if strong else document.named)):
        return text
    if word in document.capital or (rest[:1].isupper() and not re.match(r"[A-Z]\b", rest)):
        return text
    if rest and re.match(r"(?:of|in|on|for) ", rest) and word not in document.named:
        return text[0].lower() + text[1:]
    if rest and not re.match(r"(?:of|in|on|for) ", rest):
        # "Central banks", but "Shannon entropy".
        adjective = "-" in word or strong or patterns.ADJECTIVE_ENDING.search(word)
        common = bool(adjective) or word.lower() in patterns.MASSES
        return text[0].lower() + text[1:] if common else text
    if common or patterns.COMMON_ENDING.search(word.lower()) or word.lower() in patterns.MASSES:
        return text[0].lower() + text[1:]
    return text


def without_article(subject: str) -> str:
    return re.sub(r"^(?:the|a|an) ", "", subject.casefold())


def is_specific(subject: str, statement: Statement, *, plural: bool = False) -> bool:
    """Tell whether a question can name a subject: not "the city", not "new versions"."""
    bare = without_article(subject)
    if subject.startswith("the ") and " " not in bare and subject[4:] in statement.document.longer:
        return False
    if bare in statement.document.known or has_name(subject):
        return True
    if re.fullmatch(r"[A-Z]\w+ \d+", subject):
        # "Apollo 11"
        return True
    if subject.lower().startswith(("a ", "an ", "all ", "every ", "each ")):
        return False
    tokens = bare.split()
    if not subject.startswith(("the ", "The ")):
        if " of " in bare and not plural:
            # "hunting of seals"
            return not subject.startswith(tuple("0123456789"))
        return len(tokens) == 1 and not plural and tokens[0] not in patterns.GENERIC
    return False


def is_person(text: str) -> bool:
    head = words_of(patterns.HEAD_END.split(text, maxsplit=1)[0])
    if set(head) & patterns.KIN:
        return True
    nouns = {noun.removesuffix("s") for noun in head} | set(head)
    return bool(nouns & words.PERSON_NOUNS) or bool(
        head and patterns.PERSON_ENDINGS.search(head[-1])
    )


def is_name(text: str) -> bool:
    """Tell whether a text is a name of two parts, as persons have, and of no firm or place."""
    parts = {part.removesuffix("s") for part in text.split()} | set(text.split())
    if parts & (words.NOT_PERSONS | patterns.FIRMS | set(patterns.MONTH.split("|"))):
        return False
    return bool(re.fullmatch(NAME + SUFFIX, text))
