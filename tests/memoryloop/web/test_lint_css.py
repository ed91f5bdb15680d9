"""The check of the stylesheets finds what it is for, and leaves good CSS alone."""

from unittest import TestCase

from tests.lint_css import faults

GOOD = """
@media (width < 40rem) { .a { color: red; color: oklch(50% 0.1 20); } }
.b { &:hover { margin: 0; } padding: 0; }
@keyframes c { to { opacity: 0; } }
"""
BAD = {
    ".a { }": "This rule is empty.",
    ".a { color: red; margin: 0; color: blue; }": "color is set twice.",
    ".a { color red; }": "This cannot be read",
    "@medai (width) { .a { color: red; } }": "No such rule: @medai.",
    "@media print { .a { color: red; } } }": "This cannot be read",
}


class LintCssTests(TestCase):
    def test_good_css_is_left_alone(self) -> None:
        self.assertEqual(faults(GOOD), [])

    def test_each_fault_is_found_at_its_line(self) -> None:
        for css, sentence in BAD.items():
            with self.subTest(css=css):
                ((line, said),) = faults(f"\n{css}")
                self.assertEqual(line, 2)
                self.assertIn(sentence, said)
