"""Stylesheets and scripts as they are served: lighter, and they say the same."""

import re
from pathlib import Path

import tinycss2
from django.conf import settings
from django.test import SimpleTestCase

from memoryloop.web.static_storage import lean

STATIC = Path(settings.BASE_DIR) / "static"


def _rules(css: str) -> list[str]:
    tokens = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    return [re.sub(r"\s+|/\*.*?\*/", "", each.serialize(), flags=re.DOTALL) for each in tokens]


class LeanTests(SimpleTestCase):
    def test_a_stylesheet_keeps_all_its_rules(self) -> None:
        for path in sorted((STATIC / "css").glob("*.css")):
            with self.subTest(path.name):
                css = path.read_text()
                self.assertEqual(_rules(lean(css, is_script=False)), _rules(css))

    def test_a_script_keeps_all_its_lines_of_code(self) -> None:
        script = """/* What it does,
   in two lines. */
"use strict";
  // Why.
  const text = "/* no comment */"; // kept

  return /[/*]/;
"""
        self.assertEqual(
            lean(script, is_script=True),
            '"use strict";\nconst text = "/* no comment */"; // kept\nreturn /[/*]/;\n',
        )
        across = "const text = `\n  // words\n`;\n"
        self.assertEqual(lean(across, is_script=True), across)
        self.assertEqual(lean(lean(script, is_script=True), is_script=True).count("\n"), 3)
