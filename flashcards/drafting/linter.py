"""The linter: finds by rules what makes a card hard to learn. Its findings are advice.

The rules know English, German, Spanish and French (phrases.py), and the punctuation that languages
share; elsewhere they find little.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flashcards.domain.card_sides import cloze_ordinals
from flashcards.domain.cloze import deletions
from flashcards.domain.records import Kind
from flashcards.drafting.little_words import LITTLE, language_of
from flashcards.drafting.phrases import CHOICE, EN, PHRASES, TRUE_OR_FALSE, VOCABULARY, Phrases
from flashcards.drafting.sentence_ends import word_set
from flashcards.drafting.yes_no import is_yes_no

# Longer sides take more than a few seconds to read.
QUESTION_WORDS_MOST = 40
ANSWER_WORDS_MOST = 40
CLOZE_WORDS_MOST = 60
# A longer gap is recited, not recalled.
GAP_WORDS_MOST = 12
# Shorter answers are not looked for in the question.
_CONTENT_CHARACTERS = 4
# Shorter words are no forms of each other; shorter ones at the beginning of another mean little.
_STEM_CHARACTERS = 5
_COMPOUND_CHARACTERS = 7

_CODE = re.compile(r"```.*?```|~~~.*?~~~|`[^`\n]+`|\$\$.+?\$\$|\$[^$\n]+\$", re.DOTALL)
_BULLET = re.compile(r"^\s*(?:[-*+•]|\d{1,2}[.)])\s+\S", re.MULTILINE)
# "adenine, thymine, guanine and cytosine": short things, with one word before the last.
_THING = r"(?![^,]*\d)[\w’'()/.-]+(?: [\w’'()/.-]+){0,2}"
_SERIES = re.compile(
    rf"{_THING}(?:, {_THING})+,? (?:and|or|und|oder|y|e|o|et|ou) {_THING}"
    rf"|{_THING}(?:[,\n]\s*\w+){{3,}}"
)
_WORD = re.compile(r"\w+(?:[’'-]\w+)*")
_SENTENCE_END = re.compile(
    r"(?<!\b\w)(?<!\b\d\d)(?<!\b(?:Dr|Mr|St|vs|ca|No|Nr|cf|Sr|av|al))"
    r"(?<!\b(?:bzw|usw|vgl|etc|Mme|Mrs))[.!?][\"”’»)]?\s+(?=[^\W\d_a-z]|[“\"¿¡«])"
)
_POINTS_BEFORE = re.compile(
    r"\b(?:according to (?:the|this) (?:text|author|passage|article|answer)|(?:in|from) (?:the|"
    r"this) (?:text|passage|article|section|paragraph|example|answer|conversation)|as "
    r"(?:mentioned|described|explained|discussed|said|stated)(?! by)|(?:mentioned|described|"
    r"discussed|listed|shown) (?:above|below|here|earlier)|the (?:above|former|latter|following)\b|"
    r"the (?:text|author|passage|article)(?:['’]s)? (?:say|says|describe|describes|mention|mentions"
    r"|state|states|claim|claims|give|gives|list|lists))",
    re.IGNORECASE,
)
# "this" before a verb or at an end refers to something that the card does not name.
_BARE_DEMONSTRATIVE = re.compile(
    r"\b(?:this|that|these|those)(?=\s*[?.!,;]|\s+(?:is|are|was|were|do|does|did|can|could|will|"
    r"would|has|have|had|mean|means|happen|happens|happened|work|works|worked|called|known|used|"
    r"important|possible|allow|allows|lead|leads|cause|causes)\b)",
    re.IGNORECASE,
)
_POINTING_NOUN = re.compile(
    r"\b(?:this|these|those)\s+(?:\w+\s+)?(?:method|process|approach|technique|concept|idea|theory|"
    r"event|person|people|man|woman|place|city|country|thing|things|phenomenon|term|word|function|"
    r"algorithm|step|steps|system|case|example|effect|law|rule|substance|organ|cell|cells|war|book|"
    r"device|problem|value|values|type|types|kind|text|passage)\b",
    re.IGNORECASE,
)
_OPENS_WITH_PRONOUN = re.compile(
    r"^(?:(?:what|when|where|why|how|which|who|whose)\s+(?:\w+\s+)?(?:is|are|was|were|do|does|did|"
    r"has|have|had|can|could|will|would)\s+|)(?:it|its|he|she|they|them|their|his|him)\b",
    re.IGNORECASE,
)
# "Why is it dangerous to …", "Why is it called …": nothing that it refers to is missing.
_EXPLETIVE = re.compile(
    r"^\w+(?: \w+)? \w+ it\b.*\b(?:to|that|when|if|called|named|for)\b", re.IGNORECASE
)
# A reason may have two halves, and so has a difference.
_COMPARES = re.compile(
    r"differ|unterschei|unterschied|diferen|différen|^¿?(?:why|warum|wieso|por qué|pourquoi)\b",
    re.IGNORECASE,
)
_GOES_ON = word_set(
    """
    which who whose where when while if because so but that in at on of from between with for after
    wenn weil dass damit der die das dem den wo bei zwischen mit für nach von im am que quien cuando
    donde porque pero entre con por para de en qui dont où quand parce mais dans avec pour par
    """
)
# "that" as a conjunction or a relative pronoun is fine.
_BEFORE_THAT = re.compile(
    r"(?:\b(?:so|such|say|says|said|show|shows|mean|means|state|states|claim|claims|fact|idea|"
    r"think|thought|believe|believed|know|known|than|of|to|in|all|everything|is|was)|[a-z]+)\s+$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a card: its code, and a sentence that says what to do about it."""

    code: str
    sentence: str


