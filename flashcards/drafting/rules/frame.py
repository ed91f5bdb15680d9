"""The frame of the drafting rules: what a grammar reads, what it makes, and what is refused.

Each language has a grammar of its own (english/, german/, spanish/, french/). It reads
statements that define, name, cause or date one thing; what it is not sure of gives no card.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS, Kind
from flashcards.drafting.prose import Sentence
from flashcards.drafting.sentence_ends import word_set
from memoryloop.words import without_unspaced

WORDS = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*")
# Words of both sides of a card: none is longer, or it is no card to learn.
QUESTION_WORDS_MOST = 30
ANSWER_WORDS_MOST = 28
SENTENCE_WORDS_LEAST = 4
SENTENCE_WORDS_MOST = 60
SENTENCE_CHARACTERS_MOST = 600
# A longer quotation is what somebody said, and may be false.
QUOTED_WORDS_MOST = 4
# Longer runs without a space are data, not words.
_ENDLESS = re.compile(r"\S{60}")
_MARKUP = re.compile(r"</?[A-Za-z!]|://|\{\{|\}\}|::|\||\uFFFC")
_QUOTED = re.compile(r"[“„«»\"](?P<words>[^“”„«»\"]{1,300})[”“»«\"]")
_CODE = re.compile(r"`[^`]{1,200}`")
_ARTICLES = word_set("the a an in on der die das ein eine el la los las un una le les une")
_QUOTES = '“”„«»"'
_ASIDE = re.compile(r" ?\((?P<words>[^()]{1,200})\)")

_PARTICLE = r"(?:van|von|zu|der|den|de|da|di|du|del|della|la|le|el|al|bin|ibn|ter|dos|das|y|d’|d')"
# Parts are taken whole, so that no name costs more than its length.
_NAME_PART = (
    r"(?:[A-ZÀ-ÖØ-ÞĀŁŚŠŽČ][’']?[^\W\d_]++(?:[-’'][^\W\d_]++)*+"
    r"|(?:[A-ZÀ-ÖØ-Þ]\.[ -]?){1,4}+(?= ?[A-ZÀ-Ö]))"
)
# The name of a person has two parts at least: a single capital may be of anything.
# Kings have a number.
NAME = (
    rf"(?:{_NAME_PART}(?: ?(?:{_PARTICLE} ?){{0,2}} ?{_NAME_PART}){{1,4}}"
    rf"|{_NAME_PART}(?= [IVX]{{1,5}}\b))"
)
SUFFIX = r"(?: (?:[IVX]{1,5}\b\.?|Jr\.?|Sr\.?|the (?:Elder|Younger|Great))|(?<=[IVX])\.)?"


@dataclass(frozen=True, slots=True)
class Made:
    """The words of a card. One that is not sure is offered, not chosen."""

    question: str
    answer: str = ""
    kind: Kind = Kind.BASIC
    sure: bool = True


@dataclass(slots=True)
class Document:
    """What a whole text tells about its words, as far as it was read."""

    # Words that occur in lower case, and with a capital inside a sentence.
    lower: set[str] = field(default_factory=set)
    capital: set[str] = field(default_factory=set)
    # Words that occur with a capital inside a sentence, those of longer names included.
    named: set[str] = field(default_factory=set)
    # Words that are a part of longer names: "Institute".
    longer: set[str] = field(default_factory=set)
    # What the sentences before begin with: their first words, in lower case.
    begun: set[str] = field(default_factory=set)
    # What their words end with, in lower case: "mauer" of "Stadtmauer".
    endings: set[str] = field(default_factory=set)
    # Subjects that were defined, without article and in lower case.
    known: set[str] = field(default_factory=set)
    # Lower-case words of the sentences before.
    before: set[str] = field(default_factory=set)

    def note_words(self, text: str) -> None:
        """Note how the words of a sentence are written."""
        words = WORDS.findall(_CODE.sub(" ", text))
        for at, word in enumerate(words):
            beside = [*words[max(0, at - 1) : at], *words[at + 1 : at + 2]]
            beside = [other for other in beside if other.casefold() not in _ARTICLES]
            if word[0].islower():
                self.lower.add(word)
            elif at and word[0].isupper():
                self.named.add(word)
                # Not the "Central" of a longer name.
                long = any(other[0].isupper() for other in beside)
                (self.longer if long else self.capital).add(word)
            elif len(word) > 3 and word[0].isupper() and beside and beside[-1][0].isupper():
                # "Aldous Huxley was …"
                self.named.add(word)

    def read(self, sentence: Sentence) -> None:
        """Note a sentence as one of those before the next."""
        words = words_of(sentence.text)
        for word in words:
            if word not in self.before:
                self.endings.update(word[at:] for at in range(1, min(len(word), 30) - 3))
        self.before.update(words)
        if not sentence.item:
            self.begun.update(" ".join(words[:count]) for count in range(1, 7))


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence to read: without its full stop and what is in parentheses."""

    text: str
    sentence: Sentence
    document: Document
    # What stood in parentheses, in order.
    asides: tuple[str, ...] = ()


