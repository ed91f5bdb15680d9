"""Gaps: for notes, and for sentences in languages whose grammar the rules do not know.

A gap hides the rarest name or number of a sentence, or the term that a sentence defines. Whether
that is what matters the rules cannot tell: such cards are offered, not chosen.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flashcards.domain.records import Kind
from flashcards.drafting.prose import Sentence
from flashcards.drafting.rules import words
from flashcards.drafting.rules.frame import Grammar, Made, is_readable, upper_first, words_of
from flashcards.drafting.sentence_ends import word_set
from memoryloop.words import count_words, unspaced

_WORDS_LEAST = 5
_WORDS_MOST = 45
_NOTE_WORDS_MOST = 16
_DATE_WORDS_MOST = 26
_NO_STATEMENT = ("?", "？", ":", "\uff1a", "!", "\uff01", "…", "...")
# A term that a list explains: "Osmosis: the movement of water …".
_TERM = re.compile(
    r"(?P<term>[^:–—.;!?=(]{2,50}?)(?: \([^()]{1,60}\))?(?: ?: | [–—-] )(?P<what>\S[^\n]{7,300})$"
)
_VALUE = re.compile(
    r"[^:.;!?=]{3,60}(?: ?: | = |: )(?P<value>(?=[^:;]{0,12}\d)[^\s:;][^:;,]{0,24})$"
)
_DEFINES = {
    "en": re.compile(r"(?:an?|the) [a-z]"),
    "de": re.compile(r"(?:eine?|der|die|das) (?:[a-zäöüß]+ )*[A-ZÄÖÜ]"),
    "es": re.compile(r"(?:una?|el|la) [a-záéíóúñ]"),
    "fr": re.compile(r"(?:une? |le |la |l['’])[a-zàâéèêîôû]"),
}
_ASKS = {
    "en": "What is {}?",
    "de": "Was bedeutet „{}“?",
    "es": "¿Qué significa «{}»?",
    "fr": "Que signifie « {} » ?",
}
_NOT_TERMS = word_set(
    """
    note notes example examples tip warning hint important summary conclusion answer question
    step pros cons remember result results source sources homework exam task todo hinweis
    beispiel wichtig aufgabe frage antwort zusammenfassung fazit achtung merke hausaufgabe nota
    ejemplo importante tarea pregunta respuesta resumen ojo remarque exemple attention devoir
    réponse conclusion résumé définition definition
    """
)
_POSSESSIVES = word_set(
    """
    his her their sein seine seinen seiner seines seinem ihr ihre ihren ihrer ihres ihrem su sus son
    sa ses leur leurs
    """
)
# What a list of things to do begins with, in no language a noun.
_TO_DO = word_set(
    """
    ask commit click remember check look try start see do à revoir repasar hacer leer ver siehe
    lesen lernen wiederholen faire lire apprendre todo estudiar buscar
    """
)
# Chinese and Japanese write no space beside a number.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z.,/-])\d[\d.,\u00a0\u202f]*\d(?: ?[%\uff05])?(?![0-9A-Za-z/-])"
)
_YEAR = re.compile(r"(?<![0-9A-Za-z.,/-])(?:1[0-9]{3}|20[0-9]{2})(?![0-9A-Za-z/-]|[.,]\d)")
_WORD = re.compile(r"[^\W\d_][^\W_]+(?:[-’'][^\W_]+)*")
_TERM_FIRST = (
    # "光合成とは、…", "光合作用是…", "การสังเคราะห์ด้วยแสง คือ…", "Фотосинтез — это …"
    re.compile(
        r"(?P<term>[^、。\uff0c,\s\uff08(]{2,20}?)(?:\uff08[^\uff09]{1,40}\uff09)?(?<!こ)とは"
    ),
    re.compile(
        r"(?P<term>[\u4e00-\u9fff]{2,10}?)(?:\uff08[^\uff09]{1,40}\uff09)?(?:是指|是一[种種个個]|指的是)"
    ),
    re.compile(r"(?P<term>[\u0e00-\u0e7f]{3,30}?) ?(?:คือ|หมายถึง)"),
    re.compile(r"(?P<term>[\u0400-\u04ff -]{3,40}?) [—–-] это "),
    re.compile(r"(?P<term>[\uac00-\ud7af]{2,12}?)(?:이란|란) "),
)
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc・]{3,20}")
_LEANING_UNSPACED = (
    "これ", "それ", "この", "その", "あの", "ここ", "そこ", "彼", "しかし", "また", "そして",
    "つまり", "例えば", "さらに", "だから", "でも", "它", "他", "她", "这", "那", "此", "该",
    "其", "但", "而且", "因此", "所以", "例如", "另外", "這", "มัน", "เขา", "นี่", "นั้น", "ซึ่ง",
    "และ", "แต่", "เพราะ", "ดังนั้น",
)  # fmt: skip
_LEANING = word_set(
    """
    it he she they this these that those his her their its we you i there here so but and then
    er sie es dies diese dieser dieses sein seine ihr ihre dort dann danach damals dabei und
    aber oder doch jedoch man wir ich du hier da il elle ils elles ce cet cette ces son sa ses
    leur puis mais et ou donc nous vous je on él ella ellos este esta estos estas ese esa su sus
    pero y luego allí aquí lui lei essi questo questa questi queste quello suo sua e ma poi noi
    io ele ela eles isto isso seu sua então nós hij zij het dit deze die zijn haar hun maar toen
    daarna ook wij ik он она оно они это этот эта эти его её их там тут но и а затем потом также
    """  # noqa: RUF001
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How often each word occurs in a text, and which occur in lower case."""

    words: Counter[str]
    lower: frozenset[str]