def lint(question: str, answer: str, kind: str) -> list[Finding]:
    """Return the faults of a card, the worst first; none for a blank one."""
    if not question.strip():
        return []
    asked, answered = _prose(question), _prose(answer)
    rules = _CLOZE_RULES if kind == Kind.CLOZE else _RULES
    sides = _Sides(question, answer, asked, answered, language_of(asked, answered))
    found: list[Finding] = []
    for code, rule in rules:
        sentence = next(rule(sides), None)
        if sentence:
            found.append(Finding(code, sentence))
    return found


@dataclass(frozen=True, slots=True)
class _Sides:
    """Both sides, as written and without code and mathematics."""

    question: str
    answer: str
    asked: str
    answered: str
    language: str

    @property
    def phrases(self) -> Phrases:
        """Return the phrases of the language, English ones for a language without."""
        return PHRASES.get(self.language, EN)


def _prose(text: str) -> str:
    return re.sub(r"[*_]{1,3}", "", _CODE.sub(" x ", text)).strip()


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _content_words(text: str, language: str) -> list[str]:
    return [
        word.casefold()
        for word in _WORD.findall(text)
        # "Vitamin A" is no article.
        if word.casefold() not in LITTLE[language] or (len(word) == 1 and word.isupper())
    ]


def _list(sides: _Sides) -> Iterator[str]:
    items = len(_BULLET.findall(sides.answer))
    series = _SERIES.fullmatch(sides.answered.strip(" ."))
    if items >= 2:
        yield f"The answer is a list of {items}: make a card for each thing in it."
    elif series and not _is_sentence(series[0]):
        joined = r"(?:and|or|und|oder|y|e|o|et|ou)"
        count = len(re.split(rf",(?:\s+{joined})?\s|\s{joined}\s", series[0]))
        yield f"The answer lists {count} things: make a card for each of them."
    elif sides.phrases.asks_list.search(sides.asked):
        yield "It asks for a list: ask for one thing of it, or hide one at a time in a gap."


def _is_sentence(text: str) -> bool:
    """Tell whether what looks like a series goes on with another clause or a preposition."""
    return any(
        part.split()[0].casefold() in _GOES_ON for part in text.split(",")[1:] if part.strip()
    )


def _several(sides: _Sides) -> Iterator[str]:
    if sides.phrases.asks_twice.search(sides.asked):
        yield "It asks two things: make a card for each."
        return
    sentences = 1 + len(_SENTENCE_END.findall(sides.answered))
    if sentences >= 3 or (sentences == 2 and len(_words(sides.answered)) > 24):
        yield f"The answer says {sentences} things: keep the one that is asked for."
    elif (
        ";" in sides.answered
        and not _COMPARES.search(sides.asked)
        and not CHOICE.search(sides.asked)
        and all(len(part.split()) >= 3 for part in sides.answered.split(";"))
    ):
        yield "The answer says several things: keep the one that is asked for."


def _yes_no(sides: _Sides) -> Iterator[str]:
    if is_yes_no(sides.asked, sides.answered) or TRUE_OR_FALSE.search(sides.asked):
        yield "It can be answered with yes or no: ask what, why or how instead."


def _given_away(sides: _Sides) -> Iterator[str]:
    content = _content_words(sides.answered, sides.language)
    if not content or len(" ".join(content)) < _CONTENT_CHARACTERS:
        return
    # A choice between two names both of them; a word may mean itself in another language.
    if CHOICE.search(sides.asked) or VOCABULARY.search(sides.asked):
        return
    asked = set(_words(sides.asked))
    if len(content) == 1:
        # A name may be much like another: Tunis and Tunisia.
        is_there = any(_is_within(content[0], other) for other in asked)
    else:
        is_there = all(
            word in asked or any(_is_form(word, other) for other in asked) for word in set(content)
        )
    if is_there:
        yield "The question contains its answer: take those words out of it."


