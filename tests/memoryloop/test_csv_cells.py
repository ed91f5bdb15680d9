from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from memoryloop.csv_cells import quoted, unquoted

DANGEROUS = "=+-@\t\r\n＝＋－＠"  # noqa: RUF001 - full width on purpose


class CellTests(SimpleTestCase):
    def test_what_a_spreadsheet_would_compute_is_quoted(self) -> None:
        for first in DANGEROUS:
            self.assertEqual(quoted(f"{first}1"), f"'{first}1")
        for cell in ("", "a=1", " =1", "'", "'a", "1-1"):
            self.assertEqual(quoted(cell), cell)

    @given(st.text(st.sampled_from([*DANGEROUS, "'", "a", " "]), max_size=8) | st.text())
    def test_it_is_never_a_formula_and_comes_back_as_it_was(self, cell: str) -> None:
        self.assertNotIn(quoted(cell)[:1], [*DANGEROUS])
        self.assertEqual(unquoted(quoted(cell)), cell)
