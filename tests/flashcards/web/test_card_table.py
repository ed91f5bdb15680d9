"""Columns of the card browser: none takes the room that a question needs."""

import itertools
import re
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

from flashcards.web.pages import card_table
from flashcards.web.pages.card_table import COLUMNS, QUESTION_WIDTH, SELECT_WIDTH, STEP

CSS = (Path(settings.BASE_DIR) / "static" / "css" / "browser.css").read_text()


class CardTableColumnTests(SimpleTestCase):
    def test_at_any_width_the_question_can_be_read(self) -> None:
        every = [column.order for column in COLUMNS]
        choices = [every, *itertools.combinations(every, 1), *itertools.combinations(every, 5)]
        for chosen in choices:
            columns = card_table.columns(chosen)
            for width in range(20, 125):
                shown = [column.width for column in columns if width >= column.needs]
                question = width - SELECT_WIDTH - sum(shown)
                self.assertTrue(not shown or question >= QUESTION_WIDTH, (chosen, width))

    def test_the_stylesheet_leaves_out_each_column_below_the_width_it_needs(self) -> None:
        for column in card_table.columns([column.order for column in COLUMNS]):
            rule = rf"\(max-width: {column.needs - 0.01:.2f}rem\) {{ \.needs-{column.needs} {{"
            self.assertRegex(CSS, rule)
        widest = max(int(step) for step in re.findall(r"needs-(\d+)", CSS))
        self.assertEqual(widest % STEP, 0)

    def test_the_stylesheet_has_the_same_widths(self) -> None:
        for column in COLUMNS:
            with self.subTest(column.label):
                found = re.search(
                    rf"\.browser-{column.order}\b[^{{}}]*{{[^}}]*?width: ([\d.]+)rem", CSS
                )
                assert found
                self.assertEqual(float(found[1]), column.width)
        select = re.search(r"\.browser-select {\s*width: ([\d.]+)rem", CSS)
        assert select
        self.assertEqual(float(select[1]), SELECT_WIDTH)
