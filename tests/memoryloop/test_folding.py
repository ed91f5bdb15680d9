"""Folding: what is the same to whoever types it."""

# ruff: noqa: RUF001 - letters of many scripts

import unicodedata

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from memoryloop.folding import find_folded, fold

SAME = (
    ("Köln", "Ko\u0308ln", "KÖLN", "KO\u0308LN"),
    ("ΟΔΌΣ", "οδός", "οδόσ", "Οδο\u0301ς"),
    ("İzmir", "izmir", "IZMIR", "I\u0307zmir", "i\u0307zmir"),
    ("Straße", "STRASSE", "strasse", "STRAẞE"),
    ("Tokyo", "Ｔｏｋｙｏ", "ＴＯＫＹＯ"),
    ("タワー", "ﾀﾜｰ"),
    ("が", "か\u3099"),
    ("한국", unicodedata.normalize("NFD", "한국")),
    ("น้ำ", unicodedata.normalize("NFKC", "น้ำ")),
    ("ﬁnal", "FINAL"),
    ("Ångström", "\u212bngström"),
)
DIFFERENT = (("resume", "résumé"), ("schon", "schön"), ("ilik", "ılık"), ("は", "ば"))


class FoldTests(SimpleTestCase):
    def test_what_differs_in_case_or_encoding_alone_is_the_same(self) -> None:
        for spellings in SAME:
            self.assertEqual(len({fold(each) for each in spellings}), 1, spellings)

    def test_accents_and_other_letters_count(self) -> None:
        for one, other in DIFFERENT:
            self.assertNotEqual(fold(one), fold(other))

    def test_every_character_is_folded_for_good_and_alike_in_its_canonical_forms(self) -> None:
        for code in range(0x1F200):
            letter = chr(code)
            # Ideographs and syllables have neither case nor another form.
            if not letter.isprintable() or 0x3400 <= code <= 0x9FFF or 0xAC00 <= code < 0xE000:
                continue
            folded = fold(letter)
            self.assertEqual(fold(folded), folded, hex(code))
            decomposed = unicodedata.normalize("NFD", letter)
            self.assertEqual(fold(decomposed), folded, hex(code))

    @given(st.text(max_size=20))
    def test_texts_that_are_canonically_equal_are_the_same(self, text: str) -> None:
        self.assertEqual(
            fold(unicodedata.normalize("NFD", text)), fold(unicodedata.normalize("NFC", text))
        )
        self.assertEqual(fold(fold(text)), fold(text))


class FindTests(SimpleTestCase):
    def test_it_gives_the_places_in_the_text_itself(self) -> None:
        for text, wanted, found in (
            ("Ko\u0308ln und KÖLN", "köln", ["Ko\u0308ln", "KÖLN"]),
            ("die Straße", "STRASSE", ["Straße"]),
            ("die Straße", "ras", ["raß"]),
            ("量子纠缠是", "纠缠", ["纠缠"]),
            ("nothing", "else", []),
            ("nothing", "", []),
        ):
            places = find_folded(text, wanted)
            self.assertEqual([text[start:end] for start, end in places], found, wanted)
