"""Grammar: the subject and verb of an English sentence, and how to turn it into a question."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from flashcards.drafting.prose import word_set
from flashcards.drafting.rules import words

MONTH = "January|February|March|April|May|June|July|August|September|October|November|December"
YEAR = r"(?:1[0-9]{3}|20[0-9]{2})"
_CENTURY = r"(?:\d{1,2}(?:st|nd|rd|th)|[a-z]+(?:th|first|second|third)) century"
_DATE = (
    rf"(?:\d{{1,2}} (?:{MONTH}) {YEAR}|(?:{MONTH}) \d{{1,2}}, {YEAR}|(?:{MONTH}) {YEAR}"
    rf"|(?:the )?(?:(?:early|mid|late)[- ])?{YEAR}s|{YEAR}(?: (?:BC|BCE|AD|CE))?"
    rf"|the (?:(?:early|mid|late)[- ])?{_CENTURY}(?: (?:BC|BCE))?)"
)
DATE = re.compile(rf"\b{_DATE}(?![\w-])")
LEADING_DATE = re.compile(rf"(?P<date>(?:In|On|Around|During) {_DATE}),? (?=\S)")
TRAILING_DATE = re.compile(rf" (?P<date>(?:in|on|around) {_DATE})(?=$|[,;])")
_PARTICLE = r"(?:van|von|de|da|der|den|di|du|del|la|le|bin|ibn|al)"
_NAME_PART = r"(?:[A-Z][\w’'-]*[a-z’'][\w’'-]*|[A-Z]\.)"
NAME = re.compile(rf"{_NAME_PART}(?: (?:{_PARTICLE} )*{_NAME_PART}){{1,4}}")
_EDGE = ".,;:!?\"'“”‘’()"
_PREPOSITIONS = word_set(
    """
    in on at by for with from to of into onto over under after before during through between
    among within without against about around as than until across along via near and or but
    while when where because so if
    """
)
_RELATIVE = word_set(
    """
    that which who whose whom where
    """
)
_PLURALS = word_set(
    """
    people children men women bacteria mitochondria fungi data mice feet teeth phenomena
    criteria algae nuclei police media stimuli vertebrae ova larvae
    """
)
# Where a question can end without losing its meaning.
_CUT = re.compile(
    r"(?:;| [—–-] |, (?:and|but|so(?! that)|yet|while|although|though|which|who|whom|whose|where|"
    r"when|after|before|as|because|since|whereas|using|however|then|with|for|to show|"
    r"usually|at|until|if)\b)"
)


@dataclass(slots=True)
class Document:
    """The names in a whole text, and the persons that they belong to."""

    # Words that occur in lower case.
    lower: set[str] = field(default_factory=set)
    # Words that occur with a capital inside a sentence.
    capital: set[str] = field(default_factory=set)
    persons: set[str] = field(default_factory=set)
    # Words that occur after "the" in lower case.
    definite: set[str] = field(default_factory=set)
    # Last words of longer names: "Assembly" in a text about a World Health Assembly.
    shortened: set[str] = field(default_factory=set)
    # Last name → full name, if only one person has it.
    full_names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sentences: Iterable[str]) -> "Document":
        document = cls()
        names: Counter[str] = Counter()
        for sentence in sentences:
            tokens = [token.strip(_EDGE) for token in sentence.split()]
            for at, word in enumerate(tokens):
                beside = tokens[max(0, at - 1) : at] + tokens[at + 1 : at + 2]
                if word and word[0].islower():
                    document.lower.add(word)
                    if at and tokens[at - 1].casefold() == "the":
                        document.definite.add(word)
                elif word and at and not any(other[:1].isupper() for other in beside):
                    # Not the "Programme" of a longer name.
                    document.capital.add(word)
            for match in NAME.finditer(sentence):
                document.shortened.add(match.group().split()[-1])
                name = _without_opener(match.group())
                if name and _may_be_person(name) and _speaks_of_person(sentence, match):
                    names[name] += 1
        document.persons = set(names)
        for name in names:
            last = name.split()[-1]
            same = {other for other in names if other.split()[-1] == last}
            if len(same) == 1:
                document.full_names[last] = name
        return document

    def person_in(self, text: str) -> str | None:
        """Return the one person a phrase names, or several joined by "and"; else None."""
        found = [name for name in self.persons if re.search(rf"\b{re.escape(name)}\b", text)]
        found = [name for name in found if not any(name != o and name in o for o in found)]
        found.sort(key=text.find)
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        joined = ", ".join(found[:-1]) + " and " + found[-1]
        return joined if joined in text else None


@dataclass(frozen=True, slots=True)
class Clause:
    """subject + (appositive) + verb + rest, after an opening date."""

    date: str
    subject: str
    appositive: str
    verb: str
    rest: str
    # "aux", "past", "third" (he sees), "plain" (they see)
    form: str
    # Between subject and verb: "a tuple never changes".
    adverb: str = ""

    @property
    def predicate(self) -> str:
        return " ".join(filter(None, (self.adverb, self.verb, self.rest)))


def _without_opener(name: str) -> str:
    parts = name.split()
    while parts and parts[0].casefold() in (
        words.LEANING_STARTS | {"the", "a", "an", "in", "on", "by", "at", "since", "after", "when"}
    ):
        parts = parts[1:]
    return " ".join(parts) if len(parts) > 1 else ""


def _may_be_person(name: str) -> bool:
    parts = name.split()
    return not any(
        part in words.NOT_PERSONS
        or part.rstrip("s") in words.NOT_PERSONS
        or re.fullmatch(MONTH, part)
        for part in parts
    )


def _speaks_of_person(sentence: str, match: re.Match[str]) -> bool:
    """Tell whether the words around a name show that it is a person's."""
    before = re.findall(r"[\w’'-]+", sentence[max(0, match.start() - 40) : match.start()])
    after = sentence[match.end() : match.end() + 90]
    if before and (before[-1].casefold() in words.PERSON_NOUNS or before[-1] in {"named"}):
        return True
    if before and before[-1] == "by" and len(before) > 1 and before[-2] in words.PARTICIPLES:
        return True
    if re.match(r", (?:a|an|the|who|whose)\b", after):
        nouns = re.findall(r"[\w’'-]+", after.split(",")[1])
        return nouns[0] in {"who", "whose"} or bool(words.PERSON_NOUNS & set(nouns))
    following = re.findall(r"[\w’'-]+", after)
    if following[:1] and following[0] in words.HUMAN_VERBS:
        return True
    if following[:1] and following[0] in {"was", "is"}:
        return bool(words.PERSON_NOUNS & set(following[1:7])) or following[1:2] == ["born"]
    if following[:1] == ["and"] and (other := NAME.match(after.strip()[4:])):
        rest = after.strip()[4 + other.end() :].split()
        return bool(rest) and rest[0] in words.HUMAN_VERBS
    return bool(re.match(r" (?:who|himself|herself)\b", after))


