"""Where an answer that was cut off and what is added to it meet."""

import pytest

from chat.answers.seam import Seam, whole_words

CELL = "A cell is the smallest unit of life. Its mitochondrion is the "


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A cell is the small", "A cell is the "),
        ("A cell is the ", "A cell is the "),
        ("A cell.\n\n", "A cell.\n\n"),
        ("A cell.\n- mito", "A cell.\n- "),
        ("Mitochond", "Mitochond"),
        ("", ""),
        ("细胞是生命的最小单", "细胞是生命的最小单"),
        ("See 细胞是生命", "See 细胞是生命"),
        ("See " + "x" * 80, "See " + "x" * 80),
    ],
)
def test_half_a_word_at_the_end_is_written_again(text: str, kept: str) -> None:
    assert whole_words(text) == kept


@pytest.mark.parametrize(
    ("before", "comes", "added"),
    [
        (CELL, "powerhouse of the cell.", "powerhouse of the cell."),
        (CELL, " powerhouse of the cell.", "powerhouse of the cell."),
        (CELL, "…powerhouse of the cell.", "powerhouse of the cell."),
        # What stands before it is said again: the sentence, or the whole of it.
        (CELL, "Its mitochondrion is the powerhouse.", "powerhouse."),
        (CELL, CELL + "powerhouse.", "powerhouse."),
        # What only resembles it is kept.
        (CELL, "Its mitochondrion was found in 1890.", "Its mitochondrion was found in 1890."),
        (CELL, "a word", "a word"),
        (CELL, "Its mitochon", ""),
        ("One.\n\n", "\n\n- Two", "- Two"),
        ("```\nif x:\n", "    return y\n```", "    return y\n```"),
        ("细胞是生命的最小单", "位。它有膜。", "位。它有膜。"),
        (CELL, "", ""),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 7, 500])
def test_what_is_added_repeats_nothing(before: str, comes: str, added: str, size: int) -> None:
    seam = Seam(before)
    came = [seam.feed(comes[at : at + size]) for at in range(0, len(comes), size)]
    assert "".join(came) + seam.close() == added
