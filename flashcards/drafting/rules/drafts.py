"""Drafts by rules: no model, no network, always the same result.

Rather no card than a wrong one: a grammar for each of four languages reads the sentences that
define, name, cause or date one thing, and leaves out every other. Notes, and texts in other
languages, give gaps, which are offered and not chosen.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from flashcards.domain.records import Kind
from flashcards.drafting.candidates import CANDIDATES_MAX, Candidate, Check, Seen
from flashcards.drafting.prose import Sentence, sentences
from flashcards.drafting.rules import english, french, gaps, german, spanish
from flashcards.drafting.rules.frame import Document, Grammar, Made, is_sound, statement
from flashcards.drafting.rules.languages import language_of
from memoryloop.words import count_words

GRAMMARS: Mapping[str, Grammar] = {
    module.GRAMMAR.code: module.GRAMMAR for module in (english, german, spanish, french)
}
# A sentence that names who did it and when gives two cards.
CARDS_A_SENTENCE = 2
# At most one card for so many words.
WORDS_A_CARD = 10
# At most a third of them are gaps, but so many may be.
GAPS_LEAST = 5
# Prose that is easy to read has a sentence that gives a card for so many words.
WORDS_A_SENTENCE = 65
# How many of a sentence's words tell its language, or it is that of its paragraph.
SENTENCE_SHARE = 0.3
SENTENCE_LEAST = 3


def draft(text: str) -> list[Candidate]:
    """Return the cards of a text in its order, at most 50."""
    found = sentences(text)
    total = sum(count_words(sentence.text) for sentence in found)
    limit = min(CANDIDATES_MAX, max(3, total // WORDS_A_CARD))
    languages = _languages(found)
    made = list(_made(found, languages))
    sure = [(sentence, card) for sentence, card in made if card.sure]
    gapped = _gapped(found, languages, {id(sentence) for sentence, _ in sure})
    return _chosen([*sure, *gapped], limit)


def _languages(found: list[Sentence]) -> list[str]:
    """Return the language of each sentence: its own, its paragraph's or that of the whole text."""
    blocks: dict[int, list[str]] = {}
    for sentence in found:
        blocks.setdefault(sentence.block, []).append(sentence.text)
    whole = language_of(" ".join(sentence.text for sentence in found))
    of_block = {block: language_of(" ".join(texts)) for block, texts in blocks.items()}
    return [
        language_of(sentence.text, share=SENTENCE_SHARE, least=SENTENCE_LEAST)
        or of_block[sentence.block]
        or whole
        for sentence in found
    ]


def _made(found: list[Sentence], languages: list[str]) -> Iterator[tuple[Sentence, Made]]:
    """Yield the cards of the grammars."""
    document = Document()
    for sentence in found:
        document.note_words(sentence.text)
    for sentence, language in zip(found, languages, strict=True):
        grammar = GRAMMARS.get(language)
        if grammar is not None:
            if sentence.item:
                cards: Iterable[Made] = gaps.term(sentence, grammar)
            elif read := statement(sentence, grammar, document):
                cards = (card for reader in grammar.readers for card in reader(read))
            else:
                cards = ()
            sound = (card for card in cards if is_sound(card, grammar))
            for card, _ in zip(sound, range(CARDS_A_SENTENCE), strict=False):
                yield sentence, card
        document.read(sentence)


def _gapped(
    found: list[Sentence], languages: list[str], done: set[int]
) -> Iterator[tuple[Sentence, Made]]:
    """Yield a gap for each note and each sentence in another language, if one is worth it."""
    counts = gaps.counted(found)
    # A text of which the grammars made little has gaps of its years, too.
    few = len(done) < sum(count_words(sentence.text) for sentence in found) / WORDS_A_SENTENCE
    for sentence, language in zip(found, languages, strict=True):
        if id(sentence) in done:
            continue
        if language not in GRAMMARS:
            made = gaps.gap(sentence, counts)
        elif sentence.item:
            made = gaps.note(sentence)
        elif few:
            made = gaps.date(sentence, GRAMMARS[language])
        else:
            continue
        for card in made:
            yield sentence, card


def _chosen(made: list[tuple[Sentence, Made]], limit: int) -> list[Candidate]:
    """Return the cards in the order of the text, those that are sure before gaps if too many."""
    seen = Seen()
    asked: set[str] = set()
    chosen: list[tuple[int, int, Candidate]] = []
    # The first card of each sentence before the second of any.
    places = Counter[int]()
    ranked = []
    for sentence, card in made:
        places[sentence.start] += 1
        ranked.append(((not card.sure, places[sentence.start]), sentence, card))
    ranked.sort(key=lambda entry: entry[0])
    offered = max(GAPS_LEAST, limit // 3)
    for rank, (_, sentence, card) in enumerate(ranked):
        if len(chosen) == limit or (not card.sure and not offered):
            break
        offered -= not card.sure
        candidate = Candidate(
            question=card.question,
            answer=card.answer,
            kind=card.kind,
            start=sentence.start,
            end=sentence.end,
            check=Check.NONE if card.sure else Check.UNSURE,
        )
        # Of two answers to one question the first is the definition.
        if seen.add(candidate) and (card.kind == Kind.CLOZE or card.question not in asked):
            asked.add(card.question)
            chosen.append((sentence.start, rank, candidate))
    return [candidate for _, _, candidate in sorted(chosen, key=lambda entry: entry[:2])]