def lower_first(text: str, document: Document) -> str:
    """Return the text as it is inside a sentence: "The cell" gives "the cell", names stay."""
    first = text.split(" ", 1)[0].strip(_EDGE)
    if not first or not first[0].isupper() or not text[0].isupper():
        return text
    lowered = first.casefold()
    if first in {"I", "I'm"} or any(letter.isupper() for letter in first[1:]):
        return text
    if lowered in document.lower or lowered in _FUNCTION:
        return text[0].lower() + text[1:]
    second = text.split(" ")[1:2]
    name_like = bool(second) and second[0][:1].isupper()
    if first in document.capital or name_like or not _COMMON_ENDING.search(lowered):
        return text
    return text[0].lower() + text[1:]


_FUNCTION = word_set(
    """
    a an the in on at by for with from all every each any its their since after before during
    between most many some several few active human freeze-dried as because about
    """
)
_COMMON_ENDING = re.compile(
    r"(?:sis|tion|sion|ment|ness|ity|ism|logy|ics|ance|ence|phyll|mes?|ins?|gens?|ants?|ors?|ers?|"
    r"ells|ants|ings?|ures?|als?|oms?|ase|ose|ids?|ria|urvy|pox|ges?|ves?|pest|opy|rgy|mals|ites?|yls?)$"
)


def dated(date: str) -> str:
    """Return a date to end a question with: " in 1796", or nothing."""
    return f" {date[0].lower()}{date[1:]}" if date else ""


