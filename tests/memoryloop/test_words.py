"""Counting words, and finding where a script has no spaces between them."""

# ruff: noqa: RUF001 - letters of many scripts

from django.test import SimpleTestCase

from memoryloop.words import count_words, unspaced, without_unspaced

# Each with the fewest and the most that a reader of the language would count.
COUNTED = (
    ("The cell's 3.5 parts, well-known: two.", 6, 7),
    ("量子纠缠是量子力学中的一种现象。", 7, 11),
    ("東京タワーは日本の首都である東京にあります。", 8, 14),
    ("การเรียนรู้ภาษาไทยเป็นเรื่องสนุกมาก", 6, 10),
    ("ພາສາລາວເປັນພາສາທາງການ", 4, 7),
    ("ភ្នំពេញជារាជធានីនៃប្រទេសកម្ពុជា", 5, 9),
    ("မြန်မာဘာသာစကားသည် တရားဝင်ဘာသာစကားဖြစ်သည်", 7, 14),
    ("한국어를 배우는 것은 재미있다", 4, 4),
    ("हिन्दी भारत की राजभाषा है", 5, 5),
    ("اللغة العربية جميلة", 3, 3),
    ("Die Größe der Straße", 4, 4),
    ("COVID病毒", 2, 2),
    ("", 0, 0),
    ("。、！？ …", 0, 0),
)


class CountTests(SimpleTestCase):
    def test_words_are_counted_by_the_rule_of_their_script(self) -> None:
        for text, fewest, most in COUNTED:
            self.assertTrue(fewest <= count_words(text) <= most, (text, count_words(text)))

    def test_letters_without_spaces_are_told_from_the_rest(self) -> None:
        text = "The 量子纠缠 effect，ไทย"
        self.assertEqual(unspaced(text), ["量子纠缠", "ไทย"])
        self.assertEqual(without_unspaced(text), "The   effect， ")
        self.assertEqual(unspaced("plain"), [])
