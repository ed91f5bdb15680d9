"""No text makes a parser slow: four times the text takes about four times as long.

Every parser that reads what others wrote is tried with texts of one pattern that repeats, some of
which are known to trouble parsers of their kind, and some made up.
"""

import gc
import itertools
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from chat.recall import asked, hits
from flashcards.cards import sources
from flashcards.domain import card_sides, cloze
from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS, parse
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.records import Flashcard
from flashcards.drafting import (
    candidates,
    linter,
    model_answers,
    passages,
    prose,
    rules,
    sections,
    splitting,
)
from flashcards.duplicates import card_text, features, formulas, words
from flashcards.exchange.anki import occlusion, protobuf, templates
from flashcards.exchange.anki.package import BadPackage
from flashcards.exchange.html import to_markdown
from flashcards.exchange.media import PackageMedia, placeholder
from flashcards.exchange.text.reader import TextFile
from flashcards.review import answer_check
from memoryloop import markdown
from memoryloop.llm import schemas
from memoryloop.markdown import mathml
from memoryloop.storable import storable

CHARACTERS = 2_500
# Less than this is no time, whatever it was for a quarter of the text.
FLOOR_SECONDS = 0.1
GROWTH_MOST = 8.0


def basic(text: str) -> card_sides.Draft:
    return card_sides.Draft("basic", text, text)


def gapped(text: str) -> card_sides.Draft:
    return card_sides.Draft("cloze", text, text)


def search(text: str) -> None:
    try:
        parse(text[:QUERY_MAX_CHARACTERS])
    except BadQuery:
        return


def read_file(text: str) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(storable(text).encode())
        file.flush()
        try:
            list(TextFile(Path(file.name)).wholes(after=0))
        except BadPackage:
            return


def read_template(text: str) -> None:
    templates.parse.cache_clear()
    fields = {"A": "word", "B": ""}
    templates.back(text, fields, templates.front(text, fields))
    templates.is_plain(text, is_front=True)


def fill_template(text: str) -> None:
    front = templates.front("{{A}}{{kana:A}}", {"A": text})
    shape = "{{FrontSide}}{{#A}}{{kanji:A}}{{furigana:A}}{{text:A}}{{/A}}<hr id=answer>{{A}}"
    templates.back(shape, {"A": text}, front)


def shapes(text: str) -> None:
    given = {"a": text + "{{c1::image-occlusion:" + text, "b": "<img src=x>"}
    occlusion.sides(given, [0], placeholder, to_markdown.plain)


def read_json(text: str) -> None:
    try:
        schemas.parse_object(text, model_answers.CardDrafts)
    except schemas.InvalidAnswer:
        return


def read_message(text: str) -> None:
    try:
        list(protobuf.fields(text.encode("utf-8", "ignore")))
    except protobuf.BadMessage:
        return


def alike(text: str) -> None:
    words.words_of.cache_clear()
    formulas.signs_of.cache_clear()
    one, other = card_text.text_of(basic(text)), card_text.text_of(basic(text[::-1]))
    features.features(one, other, features.Cosines(0.5, 0.5, 0.5, 0.5))
    card_text.text_of(gapped(text))
    words.letters_of.cache_clear()


def compared(text: str) -> None:
    for kind in ("basic", "cloze"):
        card = mock.Mock(spec=Flashcard, kind=kind, question=text, answer=text, ordinal=1)
        answer_check.compare(card, text[: answer_check.TYPED_MAX_CHARACTERS] + "x")


def resolved(text: str) -> None:
    pictures = mock.create_autospec(PackageMedia, instance=True)
    pictures._shown.return_value = ""
    PackageMedia.resolve(pictures, text + placeholder("a.png", text[:100]))


def formula(text: str) -> None:
    mathml.to_mathml.cache_clear()
    mathml.to_mathml(text[: mathml.MAX_CHARACTERS], "inline")
    markdown.portable(f"$${text}$$")


def best_part(text: str) -> object:
    wanted = asked.read(text)
    return hits.snippet(text, wanted, {key for term in wanted.terms for key in term.keys})