Reader = Callable[[Statement], Iterator[Made]]


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language's rules. Word sets are in lower case."""

    code: str
    readers: tuple[Reader, ...]
    # Words that no statement begins with: they refer to another, or open a clause.
    leaning: frozenset[str]
    # Words that address somebody: a sentence that has one is talk, not text.
    talk: frozenset[str]
    # Words that refer to what the card does not name.
    pointing: frozenset[str]
    # Pronouns of a question that refer to what it does not name; an answer may have them.
    pronouns: frozenset[str]
    # What looks like one of these and is none: "al este".
    harmless: re.Pattern[str] | None = None
    # Signs of an order or of talk that no word list has: "écrivez".
    addressing: re.Pattern[str] | None = None
    # "the city", where a city was named before; its group is the noun.
    definite: re.Pattern[str] | None = None
    generic: frozenset[str] = frozenset()


# "Clara Schumann, geborene Wieck, war …": what stands between a name and its verb.
_APPOSED = re.compile(
    rf"(?P<name>{NAME}{SUFFIX}), (?!and |und |y |et |née? )[^,;:]{{3,60}},? "
    r"(?=(?:was|is|war|ist|fue|es|est|était|fut) (?:an?|the|eine?|der|die|una?|el|la|une|le) )"
)


# "The harp seal, also known as the saddleback seal, is …"
_ALSO = re.compile(
    r"(?P<subject>[^,;:]{3,60}), (?:also|sometimes|often|auch|oft|también|llamad[oa]|conocid[oa]|"
    r"aussi|appelée?|dite?) [^,;:]{2,60}, (?=(?:is|are|was|ist|sind|war|es|son|est|sont) )"
)


def statement(sentence: Sentence, grammar: Grammar, document: Document) -> Statement | None:
    """Return a sentence as its grammar reads it, or None if it is no plain statement."""
    text = sentence.text.strip()
    if sentence.item or not text.endswith(".") or text.endswith(".."):
        return None
    if not is_readable(text):
        return None
    asides = tuple(match["words"] for match in _ASIDE.finditer(text))
    bare = _ASIDE.sub("", text)
    bare = bare.rstrip(". ").split("; ", 1)[0].split(" ;", 1)[0].strip()
    bare = _APPOSED.sub(lambda match: f"{match['name']} ", bare, count=1)
    bare = _ALSO.sub(lambda match: f"{match['subject']} ", bare, count=1)
    words = [word.casefold() for word in WORDS.findall(bare)]
    if not SENTENCE_WORDS_LEAST <= len(words) <= SENTENCE_WORDS_MOST:
        return None
    if not (bare[0].isupper() or bare[0].isdigit() or bare[0] in _QUOTES + "`"):
        return None
    if words[0] in grammar.leaning or not grammar.talk.isdisjoint(words):
        return None
    if grammar.addressing and grammar.addressing.search(bare):
        return None
    if any(mark in bare for mark in ("(", ")", "?", "!", ": ", " :", " – ", " — ", " - ")):
        return None
    return Statement(bare, sentence, document, asides)


def is_readable(text: str) -> bool:
    """Tell whether a sentence is prose: no markup, no data, no shouting, no long quotation."""
    if len(text) > SENTENCE_CHARACTERS_MOST or _MARKUP.search(text):
        return False
    if _ENDLESS.search(without_unspaced(text)):
        return False
    quoted = sum(len(match["words"].split()) for match in _QUOTED.finditer(text))
    unpaired = _QUOTED.sub("", text)
    if quoted > QUOTED_WORDS_MOST or any(mark in unpaired for mark in _QUOTES):
        return False
    letters = [letter for letter in text if letter.isalpha()]
    upper = sum(letter.isupper() for letter in letters)
    return bool(letters) and (upper < len(letters) * 0.4 or len(letters) < 4)


