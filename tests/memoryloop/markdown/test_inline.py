"""Emphasis without spaces, blanks, and tags that are read: in lines, lists and tables."""

# ruff: noqa: RUF001 - full width on purpose

import re

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from memoryloop.markdown import render

PIECES = (
    *("**", "*", "_", "__", "____", "~~", "`", "<sub>", "</sub>", "<br>"),
    *("注", "：", "「", "a", ".", " ", "\ufe00"),
)


def within(html: str) -> str:
    """Return the HTML in a rendered paragraph."""
    return re.sub(r"</?p>|\n", "", html)


class EmphasisTests(SimpleTestCase):
    def test_emphasis_beside_wide_punctuation_is_read(self) -> None:
        # The examples of the CJK-friendly amendments, and what people write.
        for text, html in (
            ("**注意：**正文", "<strong>注意：</strong>正文"),
            ("他说**“好”**了", "他说<strong>“好”</strong>了"),
            ("これは**私のやりたかったこと。**だからするの。",
             "これは<strong>私のやりたかったこと。</strong>だからするの。"),
            ("税込**¥10,000**で入手できます。", "税込<strong>¥10,000</strong>で入手できます。"),
            ("太郎は**「こんにちわ」**といった", "太郎は<strong>「こんにちわ」</strong>といった"),
            ('太郎は**"はい"**といった', '太郎は<strong>"はい"</strong>といった'),
            ("**C#**や**F#**は", "<strong>C#</strong>や<strong>F#</strong>は"),
            (".NET**（不可）**では、", ".NET<strong>（不可）</strong>では、"),
            ("**이 용어(This term)**를 강조해", "<strong>이 용어(This term)</strong>를 강조해"),
            ("*注意：*正文", "<em>注意：</em>正文"),
            ("~~「x」~~です", "<s>「x」</s>です"),
            ("禰󠄀**(ね)**豆子", "禰󠄀<strong>(ね)</strong>豆子"),
            ("我可以强调**这个`code`**吗", "我可以强调<strong>这个<code>code</code></strong>吗"),
            # As CommonMark has it.
            ("**Note:**text", "**Note:**text"),
            ("a*(b)*c", "a*(b)*c"),
            ("注_意_", "注_意_"),
            ("_x_y", "_x_y"),
            ("2*3*4", "2<em>3</em>4"),
        ):  # fmt: skip
            with self.subTest(text):
                self.assertEqual(within(render(text)), html)

    def test_a_run_of_underscores_is_a_blank(self) -> None:
        for text in (
            "- _____", "1. ____", "> ___", "- The capital is\n  _____", "_____ is the _____ of",
            'Say "___" or "___".', "_____,_____", "(____)(____)", "He is ____ing and ____ed.",
            "- [ ] _____", "| _____ | b |\n|---|---|\n| ____,____ | c |",
        ):  # fmt: skip
            with self.subTest(text):
                html = render(text)
                self.assertNotRegex(html, "<hr|<em>|<strong>")
                self.assertEqual(html.count("_"), text.count("_"))
        self.assertEqual(within(render("___")), "<hr>")
        self.assertEqual(within(render("___x___")), "<em><strong>x</strong></em>")

    @given(st.lists(st.sampled_from(PIECES), max_size=20))
    def test_no_letter_is_lost_beside_any_sign(self, pieces: list[str]) -> None:
        text = re.sub(r"<[^>]*>", "", render("x" + "".join(pieces) + "x"))
        for letter in "注：「a.x":
            self.assertEqual(text.count(letter), ("x" + "".join(pieces) + "x").count(letter))


class TagsTests(SimpleTestCase):
    def test_tags_are_read_in_lines_lists_and_tables(self) -> None:
        for text, html in (
            ("H<sub>2</sub>O, x<sup>*n*</sup>", "H<sub>2</sub>O, x<sup><em>n</em></sup>"),
            ("<kbd>Ctrl</kbd>+<KBD>C</KBD>", "<kbd>Ctrl</kbd>+<kbd>C</kbd>"),
            ("a<br>b<br/>c<br />d", "a<br>b<br>c<br>d"),
            ("<sub>a", "&lt;sub&gt;a"),
            ("<br clear=all> <sub class=x>", "&lt;br clear=all&gt; &lt;sub class=x&gt;"),
            ("`<br>` \\<br>", "<code>&lt;br&gt;</code> &lt;br&gt;"),
        ):
            with self.subTest(text):
                self.assertEqual(within(render(text)), html)
                self.assertIn(html, render(f"- {text}").replace("\n", ""))
                self.assertIn(
                    f"<td>{html}</td>",
                    render(f"| a | b |\n|---|---|\n| {text} | c |").replace("\n", ""),
                )


class FormulaPlaceTests(SimpleTestCase):
    def test_formulas_are_read_in_lists_and_tables(self) -> None:
        for formula in (r"\(x^2\)", "$x^2$", "$$x^2$$", r"\[x^2\]"):
            for text in (
                "- {}", "- A: {}", "1. {} and {}", "- [ ] {}", "- a\n  - {}", "> {}", "- **b** {}.",
                "| {} | b |\n|---|---|\n| a | {} |", "- a\n\n  {}", "* a\n\t* {}", "- {}\n- {}",
            ):  # fmt: skip
                with self.subTest(formula=formula, text=text):
                    html = render(text.replace("{}", formula))
                    self.assertEqual(html.count("<msup>"), text.count("{}"))
                    self.assertNotRegex(html, r"\$|\\")

    def test_the_bars_of_a_formula_do_not_end_a_cell(self) -> None:
        for formula in ("$|x|$", r"\(P(A|B)\)", r"$$\{x | x > 0\}$$", r"\[|a|\]"):
            with self.subTest(formula):
                html = render(f"| a | b |\n|---|---|\n| {formula} | c |")
                self.assertIn("<td>c</td>", html)
                self.assertEqual(html.count("<math"), 1)
        html = render("| $5 | $6 |\n|---|---|\n| $5|$6 |\n| `a` | b |")
        self.assertEqual((html.count("<td>"), html.count("<math")), (4, 0))
