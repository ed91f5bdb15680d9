"""What the page of a watcher shows: words as they are, and HTML where Markdown means something."""

import json
import re
from unittest import TestCase, mock

from chat.answers import stream_view
from memoryloop import markdown
from tests.chat.asgi import Event, shown


def events_of(raw: bytes) -> list[Event]:
    """Return the events of some bytes of a stream."""
    found = []
    for block in raw.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        found.append(Event(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


class PageTests(TestCase):
    def setUp(self) -> None:
        self.page = self.enterContext(stream_view.Page())
        # However busy the machine is, it renders.
        self.enterContext(mock.patch.object(stream_view, "RENDERING_SHARE", 1_000.0))

    def names(self, *pieces: str) -> list[str]:
        return [event.name for piece in pieces for event in events_of(self.page.add(piece))]

    def test_plain_words_are_sent_as_they_are(self) -> None:
        self.page.restart("A cell is")

        self.assertEqual(self.names(" the smallest", " unit, of life;", " isn’t it?"), ["text"] * 3)

    def test_what_markdown_may_mean_something_by_is_rendered(self) -> None:
        for piece in ("**b", "`x", "[a", "$x", "\\(x", "a_b", "\n", "| a", "<b", "&", "#", "/"):
            with self.subTest(piece):
                self.page.restart("A cell is")
                self.assertEqual(self.names(piece)[-1], "tail")

    def test_within_what_is_not_closed_every_word_is_rendered(self) -> None:
        for opened in (
            "It is \\(x",
            "It is `x",
            "```\ncode and",
            "See [the",
            "It costs $x",
            "",
            "- ",
            "1",
        ):
            with self.subTest(opened):
                self.page.restart(opened)
                self.assertEqual(self.names(" word")[-1], "tail")

    def test_a_space_that_rendering_took_away_stands_before_the_next_word(self) -> None:
        self.page.restart("A cell ")

        (event,) = events_of(self.page.add("is alive"))

        self.assertEqual(event.data, {"text": " is alive"})

    def test_whatever_the_pieces_the_page_reads_as_the_whole_does(self) -> None:
        text = (
            "A cell is **alive** and well, say most.\n\n- one thing\n- two `code` things\n\n"
            "| a | b |\n|---|---|\n| 1 | two words |\n\nThe end, \\(x^2\\) of it."
        )
        for size in (1, 3, 7, 40):
            with self.subTest(size):
                events = events_of(self.page.restart(text[:size]))
                for start in range(size, len(text), size):
                    events += events_of(self.page.add(text[start : start + size]))
                self.assertEqual(_words(shown(events)), _words(markdown.render(text)))

    def test_a_block_that_grows_is_rendered_in_proportion_to_its_length(self) -> None:
        for piece in ('{"name": "x:y", ', "an *item* of a list\n- ", "x = y\n"):
            with self.subTest(piece):
                text = ("```\n" if "=" in piece else "") + piece * (30_000 // len(piece))
                rendered = 0

                def render(text: str, **_options: bool) -> str:
                    nonlocal rendered
                    rendered += len(text)
                    return "<p>a</p>"

                with mock.patch.object(markdown, "render", render):
                    events = events_of(self.page.restart(text[:10]))
                    for start in range(10, len(text), 10):
                        events += events_of(self.page.add(text[start : start + 10]))
                # While it is short, each time; then some times for each character.
                short = (stream_view.LONG_CHARACTERS / 10) * stream_view.LONG_CHARACTERS
                self.assertLess(rendered, short + 12 * len(text))
                shown_ = sum(len(each.data["text"]) for each in events if each.name == "text")
                self.assertGreater(shown_, len(text) // 2)


def _words(html: str) -> list[str]:
    return re.sub(r"<[^>]*>", " ", html).split()