def upper_first(text: str) -> str:
    """Return the text as it is at the start of a sentence; code and unusual names stay."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.strip(_EDGE).islower() else text


def parse(text: str) -> Clause | None:
    """Return the parts of a plain statement (without its full stop), or None if unsure."""
    date = ""
    if match := LEADING_DATE.match(text):
        date = match.group("date")
        text = text[match.end() :]
    tokens = text.split(" ")
    plain = [token.strip(_EDGE).casefold() for token in tokens]
    appositive = ""
    subject_end = 0
    skip = 0
    at = 0
    while at < min(len(tokens), 26):
        # A capital inside a clause is of a name: "the United States", "the Acts of Union".
        form = _verb_form(plain, at) if at and tokens[at][:1].islower() else ""
        if form and skip:
            skip -= 1
        elif form:
            subject = " ".join(tokens[: subject_end or at]).rstrip(",")
            *others, last = subject.split(" ")
            adverb = last if others and last in words.ADVERBS else ""
            subject = " ".join(others) if adverb else subject
            verb = tokens[at]
            rest = " ".join(tokens[at + 1 :])
            if not _sound_subject(subject):
                return None
            return Clause(date, subject, appositive, verb, rest, form, adverb)
        if plain[at] in _RELATIVE and at:
            skip += 1
        if tokens[at][-1:] in {";", ":", "(", ")"} or tokens[at] in {"–", "—", "-"}:
            return None
        if tokens[at].endswith(",") and not skip:
            if appositive:
                return None
            end = next((n for n in range(at + 1, len(tokens)) if tokens[n].endswith(",")), None)
            if end is None or plain[at + 1] not in {"a", "an", "the", "one"}:
                return None
            appositive = " ".join(tokens[at + 1 : end + 1]).rstrip(",")
            subject_end = at + 1
            at = end + 1
            # The verb follows the second comma, or this is a list.
            if at >= len(tokens) or not _verb_form(plain, at):
                return None
            continue
        at += 1
    return None


def _verb_form(plain: list[str], at: int) -> str:
    word = plain[at]
    before = plain[at - 1]
    after = plain[at + 1] if at + 1 < len(plain) else ""
    if word in words.AUXILIARIES:
        if word in {"has", "have", "had"} and not _participle_follows(plain, at + 1):
            return {"has": "third", "have": "plain", "had": "past"}[word]
        return "aux"
    if before in {
        "a",
        "an",
        "the",
        "to",
        "his",
        "her",
        "its",
        "their",
        "of",
        "in",
        "and",
        "or",
        "very",
    }:
        return ""
    if word in words.PAST:
        # "vaccine used by", "the agreement reached in": a participle, not the verb.
        later = plain[at + 1 : at + 9]
        if (
            word in words.PARTICIPLES
            and after in _PREPOSITIONS
            and any(other in {"is", "was", "are", "were", "has", "had"} for other in later)
        ):
            return ""
        return (
            "" if after == "by" or (word in {"named", "found"} and after[:1].isupper()) else "past"
        )
    if after in words.AUXILIARIES or after == "of":
        return ""
    if word in words.PRESENT and not _is_plural(before):
        return "third"
    if word in words.PLAIN and _is_plural(before):
        return "plain"
    return ""


def _participle_follows(plain: list[str], at: int) -> bool:
    while at < len(plain) and (plain[at] in words.ADVERBS or plain[at] in {"not", "been"}):
        if plain[at] == "been":
            return True
        at += 1
    return at < len(plain) and (plain[at] in words.PARTICIPLES or plain[at] in {"been", "become"})


def _is_plural(word: str) -> bool:
    if word in _PLURALS:
        return True
    return word.endswith("s") and not word.endswith(("ss", "us", "is", "ics"))


def is_plural(phrase: str) -> bool:
    """Return whether the head of a noun phrase is plural: "cells of the body" is."""
    head = re.split(r" (?:of|in|for|with|from|to|that|which|who|on|at|by) ", phrase)[0]
    return _is_plural(head.split()[-1].strip(_EDGE).casefold()) or " and " in head


def _sound_subject(subject: str) -> bool:
    tokens = [token.strip(_EDGE).casefold() for token in subject.split()]
    if not tokens or len(tokens) > 12 or tokens[0] in words.LEANING_STARTS or not tokens[-1]:
        return False
    if tokens[0] in _PREPOSITIONS or tokens[0] in {"when", "since", "there", "nobody"}:
        return False
    if tokens[-1] in _PREPOSITIONS | words.ADVERBS | {"the", "a", "an", "not"}:
        return False
    return not any(
        token
        in {"he", "she", "it", "they", "we", "you", "i", "this", "these", "there", "her", "his"}
        for token in tokens
    ) and subject.count("(") == subject.count(")")


def inverted(clause: Clause, document: Document, *, subject: str = "") -> str | None:
    """Return the clause inverted for a question: "did Jenner publish his findings"."""
    name = lower_first(subject or clause.subject, document)
    name = f"{name} {clause.adverb}".strip()
    verb = clause.verb.casefold()
    rest = cut(clause.rest)
    if verb == "cannot":
        return None
    if clause.form == "aux":
        # After "was … and" comes a second verb that does not fit into the question.
        rest = _without_second_verb(rest)
        return f"{verb} {name} {rest}".strip() if rest else None
    base = {
        "past": words.PAST.get(verb),
        "third": words.PRESENT.get(verb),
        "plain": verb if verb in words.PLAIN else None,
    }[clause.form]
    if base is None:
        return None
    helper = {"past": "did", "third": "does", "plain": "do"}[clause.form]
    rest = _without_second_verb(rest)
    return f"{helper} {name} {base} {rest}".strip()


def cut(text: str) -> str:
    """Return the text up to where a second statement begins."""
    match = _CUT.search(text)
    return (text[: match.start()] if match else text).strip(" ,;:")


def _without_second_verb(rest: str) -> str:
    for match in re.finditer(
        r"(?: then)?,? (?:and|but|or) (?:then |later |also |so )?([\w’'-]+)", rest
    ):
        word = match.group(1).casefold()
        if (
            word in words.PAST
            or word in words.PRESENT
            or word in words.AUXILIARIES
            or word
            in {
                "he",
                "she",
                "it",
                "they",
                "scratched",
                "spread",
                "put",
                "cut",
                "set",
                "let",
                "hit",
            }
        ):
            return rest[: match.start()].strip(" ,")
    return rest
