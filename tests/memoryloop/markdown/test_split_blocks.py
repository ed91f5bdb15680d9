"""Blocks that are finished while a text is still growing."""

from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st

from memoryloop.markdown import normalise, render, split_blocks

PIECES = st.sampled_from(
    [
        "word ", "**bold** ", "\n", "\n", "\n\n", "- item", "  - nested", "1. one", "# ", "> quote",
        "```", "~~~", "```python\n", "    code", "$$", "\\[", "\\]", "$x$", "a = b", "---", "===",
        "|a|b|\n|-|-|\n", "|1|2|", "\t", "\r\n", "*", "+ ", "[a]: http://b", "`", "\\(", "x", " ",
    ]
)  # fmt: skip
texts = st.lists(PIECES, max_size=30).map("".join)


class SplitBlocksTests(SimpleTestCase):
    def test_a_paragraph_is_finished_by_a_blank_line(self) -> None:
        self.assertEqual(split_blocks("One\n\n"), (["One\n\n"], ""))
        self.assertEqual(split_blocks("One\n"), ([], "One\n"))
        self.assertEqual(split_blocks("One\n\nTwo"), (["One\n\n"], "Two"))

    def test_a_list_stays_open_until_something_else_follows(self) -> None:
        self.assertEqual(split_blocks("- a\n\n"), ([], "- a\n\n"))
        self.assertEqual(split_blocks("- a\n\nText\n"), (["- a\n\n"], "Text\n"))

    def test_an_open_fence_holds_everything_in_it(self) -> None:
        text = "Look:\n\n```python\na = 1\n\n# no heading\n\n"

        finished, tail = split_blocks(text)

        self.assertEqual(finished, ["Look:\n\n"])
        self.assertIn("# no heading", tail)
        html = render(tail, unfinished=True)
        self.assertIn("# no heading", html)
        self.assertNotIn("<h1>", html)

    def test_an_open_formula_is_held_together(self) -> None:
        for opening in ("$$\n", "\\[\n"):
            with self.subTest(opening):
                text = f"So:\n\n{opening}a\n= b\n- c\n"

                finished, tail = split_blocks(text)

                self.assertEqual(finished, ["So:\n\n"])
                html = render(tail, unfinished=True)
                self.assertIn("math-source", html)
                self.assertNotRegex(html, "<h1|<ul")

    def test_a_last_line_that_may_still_become_something_else_finishes_nothing(self) -> None:
        # "#" alone is a heading; "#tag" continues the paragraph.
        self.assertEqual(split_blocks("One\n#"), ([], "One\n#"))
        self.assertEqual(split_blocks("One\n*"), ([], "One\n*"))

    @settings(max_examples=300, deadline=None)
    @given(texts)
    def test_the_parts_are_the_text(self, text: str) -> None:
        finished, tail = split_blocks(text)

        self.assertEqual("".join(finished) + tail, normalise(text))

    @settings(max_examples=300, deadline=None)
    @given(texts, texts)
    def test_what_follows_leaves_finished_blocks_as_they_are(self, text: str, more: str) -> None:
        before, _ = split_blocks(text)
        after, _ = split_blocks(text + more)

        self.assertEqual("".join(after)[: len("".join(before))], "".join(before))

    @settings(max_examples=200, deadline=None)
    @given(texts)
    def test_a_stream_in_pieces_ends_with_the_whole_text(self, text: str) -> None:
        text = normalise(text)
        seen, tail = "", ""
        for character in text:
            finished, tail = split_blocks(tail + character)
            seen += "".join(finished)

        self.assertEqual(seen + tail, text)