def _is_within(word: str, other: str) -> bool:
    """Tell whether a word is another or a long part of it: Luftdruck, of a Luftdruckmesser."""
    return word == other or (len(word) >= _COMPOUND_CHARACTERS and other.startswith(word))


def _is_form(word: str, other: str) -> bool:
    """Tell whether two words are forms of one: they differ at their ends only."""
    if _is_within(word, other):
        return True
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) < _STEM_CHARACTERS or word.isdigit() or other.isdigit():
        return False
    pairs = enumerate(zip(shorter, longer, strict=False))
    common = next((at for at, (one, two) in pairs if one != two), len(shorter))
    return common >= max(_STEM_CHARACTERS, len(shorter) - 3) and len(longer) - common <= 4


def _vague(sides: _Sides) -> Iterator[str]:
    if sides.phrases.essay.search(sides.asked):
        yield "It asks for an essay: ask for the one thing that is to be remembered."
        return
    if sides.phrases.unnamed.search(sides.asked):
        yield "It does not say what it is about: name it."
        return
    for pattern in (_POINTS_BEFORE, _POINTING_NOUN):
        if match := pattern.search(sides.asked):
            yield f"“{match[0]}” will be unclear in a year: name what it refers to."
            return
    for match in _BARE_DEMONSTRATIVE.finditer(sides.asked):
        before = sides.asked[: match.start()]
        ends = sides.asked[match.end() :].lstrip()[:1] in {"", "?", ".", "!"}
        if match[0].casefold() == "that" and not ends and _BEFORE_THAT.search(before):
            continue
        yield f"“{match[0]}” will be unclear in a year: name what it refers to."
        return
    match = _OPENS_WITH_PRONOUN.match(sides.asked)
    if match and not _EXPLETIVE.match(sides.asked):
        word = match[0].split()[-1]
        yield f"“{word}” refers to nothing that the card names: name it."


def _long(sides: _Sides) -> Iterator[str]:
    asked, answered = len(_words(sides.asked)), len(_words(sides.answered))
    if asked > QUESTION_WORDS_MOST:
        yield f"The question has {asked} words: {QUESTION_WORDS_MOST} are plenty."
    elif answered > ANSWER_WORDS_MOST:
        yield f"The answer has {answered} words: {ANSWER_WORDS_MOST} are plenty."


def _long_cloze(sides: _Sides) -> Iterator[str]:
    count = len(_words(sides.asked))
    if count > CLOZE_WORDS_MOST:
        yield f"The text has {count} words: {CLOZE_WORDS_MOST} are plenty for a gap."


def _wide_gap(sides: _Sides) -> Iterator[str]:
    for gap in deletions(sides.question):
        if gap.place == "text" and len(_words(gap.words)) > GAP_WORDS_MOST:
            yield "A gap hides a whole sentence: hide the word or two that matter."
            return


def _visible_elsewhere(sides: _Sides) -> Iterator[str]:
    """The hidden words are visible beside the gap, or nothing is."""
    gaps = deletions(sides.question)
    outside = sides.question
    for gap in reversed(gaps):
        outside = outside[: gap.start] + " " + outside[gap.end :]
    is_bare = not _content_words(_prose(outside), sides.language)
    if gaps and is_bare and len(cloze_ordinals(sides.question)) == 1:
        yield "Nothing is left around the gap to recall it by: leave more of the text visible."
        return
    open_words = " ".join(_words(outside))
    for gap in gaps:
        hidden = " ".join(_words(gap.words))
        if len(hidden) >= _CONTENT_CHARACTERS and re.search(
            rf"(?<!\w){re.escape(hidden)}(?!\w)", open_words
        ):
            yield f"“{gap.words.strip()}” is hidden, but visible beside the gap."
            return


Rule = Callable[[_Sides], Iterator[str]]
_RULES: tuple[tuple[str, Rule], ...] = (
    ("answer_in_question", _given_away),
    ("yes_no", _yes_no),
    ("list", _list),
    ("several_facts", _several),
    ("vague", _vague),
    ("long", _long),
)
_CLOZE_RULES: tuple[tuple[str, Rule], ...] = (
    ("answer_in_question", _visible_elsewhere),
    ("vague", _vague),
    ("several_facts", _wide_gap),
    ("long", _long_cloze),
)
