"""Search words: what is the same to whoever looks for it."""

import unicodedata

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from memoryloop.search_words import keys, plain, terms

# What is typed, and a text that contains it.
FOUND = (
    ("running", "He runs every day"),
    ("mitochondrias", "the mitochondria"),
    ("Häuser", "ein altes Haus"),
    ("hauser", "ein altes Haus"),
    ("Straße", "STRASSEN"),
    ("madchen", "das Mädchen"),
    ("Maedchen", "das Mädchen"),
    ("etudiant", "les étudiants"),
    ("estudiantes", "el estudiante"),
    ("capitali", "la capitale"),
    ("книгой", "книга"),
    ("lodz", "Łódź"),
    ("Οδος", "οδός"),
    ("10000", "about 10,000 men"),
    ("10.000", "10\u202f000 Mann"),
    ("h2o", "H₂O"),
    ("C++", "a class in C++."),
    ("€ 😀", "5 € 😀"),
    ("eau", "l’eau"),
    ("हिन्दी", "हिन्दी भाषा"),
    ("光合作用是什么？", "光合作用发生在叶绿体中"),
    ("光合成とは何ですか", "植物の光合成"),
    ("植物の光合成はどこで", "光合成をする植物"),
    ("さくら", "さくらの花"),
    ("광합성은 무엇인가요", "무엇이 광합성을 하는가"),
    ("ภาษาไทย", "เรียนภาษาไทย"),
    ("Wie heißt die Hauptstadt?", "Hauptstadt"),
    ("What is the capital of Slovenia?", "Slovenia: capital Ljubljana"),
    ("¿Cuál es la capital?", "capital"),
    ("qu'est-ce que la mitose ?", "est-ce une mitose"),
    ("the", "the end"),
)
NOT_FOUND = (
    ("die", "das Leben"),
    ("C++", "the letter C"),
    ("水素", "水"),
    ("が", "か"),
    ("1914", "1941"),
    ("war", "was"),
)
LETTERS = (
    "abz äöüßéñÅİıøŁ'’-_ 0129.,?!¿ 光合成とは水什么ガか한국어ไทยहिदी्ИйёжΣςσά😀€C++#\u0301\u3099"
)
TEXTS = st.text(st.sampled_from(LETTERS), max_size=25)


def contains(text: str, typed: str) -> bool:
    there = set(keys(text))
    return all(term.is_common or term.is_in(there) for term in terms(typed))


class SearchWordTests(SimpleTestCase):
    def test_it_finds_words_by_their_forms_in_any_spelling(self) -> None:
        for typed, text in FOUND:
            for one in (typed, typed.upper(), unicodedata.normalize("NFD", typed), f"«{typed}»?!"):
                self.assertTrue(contains(text, one), (one, text))

    def test_other_words_stay_apart(self) -> None:
        for typed, text in NOT_FOUND:
            self.assertFalse(contains(text, typed), (typed, text))

    def test_small_words_count_where_there_is_no_other(self) -> None:
        for typed in ("the", "what is", "什么", "der die das", "où"):
            self.assertTrue(terms(typed))
            self.assertFalse(any(term.is_common for term in terms(typed)), typed)

    def test_a_word_that_is_small_in_one_language_only_counts_in_the_others(self) -> None:
        for typed, word, common in (
            ("die Hauptstadt der Schweiz", "die", True),
            ("how do stars die", "die", False),
            ("when was the cold war", "war", False),
            ("wie weit der Mond war", "war", True),
        ):
            (found,) = (term for term in terms(typed) if term.word == word)
            self.assertEqual(found.is_common, common, typed)

    def test_what_has_no_word_gives_no_term(self) -> None:
        for typed in ("", " ", "?", "…", "()", '"', "、。"):
            self.assertEqual((terms(typed), keys(typed)), ([], []), typed)

    def test_long_words_and_broken_characters_do_no_harm(self) -> None:
        for typed in ("x" * 10_000, "\x00a\ud800", "水" * 5_000, "a" * 70 + "b"):
            self.assertTrue(contains(f"- {typed} -", typed))

    @given(TEXTS)
    def test_a_text_contains_itself_however_it_is_encoded(self, text: str) -> None:
        for same in (text, unicodedata.normalize("NFD", text), f" {text} ?"):
            self.assertTrue(contains(text, same))

    @given(TEXTS)
    def test_what_is_plain_stays_so(self, text: str) -> None:
        self.assertEqual(plain(plain(text)), plain(text))
        self.assertEqual(plain(unicodedata.normalize("NFD", text)), plain(text))

    @given(st.text(max_size=30))
    def test_any_text_contains_itself_and_no_key_has_a_blank(self, text: str) -> None:
        self.assertTrue(contains(text, text))
        self.assertFalse([key for key in keys(text) if not key or key != "".join(key.split())])
