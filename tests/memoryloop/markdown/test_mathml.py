"""LaTeX as MathML: what is laid out where, and what is shown as it was written."""

import re
import time

from django.test import SimpleTestCase
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from memoryloop.markdown import render
from memoryloop.markdown.mathml import to_mathml
from tests.memoryloop.markdown.test_formulas import FORMULAS

PIECES = re.compile(r"\\[A-Za-z]+|\\.|[^\\]")
# Every command and sign of the formulas, in any order, with some that are always left open.
SIGNS = sorted({piece for latex, _ in FORMULAS for piece in PIECES.findall(latex)})

BRACKETS = (
    *"()[]{}_^|&'1a", "\\{", "\\}", "\\\\", "\\bigl", "\\bigr", "\\big", "\\left(", "\\right)",
    "\\langle", "\\rangle", "\\mathopen", "\\mathclose", "\\middle", "\\pmod", "\\ket", "\\hat",
    "\\frac", "\\sqrt", "\\binom",
)  # fmt: skip


class LayoutTests(SimpleTestCase):
    def test_limits_stand_under_operators_in_display_and_beside_them_in_a_line(self) -> None:
        for latex in (
            r"\lim_{x \to 0} f",
            r"\limsup_n a",
            r"\varlimsup_n a",
            r"\operatorname*{arg\,max}_x f",
            r"\mathop{\mathrm{ess\,sup}}_x f",
            r"\mathop{\overline{M}}_x f",
            r"\max_x f",
        ):
            with self.subTest(latex):
                self.assertIn("<munder>", to_mathml(latex, "block") or "")
        self.assertIn("<munder>", to_mathml(r"\mathop{\overline{M}}\limits_x f", "inline") or "")
        self.assertNotIn("<munder>", to_mathml(r"\mathop{\overline{M}}_x f", "inline") or "")
        self.assertNotIn(
            "<munder>", to_mathml(r"\mathop{\overline{M}}\nolimits_x f", "block") or ""
        )

    def test_columns_are_aligned_by_classes_and_never_by_styles(self) -> None:
        for environment in ("aligned", "align*", "alignedat", "eqnarray", "split", "flalign"):
            columns = "{1}" if environment == "alignedat" else ""
            latex = rf"\begin{{{environment}}}{columns} a &= b \\ c &= d \end{{{environment}}}"
            with self.subTest(environment):
                html = render(f"\\[{latex}\\]")
                self.assertEqual(html.count("<mtr>"), 2)
                self.assertEqual(html.count('<mtd class="math-right math-joined-after">'), 2)
                self.assertNotIn(" style=", html)

    def test_rows_and_columns_outside_a_table_become_one(self) -> None:
        self.assertEqual(render(r"\[a = b \\ c = d\]").count("<mtr>"), 2)
        self.assertEqual(render(r"\[a &= b \\ &= d\]").count("<mtd"), 4)

    def test_scripts_of_chemistry_hang_on_the_element_before_them(self) -> None:
        for latex, html in (
            (r"\ce{H2O}", "<mi>H</mi>|<mn>2</mn>|<mi>O</mi>"),
            (r"\ce{2H2O}", "<mn>2</mn>|<mspace|<msub>"),
            (r"\ce{SO4^2-}", "<msubsup>|<mi>SO</mi>|<mn>4</mn>|<mn>2</mn>"),
            (r"\ce{OH-}", "<mi>OH</mi>|<msup>"),
            (r"\ce{A + B}", "A|<mo>+</mo>|B"),
            (r"\ce{A ->[\Delta][\ce{H2O}] B}", "<munderover>|→"),
        ):
            with self.subTest(latex):
                shown = re.sub(r' mathvariant="normal"', "", to_mathml(latex, "inline") or "")
                at = 0
                for part in html.split("|"):
                    at = shown.find(part, at)
                    self.assertGreaterEqual(at, 0, (part, shown))


