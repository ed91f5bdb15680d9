"""Formulas of many subjects: nothing is lost, and nothing of LaTeX is left."""

import collections
import html
import re
from pathlib import Path

from django.test import SimpleTestCase

from memoryloop.markdown import render

# A line for each: LaTeX as it stands on cards of school, university and languages, a tab, and the
# signs that its formula shows, each as often as it is there, in any order.
FORMULAS = tuple(
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "formulas.txt").read_text("utf-8").splitlines()
    if not line.startswith("# ")
)

# Signs that the converter writes in another way.
_SAME = {"···": "⋯", "...": "…", "⟂": "⊥"}
_COMMAND = re.compile(r"\\[A-Za-z]|&|\\\\|\{\}|\^\{|_\{")


def seen(formula: str) -> str:
    """Return the text of a formula's MathML, without spaces."""
    text = html.unescape(re.sub(r"<[^>]*>", "", formula))
    for sign, same in _SAME.items():
        text = text.replace(sign, same)
    return re.sub(r"[\s\u2061-\u2064]", "", text)


class FormulaTests(SimpleTestCase):
    def test_every_sign_of_a_formula_is_shown_and_no_sign_of_latex(self) -> None:
        for latex, signs in FORMULAS:
            for opening, closing in (("\\[", "\\]"), ("\\(", "\\)")):
                with self.subTest(latex=latex, opening=opening):
                    shown = render(f"{opening}{latex}{closing}")
                    self.assertIn("<math", shown)
                    self.assertNotIn("math-source", shown)
                    text = seen(shown)
                    lost = collections.Counter(signs) - collections.Counter(text)
                    self.assertFalse(lost, text)
                    if r"\&" not in latex:
                        self.assertNotRegex(text, _COMMAND)
