"""Whatever a text holds: nothing runs, nothing is loaded, nothing hangs, nothing is lost."""

import re
import time

from django.test import SimpleTestCase
from hypothesis import example, given, settings
from hypothesis import strategies as st

from memoryloop.markdown import MAX_CHARACTERS, render, split_blocks

FRAGMENTS = st.sampled_from(
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>",
        "[x](javascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](java\tscript:alert(1))",
        "[x](data:text/html,<script>)", "![x](https://evil.example/x.png)", "![x](//evil.example)",
        "<https://evil.example/\"onclick=alert(1)>", "[x]: javascript:alert(1)\n[x]",
        "<iframe src=//e>",
        "$$\\text{<script>}$$", "$$\\href{javascript:x}{y}$$", "\\(\\style{color:red}{x}\\)",
        "```html\n<script>\n```", "```\"><script>\ncode\n```", "&lt;script&gt;", "&#60;script&#62;",
        "<math><mtext><style><img src=x onerror=alert(1)>", "</p></div></article>", "<!--", "-->",
        "<style>*{display:none}</style>", "<form action=//evil>", "<base href=//evil>", "\0", "\r",
        "|<b>|\n|-|\n|[x](javascript:a)|", "> ", "- ", "**", "`", "$", "\\(", "\\)", "\n\n",
        "[", "](",
        "<a href='javascript:alert(1)'>", "<mi//xlink:href=\"data:x,<script>\">",
        "\ud800", "\u202e",
    ]
)  # fmt: skip
texts = st.lists(st.one_of(FRAGMENTS, st.text(max_size=12)), max_size=25).map("".join)

_TAG = re.compile(r"<([a-zA-Z][\w-]*)((?:\"[^\"]*\"|'[^']*'|[^'\">])*)>")
_FORBIDDEN = {
    "script", "style", "img", "image", "iframe", "object", "embed", "svg", "form", "input", "base",
    "link", "meta", "video", "audio", "source", "foreignobject", "annotation-xml", "mglyph",
    "button", "template", "details", "picture", "track", "use", "animate",
}  # fmt: skip


def active(html: str) -> list[str]:
    """Return the tags that run, load or submit something."""
    found = []
    for name, attributes in _TAG.findall(html):
        names = re.findall(r"([\w:-]+)\s*=", re.sub(r"\"[^\"]*\"|'[^']*'", '""', attributes))
        href = re.search(r"href=\"([^\"]*)\"", attributes)
        bad_scheme = href and re.match(r"\s*(?!https?:|mailto:)[a-z][a-z0-9+.-]*:", href[1], re.I)
        loads = {
            "src",
            "srcset",
            "style",
            "poster",
            "background",
            "action",
            "formaction",
            "xlink:href",
        }
        if (
            name.lower() in _FORBIDDEN
            or any(key.lower().startswith("on") or key.lower() in loads for key in names)
            or bad_scheme
        ):
            found.append(f"<{name}{attributes}>")
    return found


class HostileTextTests(SimpleTestCase):
    @settings(max_examples=500, deadline=None)
    @given(texts)
    @example("[x](javascript:alert(1)) <script>alert(1)</script>")
    def test_nothing_runs_and_nothing_is_loaded(self, text: str) -> None:
        for unfinished in (False, True):
            html = render(text, unfinished=unfinished)
            self.assertEqual(active(html), [])

    @settings(max_examples=200, deadline=None)
    @given(st.text(max_size=400))
    def test_any_text_renders_and_splits(self, text: str) -> None:
        render(text)
        split_blocks(text)

    def test_the_check_itself_finds_what_is_active(self) -> None:
        for html in ("<script>", '<a href="javascript:x">', '<b onclick="x">', '<p style="x">'):
            self.assertTrue(active(html), html)
        self.assertEqual(active('<a href="/x" rel="noopener">x</a>'), [])

    def test_deep_nesting_keeps_every_word(self) -> None:
        for text in (
            ">" * 10_000 + " deepest",
            "- " * 10_000 + "deepest",
            "\n".join(" " * (2 * level) + "- item" for level in range(400)) + " deepest",
            "[" * 10_000 + "deepest" + "]" * 10_000,
            "*" * 10_000 + "deepest" + "*" * 10_000,
        ):
            with self.subTest(text[:10]):
                self.assertIn("deepest", within(3.0, text))

    def test_pathological_texts_take_no_time(self) -> None:
        for text in (
            "[" * 50_000, "![" * 25_000, "[a](" * 12_000, "*a **a " * 7_000, "*a_ " * 12_000,
            "".join("e" + "`" * count for count in range(300)), "<" * 50_000, "&" * 50_000,
            "$a " * 16_000, "$$ " * 16_000, "\\(" * 25_000, "$$" + "{" * 2_000 + "$$",
            "$$" + "a^" * 1_000 + "$$", "$$" + "\\frac{" * 39 + "}{a}" * 39 + "$$", "\\" * 50_000,
            "> a\n" * 10_000, "a@" * 20_000, "www." * 10_000, "1. a\n\n" * 6_000, "<!--" * 10_000,
            "|a" * 2_000 + "|\n" + "|-" * 2_000 + "|\n" + "|b\n" * 500, "\t" * 50_000 + "a",
            "```java\n" + "a\n" * 9_000 + "```\n", ("```css\n" + "'\\" * 2_000 + "\n```\n") * 10,
        ):  # fmt: skip
            with self.subTest(text[:20]):
                within(3.0, text)

    def test_a_text_beyond_all_bounds_is_shown_as_it_was_written(self) -> None:
        text = "**a** <b>\n" * (MAX_CHARACTERS // 10 + 1)

        html = render(text)

        self.assertIn("**a** &lt;b&gt;", html)
        self.assertEqual(split_blocks(text), ([], text))

    def test_unfinished_formulas_nested_anyhow_do_not_overflow(self) -> None:
        for text in ("\\left(" * 3_000, "{" * 5_000, "\\begin{matrix}" * 900, "\\sqrt" * 1_500):
            within(2.0, f"$${text}$$")


def within(seconds: float, text: str) -> str:
    """Render a text, failing when it takes more of the processor than that."""
    started = time.thread_time()
    html = render(text)
    taken = time.thread_time() - started
    assert taken < seconds, f"{taken:.1f} s"
    return html