PARSERS: dict[str, Callable[[str], object]] = {
    "Markdown": markdown._render,
    "unfinished Markdown": lambda text: markdown.render(text, unfinished=True),
    "blocks": markdown.split_blocks,
    "portable Markdown": markdown.portable,
    "formula": formula,
    "search": search,
    "cloze": cloze.deletions,
    "sides": lambda text: (card_sides.front(gapped(text)), card_sides.back(gapped(text))),
    "summary": lambda text: (card_sides.summary(basic(text)), card_sides.summary(gapped(text))),
    "linter": lambda text: (linter.lint(text, text, "basic"), linter.lint(text, "", "cloze")),
    "splitting": lambda text: (
        splitting.by_rules("What is it?", text, "basic"),
        splitting.by_rules(text, "", "cloze"),
    ),
    "rules": rules.draft,
    "sentences": prose.sentences,
    "code": prose.without_code,
    "paragraphs": lambda text: list(prose.paragraphs(text)),
    "sections": sections.sections,
    "draft": lambda text: candidates.normalise(text, text),
    "quote": lambda text: candidates.locate(text[-400:] + "x", text),
    "passage": lambda text: passages.find(text, text[len(text) // 2 :][:200] + "x"),
    "likeness": alike,
    "typed answer": compared,
    "HTML": to_markdown.convert,
    "words of HTML": to_markdown.plain,
    "template": read_template,
    "field": fill_template,
    "images": resolved,
    "shapes": shapes,
    "message": read_message,
    "text file": read_file,
    "JSON of a model": read_json,
    "snippet": hits.plain,
    "best part": best_part,
    "source": sources._plain,
}
BITS = (
    "a", "A", "1", " ", "\n", "\t", ".", ",", ":", ";", "?", "!", "…", "-", "'", '"', "(", ")", "[",
    "]", "{", "}", "<", ">", "&", "*", "_", "~", "`", "$", "\\", "|", "#", "=", "/", "@", "%", "+",
    "\r\n", "\n\n", "    ", "é", "漢", "\u0301", "\u200b", "–", "²", "**", "__", "~~", "``", "```",
    "```\n", "~~~\n", "$$", "\\(", "\\)", "\\[", "\\]", "](", "![", "[a](", "[a]: b\n", "<u>",
    "</u>", "<b>", "</b>", "<b", "<ul><li>", "<table><tr><td>", "<span>", "<script>", "</script",
    "<style>",
    "<!--", "-->", "<svg>", "<a href=", "<img src=x>", "<hr id", "&amp;", "&#1;", "- a\n", "1. a\n",
    "# a\n", "> ", "a|b\n", "|-", "---\n", "=\n", "://", "http://", "www.", "mailto:", "a@b.", "a@",
    "{{c1::", "{{c1::a}}", "{{c2::", "::", "{{", "}}", "{{#A}}", "{{/A}}", "{{A}}", "{{{", "漢[か]",
    "\ue010", "\ue000", "\ue004", '{"a":', '"a",', "[[", "[1,", "#separator:a\n", "not ", "or ",
    "deck:", "tag:a ", "\\frac{", "\\left(", "^", "\\text{", "A is b. ", "The a is called b, and ",
    "a and b, ", "because ", "In 1999, ", "which is ", "A b (C d) ", "U.S. ", "e.g. ", "x\x1f",
    "It is a b. ", "Anna Berg discovered b in 1999. ", "Die A wurde 1900 von Anna Berg erfunden. ",
    "El A fue fundado por Anna Berg en 1900. ", "Le A a été fondé par Anna Berg en 1900. ",
    "光は1779年に", "วัน วัน ", "and ", "Or ", "the c, ", "five ",
)  # fmt: skip
# What was slow once, besides each of these alone.
PATTERNS = (
    '{"a":"b",', "a:", "$a$", "a{{c1::b}} ", "**a** B. ", "a, b and c ", '{"cards":[', "``a",
    "[a](b", "*a **a ", "![a](\ue010", "a\n- ", "<b>a</b>", "<b>!", "<a '\"<a\"'", "a&b;", "a.b@c",
    "w:", "xmpp:a@b/", "| a | b |\n", "\\begin{", "\\[a", "a[b](", "<x ", "[a]\n",
    "\n\\[", "\n$$ a", "\n\\[ a\n\\] b", "_](a", "\\hat](a ", "\\frac1](a ", "\\sqrt[3]](a ",
    "{{c1::image-occlusion:rect", "{{c1,", ":a=", ":left=\\",
    "\\bigl](a ", "\\bigl(", "\\pmod{\\hat}", "\\ket\\hat ",
)  # fmt: skip


def seconds(parser: Callable[[str], object], text: str) -> float:
    gc.disable()
    try:
        started = time.process_time()
        parser(text)
        return time.process_time() - started
    finally:
        gc.enable()


def repeated(pattern: str, length: int) -> str:
    return (pattern * (length // len(pattern) + 1))[:length]


def slow(pattern: str) -> list[str]:
    """Return the parsers that a pattern makes slow, and how slow."""
    found = []
    for name, parser in PARSERS.items():
        longer = seconds(parser, repeated(pattern, 4 * CHARACTERS))
        if longer < FLOOR_SECONDS:
            continue
        # The least of some: other programs may be at work.
        shorter = max(seconds(parser, repeated(pattern, CHARACTERS)) for _ in range(2))
        longer = min(longer, seconds(parser, repeated(pattern, 4 * CHARACTERS)))
        if longer > max(FLOOR_SECONDS, GROWTH_MOST * shorter):
            found.append(f"{name}: {shorter:.3f} s, {longer:.3f} s")
    return found


class ParsingTimeTests(unittest.TestCase):
    def test_a_pattern_that_repeats_takes_time_in_proportion(self) -> None:
        for pattern in itertools.chain(BITS, PATTERNS):
            with self.subTest(pattern=pattern):
                self.assertEqual(slow(pattern), [])

    # Without shrinking: what is slow is slow to shrink, too.
    @settings(max_examples=15, deadline=None, phases=[Phase.reuse, Phase.generate])
    @given(st.lists(st.sampled_from(BITS), min_size=2, max_size=5).map("".join))
    def test_so_does_any_other(self, pattern: str) -> None:
        self.assertEqual(slow(pattern), [])

    def test_the_check_itself_finds_what_grows(self) -> None:
        with mock.patch.dict(PARSERS, {"quadratic": lambda t: [t.count(c) for c in t * 4]}):
            self.assertIn("quadratic", "".join(slow("abcdefgh")))