def is_sound(card: Made, grammar: Grammar) -> bool:
    """Tell whether a card stands alone: it names what it asks for, and not its answer."""
    if len(card.question) > QUESTION_MAX_CHARACTERS or len(card.answer) > ANSWER_MAX_CHARACTERS:
        return False
    for side in (card.question, card.answer):
        if side.count("(") != side.count(")") or side.count("`") % 2 or side.count("$") % 2:
            return False
        if any(mark in _QUOTED.sub("", side) for mark in _QUOTES):
            return False
    asked = [word.casefold() for word in WORDS.findall(card.question)]
    answer = [word.casefold() for word in WORDS.findall(card.answer)]
    if len(asked) > QUESTION_WORDS_MOST or not 1 <= len(answer) <= ANSWER_WORDS_MOST:
        return False
    if any(_points(side, grammar) for side in (card.question, card.answer)):
        return False
    if not grammar.pronouns.isdisjoint(asked):
        return False
    if grammar.definite:
        for match in grammar.definite.finditer(card.question):
            if match["noun"].casefold() in grammar.generic:
                return False
    # An answer may repeat words of the question, but not consist of them.
    return not set(answer) <= set(asked)


def _points(side: str, grammar: Grammar) -> bool:
    if grammar.harmless:
        side = grammar.harmless.sub(" ", side)
    return not grammar.pointing.isdisjoint(words_of(side))


def upper_first(text: str) -> str:
    """Return the text as it is at the start of a sentence; code and unusual names stay."""
    first = text.split(" ", 1)[0]
    return text[:1].upper() + text[1:] if first.strip(".,;'’\"“„«").islower() else text


def sentence_of(text: str) -> str:
    """Return an answer as a sentence: with a capital and a full stop."""
    text = upper_first(text.strip(" ,;"))
    # "1809." would be an ordinal number in German.
    return text if text.endswith(".") or text.isdigit() else f"{text}."


def has_begun(subject: str, document: Document) -> bool:
    """Tell whether an earlier sentence begins with a subject."""
    return " ".join(words_of(subject)) in document.begun


def has_digit(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case."""
    return [word.casefold() for word in WORDS.findall(text)]


def has_join(text: str, joins: frozenset[str]) -> bool:
    """Tell whether a phrase joins several things by "and" or "or"."""
    return not joins.isdisjoint(words_of(text))


def without_date(text: str, dates: re.Pattern[str]) -> tuple[str, str]:
    """Return a phrase without its date, and the date; "" if it has none or several."""
    found = list(dates.finditer(text))
    if len(found) != 1:
        return text, ""
    return cut_out(text, found[0]), found[0].group()


def cut_out(text: str, match: re.Match[str]) -> str:
    """Return a text without what was found in it."""
    return f"{text[: match.start()].strip()} {text[match.end() :].strip()}".strip()


def definition_end(what: str, after: re.Pattern[str], clause: re.Pattern[str]) -> str:
    """Return a definition without the statements that follow it, as `after` finds them.

    " and is" after a relative clause, which `clause` finds, belongs to the clause.
    """
    found = after.search(what)
    if found and (what[found.start()] == "," or not clause.search(what[: found.start()])):
        what = what[: found.start()]
    return what.strip(" ,")


def birthday(statement: Statement, life: re.Pattern[str]) -> str:
    """Return the day of birth that stands in parentheses; "" if none does."""
    found = (life.search(aside) for aside in statement.asides)
    return next((match["born"] for match in found if match), "")


def place_of_verb(tokens: list[str], verbs: frozenset[str]) -> int | None:
    """Return where the first of some verbs is, if not at the start."""
    return next((at for at, token in enumerate(tokens) if at and token in verbs), None)


def has_name(text: str) -> bool:
    """Tell whether a phrase has a capital after its first word, where names alone have capitals."""
    return any(word[0].isupper() for word in WORDS.findall(text)[1:])