def counted(found: Iterable[Sentence]) -> Counts:
    each: Counter[str] = Counter()
    lower: set[str] = set()
    for sentence in found:
        for word in _WORD.findall(sentence.text):
            each[word.casefold()] += 1
            if word[0].islower():
                lower.add(word)
        each.update(_NUMBER.findall(sentence.text))
    return Counts(each, frozenset(lower))


def term(sentence: Sentence, grammar: Grammar) -> Iterator[Made]:
    """Yield a card of "Osmosis: the movement of …" in a list, if it defines the term."""
    match = _TERM.match(sentence.text.strip().rstrip("."))
    if match is None or not is_readable(sentence.text):
        return
    name, what = match["term"].strip(' *`"“”„«»'), match["what"].strip()
    named = words_of(name)
    if not 1 <= len(named) <= 4 or named[0] in _NOT_TERMS | _LEANING | grammar.leaning:
        return
    if any(letter.isdigit() for letter in name) or not grammar.talk.isdisjoint(words_of(what)):
        return
    if not _DEFINES[grammar.code].match(what) or len(words_of(what)) < 4 or "; " in what:
        return
    if grammar.addressing and grammar.addressing.search(what):
        return
    yield Made(_ASKS[grammar.code].format(_named(name, grammar.code)), f"{upper_first(what)}.")


def _named(name: str, code: str) -> str:
    if code == "de" or any(letter.isupper() for letter in name[1:]):
        return name
    return f"{name[0].lower()}{name[1:]}"


def gap(sentence: Sentence, counts: Counts) -> Iterator[Made]:
    """Yield a card with a gap for what a sentence defines, or its rarest name or number."""
    text = sentence.text.strip()
    if not _WORDS_LEAST - sentence.item <= count_words(text) <= _WORDS_MOST or not _may_hide(text):
        return
    # "il" and "i" are pronouns of languages that have a grammar, and articles in Italian.
    if _first_word(text) in _LEANING - {"il", "i"} or text.startswith(_LEANING_UNSPACED):
        return
    yield from _with_gap(text, _hidden(text, sentence, counts))