class AsWrittenTests(SimpleTestCase):
    def test_what_the_converter_does_not_know_is_shown_whole_as_its_source(self) -> None:
        for latex in (
            r"\unknown{x} + y",
            r"\begin{tikzpicture} \draw (0,0); \end{tikzpicture}",
            r"\frac{a}",
            r"\begin{aligned} a",
            r"\ce{H2O",
            r"\newcommand{\x}{y} \x",
            r"\def\x{(}\x",
            "(" * 30,
            "{" * 60 + "x" + "}" * 60,
        ):
            with self.subTest(latex):
                html = render(f"So \\({latex}\\) is")
                self.assertIn('<code class="math-source">', html)
                self.assertNotIn("<math", html)
                self.assertIn(latex.split("{")[0][:8].replace("&", "&amp;"), html)

    def test_unclosed_brackets_take_no_more_time_than_others(self) -> None:
        """Test that the converter, which tries each in two ways, is not given many."""
        started = time.process_time()
        for opening in ("(", "[", r"\{", r"\langle ", r"\lfloor ", r"\bigl(", "f(", r"\sin("):
            for latex in (
                opening * 200,
                f"{{{opening * 100}}}" * 2,
                rf"\left({opening * 99}\right)",
            ):
                to_mathml(latex, "block")
                to_mathml(
                    rf"\begin{{matrix}} {opening * 90} & {opening * 90} \end{{matrix}}", "block"
                )
        self.assertLess(time.process_time() - started, 2)

    def test_a_bracket_that_is_an_argument_closes_no_other(self) -> None:
        """Test that what stands before a closing bracket does not hide that it closes nothing."""
        takers = {"_", "^", r"\frac1", r"\frac{1}", r"\binom n", r"\sqrt[3]", r"\bigl", r"\Bigr"}
        takers |= {sign for sign in SIGNS if re.fullmatch(r"\\[A-Za-z]+", sign)}
        started = time.process_time()
        for taker in sorted(takers - {r"\begin", r"\end", r"\left", r"\right"}):
            for pair in ("(" + taker + " )a ", r"\pmod{" + taker + "}", r"\{" + taker + r"\} "):
                to_mathml(pair * 60, "block")
        self.assertLess(time.process_time() - started, 20)

    @given(st.lists(st.sampled_from(BRACKETS) | st.sampled_from(SIGNS), min_size=2, max_size=6))
    @settings(max_examples=300, phases=[Phase.reuse, Phase.generate])
    def test_no_mixture_of_brackets_takes_longer_than_its_length(self, pieces: list[str]) -> None:
        """Test mixtures that repeat: one that doubles its time with each is stopped soon enough."""
        for times in (12, 20, 28):
            started = time.process_time()
            to_mathml(" ".join(pieces * times), "block")
            self.assertLess(time.process_time() - started, 1, times)

    def test_many_brackets_that_are_closed_are_laid_out(self) -> None:
        for part in (
            "(a) ", "[0,1] ", "(x_1) ", "(x^{n}) ", r"(\alpha) ", r"(a \le b, \infty) ", r"\{x\} ",
            r"(\frac{1}{2}) ", r"(\sqrt[3]{x}) ", r"(\hat{x}) ", r"(\bar x) ", r"[\sin x] ",
            r"f(g(x)) ", r"\bigl(a\bigr) ", r"\left(a\right] ", r"(\text{if } x) ", r"(\log) ",
            r"(\mathbf{x}) ", r"(x') ", r"(n!) ", r"\lfloor x \rfloor ", r"]0,1[ ", r"(\max) ",
        ):  # fmt: skip
            with self.subTest(part):
                many = part * 20 if part[0] != "]" else part * 8
                self.assertIsNotNone(to_mathml(many, "inline"))

    @given(st.lists(st.sampled_from(SIGNS), max_size=60).map(" ".join))
    @settings(max_examples=300, deadline=2_000)
    def test_no_mixture_of_signs_raises_or_hangs(self, latex: str) -> None:
        for display in ("block", "inline"):
            shown = to_mathml(latex, display)
            if shown is not None:
                self.assertTrue(shown.startswith("<math") and shown.endswith("</math>"))
