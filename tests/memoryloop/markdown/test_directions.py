"""Scripts that are written from right to left: each block goes its own way."""

from django.test import SimpleTestCase

from memoryloop.markdown import portable, render


class DirectionTests(SimpleTestCase):
    def test_each_block_of_a_text_with_such_a_script_has_a_direction(self) -> None:
        for text, html in (
            ("سلام", '<p dir="auto">سلام</p>'),
            ("שלום\n\nhello", '<p dir="auto">שלום</p>\n<p dir="auto">hello</p>'),
            ("# שלום", '<h1 dir="auto">שלום</h1>'),
            (
                "- سلام\n- peace",
                '<ul dir="rtl">\n<li dir="auto">سلام</li>\n<li dir="auto">peace</li>\n</ul>',
            ),
            ("1. one\n2. سلام", '<ol dir="ltr">'),
            ("> **سلام**", '<blockquote dir="rtl">\n<p dir="auto">'),
            ("| سلام | b |\n|---|---|\n| c | d |", '<table dir="rtl">'),
            ("سلام `x`", '<p dir="auto">سلام <code dir="ltr">x</code></p>'),
            ("سلام $x$", '<math dir="ltr">'),
            ("سلام\n\n```\nx\n```", '<pre dir="ltr" class="code">'),
            ("ދިވެހި", '<p dir="auto">'),
            ("𐤀", '<p dir="auto">'),
        ):
            with self.subTest(text):
                self.assertIn(html, render(text))

    def test_a_text_of_other_scripts_has_none(self) -> None:
        for text in (
            "hello",
            "Καλημέρα",
            "Привет",
            "量子",
            "हिन्दी",
            "😀 → ½",
            "- a\n\n> b\n\n`c` $d$",
        ):
            with self.subTest(text):
                self.assertNotIn("dir=", render(text))

    def test_other_programs_get_no_direction(self) -> None:
        self.assertEqual(portable("**سلام**"), "<strong>سلام</strong>")