def note(sentence: Sentence) -> Iterator[Made]:
    """Yield a card with a gap in an item of a list, if it says "term: what" or has a number."""
    text = sentence.text.strip()
    first = _first_word(text)
    if not 3 <= count_words(text) <= _NOTE_WORDS_MOST or not _may_hide(text) or first in _TO_DO:
        return
    spans = [match.span("value") for match in [_VALUE.match(text)] if match]
    if (match := _TERM.match(text)) and len(match["term"].split()) <= 4:
        spans.append(match.span("term"))
    numbers = [match.span() for match in _NUMBER.finditer(text)]
    if len(numbers) == 1 and first not in words.PLAIN:
        spans += numbers
    yield from _with_gap(text, spans)


def date(sentence: Sentence, grammar: Grammar) -> Iterator[Made]:
    """Yield a card with a gap for the only year of a sentence that needs no other."""
    text = sentence.text.strip()
    years = [match.span() for match in _YEAR.finditer(text)]
    if len(years) != 1 or not 7 <= count_words(text) <= _DATE_WORDS_MOST or not _may_hide(text):
        return
    said = words_of(text)
    if said[0] in _LEANING | grammar.leaning or not text[0].isalnum() or text[0].islower():
        return
    unclear = grammar.pointing | grammar.pronouns | grammar.talk | _POSSESSIVES
    if unclear.isdisjoint(said):
        yield from _with_gap(text, years)


def _first_word(text: str) -> str:
    return (words_of(text) or [""])[0]


def _may_hide(text: str) -> bool:
    return is_readable(text) and not text.endswith(_NO_STATEMENT) and "{" not in text


def _with_gap(text: str, spans: Iterable[tuple[int, int]]) -> Iterator[Made]:
    """Yield the card of the first span that can be hidden: nowhere else in the text, and short."""
    for start, end in spans:
        hidden = text[start:end]
        if text.count(hidden) == 1 and len(hidden) < len(text) * 0.6:
            gapped = f"{text[:start]}{{{{c1::{hidden}}}}}{text[end:]}"
            yield Made(gapped, kind=Kind.CLOZE, sure=False)
            return


def _hidden(text: str, sentence: Sentence, counts: Counts) -> Iterator[tuple[int, int]]:
    """Yield what may be hidden, the best first: a term, a year or name, another number."""
    for pattern in _TERM_FIRST:
        if match := pattern.match(text):
            yield match.span("term")
    if sentence.item and (match := _VALUE.match(text)):
        # "Boiling point of water: 100 °C".
        yield match.span("value")
    if sentence.item and (match := _TERM.match(text)) and len(match["term"].split()) <= 4:
        yield match.span("term")
    for bold in sentence.bold:
        if (at := text.find(bold)) >= 0 and len(bold.split()) <= 5:
            yield at, at + len(bold)
    found: list[tuple[int, int, int, int]] = []
    for kind, spans in enumerate(
        (
            (match.span() for match in _YEAR.finditer(text)),
            itertools.chain(
                (match.span() for match in _KATAKANA.finditer(text)), _names(text, counts)
            ),
            (match.span() for match in _NUMBER.finditer(text)),
        )
    ):
        for start, end in spans:
            words = words_of(text[start:end]) or [text[start:end]]
            rarest = min(counts.words[word] for word in words)
            found.append((rarest, kind, start - end, start))
    for _, _, length, start in sorted(found):
        yield start, start - length


def _names(text: str, counts: Counts) -> Iterator[tuple[int, int]]:
    """Yield the places of names: words with a capital that never occur without.

    The first word of a sentence tells nothing, nor does a name that may begin with it. Nor do
    capitals where every noun has one, or no letter does.
    """
    found = list(_WORD.finditer(text))
    capitals = [match.group()[0].isupper() for match in found]
    if unspaced(text) or sum(capitals[1:]) > len(found) * 0.35:
        return
    at = 1
    while at < len(found):
        last = at
        while (
            last < len(found)
            and capitals[last]
            and (last == at or text[found[last - 1].end() : found[last].start()] == " ")
        ):
            last += 1
        if last > at:
            name = found[at:last]
            beside_first = at == 1 and text[found[0].end() : name[0].start()] == " "
            known = all(word.group().casefold() not in counts.lower for word in name)
            if known and not beside_first and len(name[0].group()) > 2:
                yield name[0].start(), name[-1].end()
        at = last + 1
