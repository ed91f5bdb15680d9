"""The form of HTML that Markdown has: code with its indents, lists in lists, readings, formulas."""

import re
import unittest

from hypothesis import given, settings
from hypothesis import strategies as st

from flashcards.exchange import media
from flashcards.exchange.html.to_markdown import convert
from memoryloop.markdown import render

_NAMES = (
    "b i u mark a pre code kbd div p br hr ul li ol table tr td blockquote sub sup h1 ruby rt rp "
    "svg xmp"
)
_TAGS = [f"<{mark}{name}>" for name in _NAMES.split() for mark in ("", "/")]
_PIECES = (
    *("x", "y,", "!", " ", "\n", "    ", "&nbsp;", r"\(a\)", "[latex]", "[/latex]", "[$]", "[/$]"),
    *("$", "<img src=a.png>", "<img src='a b.png' alt=' '>", "&#xE003;", "\ue003", "&#57351;"),
    *("<div style=font-weight:bold>", "<a href=y>", "<input value=v>", "<audio src=z>"),
    "<div style='white-space:pre;font-family:monospace'>",
    *_TAGS,
)


class PrivateCharactersTests(unittest.TestCase):
    @settings(max_examples=1_000, deadline=None)
    @given(st.lists(st.sampled_from(_PIECES), max_size=16).map("".join))
    def test_no_sign_that_the_converter_uses_inside_comes_out(self, source: str) -> None:
        markdown = convert(source, media.placeholder)
        # The names of images are resolved when the card is made.
        resolved = media._PLACEHOLDER.sub("image", markdown)
        self.assertNotRegex(resolved, "[\ue000-\ue01f\uffff]", source)
        self.assertNotRegex(render(markdown), "[\ue000-\ue00f\uffff]", source)


class CodeTests(unittest.TestCase):
    def test_lines_and_indents_of_code_stay(self) -> None:
        code = "```\nif x:\n    y\n```"
        for source in (
            "<pre>if x:\n    y</pre>",
            "<pre>if x:<br>    y</pre>",
            "<pre>if x:<div>    y</div></pre>",
            "<pre><div>if x:</div><div>&nbsp; &nbsp; y</div></pre>",
            "<pre><code>if x:\n    y\n</code></pre>",
            "<code>if x:<br>&nbsp;&nbsp;&nbsp;&nbsp;y</code>",
            "<code><div>if x:</div><div>&nbsp; &nbsp; y</div></code>",
            "<b><code>if x:<br>&nbsp; &nbsp; y</code></b>",
            "<xmp>if x:\n    y</xmp>",
            '<div style="font-family: Consolas, monospace; white-space: pre;"><div>if x:</div>'
            "<div>    <span style='color:blue'>y</span></div></div>",
            '<span style="white-space:pre-wrap;font:12px Menlo">if x:\n    y</span>',
            '<table class="highlighttable"><tr><td><pre>1\n2</pre></td>'
            "<td><pre>if x:\n    y</pre></td></tr></table>",
        ):
            with self.subTest(source):
                self.assertEqual(convert(source), code)
                around = f"a<br>{source}b"
                self.assertIn("a\n\n" + code + "\n\nb", convert(around))
        self.assertEqual(convert("<pre>a<div>b</div></pre>"), "```\na\nb\n```")
        self.assertEqual(
            convert("<ul><li>a<pre>if x:\n    y</pre></li></ul>").replace("\n  \n", "\n\n"),
            "- a\n\n  ```\n  if x:\n      y\n  ```",
        )

    def test_an_indent_of_text_stays(self) -> None:
        self.assertEqual(
            convert("<div>def f():</div><div>&nbsp; &nbsp; return</div>"),
            "def f():  \n\xa0\xa0\xa0\xa0return",
        )
        self.assertEqual(convert("a<br>&nbsp;b&nbsp;c"), "a  \nb c")
        self.assertEqual(convert("<code>&nbsp; x&nbsp;y</code>"), "`\xa0 x y`")


class ListsTests(unittest.TestCase):
    def test_a_list_directly_in_a_list_belongs_to_the_item_before_it(self) -> None:
        for source, markdown in (
            ("<ul><li>a</li><ul><li>b</li></ul><li>c</li></ul>", "- a\n  - b\n- c"),
            ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
            ("<ol><li>a</li><ol><li>b</li><li>c</li></ol><li>d</li></ol>",
             "1. a\n   1. b\n   2. c\n2. d"),
            ("<ul><li>a</li><ul><li>b</li><ul><li>c</li></ul></ul></ul>",
             "- a\n  - b\n    - c"),
            ("<ul><li>a</li><ol><li>b</li></ol></ul>", "- a\n  1. b"),
            ("<ul><ul><li>a</li></ul></ul>", "- a"),
        ):  # fmt: skip
            with self.subTest(source):
                self.assertEqual(convert(source), markdown)
                self.assertEqual(render(markdown).count("<li>"), source.count("<li>"))


class ReadingsTests(unittest.TestCase):
    def test_a_reading_has_brackets_once(self) -> None:
        for source, markdown in (
            ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", "漢(かん)字"),
            ("<ruby>漢<rp>【</rp><rt>かん</rt><rp>】</rp></ruby>", "漢(かん)"),
            ("<ruby>漢<rp>(<rt>かん<rp>)</ruby>字", "漢(かん)字"),
            ("<ruby>漢<rt>かん</rt></ruby>", "漢(かん)"),
            ("<ruby>漢<rt>かん</ruby>字", "漢(かん)字"),
            ("<rp>words</rp>", "words"),
        ):
            with self.subTest(source):
                self.assertEqual(convert(source), markdown)


class EmphasisTests(unittest.TestCase):
    def test_emphasis_never_cuts_a_link_or_an_image(self) -> None:
        for source, markdown in (
            ("<b><a href=y>x</a></b>word", "[x](y)word"),
            ("<b><a href=y>x</a></b> word", "**[x](y)** word"),
            ("<b>x <img src=a.png></b>word", "x ![](a.png)word"),
            ("<b>(see)</b>word", "**(see**)word"),
        ):
            with self.subTest(source):
                self.assertEqual(convert(source, lambda name, alt: f"![{alt}]({name})"), markdown)

    def test_what_a_line_cannot_express_in_letters_is_small_by_a_tag(self) -> None:
        self.assertEqual(
            convert("v<sub>max</sub> x<sup>2</sup> e<sup>-x*</sup>"),
            "vₘₐₓ x² e<sup>-x\\*</sup>",
        )


class FormulaTests(unittest.TestCase):
    def test_every_mark_of_anki_becomes_a_formula(self) -> None:
        for source, markdown in (
            ("[latex]text with $x$[/latex]", r"text with \(x\)"),
            (r"[latex]Let \textbf{a} be 50\% of $$b$$, so $c$.[/latex]",
             r"Let **a** be 50% of \[b\], so \(c\)."),
            ("[latex]$x$[/latex]", r"\(x\)"),
            ("[latex]$$x$$[/latex]", r"\[x\]"),
            (r"[latex]\[x\][/latex]", r"\[x\]"),
            ("[latex]E=mc^2[/latex]", r"\[E=mc^2\]"),
            (r"[latex]\begin{align*}a&amp;=b\end{align*}[/latex]",
             r"\[\begin{align*}a&=b\end{align*}\]"),
            (r"[latex]So \begin{align*}a&amp;=b\end{align*} is[/latex]",
             r"So \[\begin{align*}a&=b\end{align*}\] is"),
            ("[$]x[/$] and [$$]y[/$$]", r"\(x\) and \[y\]"),
            (r"\(x\) and \[y\]", r"\(x\) and \[y\]"),
            ("<anki-mathjax>x</anki-mathjax>", r"\(x\)"),
            ('<anki-mathjax block="true">x<br>y</anki-mathjax>', "\\[x\ny\\]"),
        ):  # fmt: skip
            with self.subTest(source):
                self.assertEqual(convert(source), markdown)
                self.assertEqual(
                    render(markdown).count("<math"), len(re.findall(r"\\[(\[]", markdown))
                )


class SoundsTests(unittest.TestCase):
    def test_a_sound_or_video_of_the_collection_is_left_out_without_its_files(self) -> None:
        for source, markdown in (
            ("[sound:a b.mp3] word", "word"),
            ("word<br>[sound:a.mp3]", "word"),
            ("[anki:play:q:0]word [anki:tts lang=de]Wort[/anki:tts]", "word Wort"),
            ("word<audio src=a.mp3></audio>", "word"),
            ("<video><source src=a.mp4></video>word", "word"),
            ("[sound of silence] [sound:]", "[sound of silence]"),
            ("<video src=https://a.example/v.mp4>",
             "[https://a.example/v.mp4](https://a.example/v.mp4)"),
        ):  # fmt: skip
            with self.subTest(source):
                self.assertEqual(convert(source), markdown)

    def test_a_sound_of_the_collection_stays_where_it_was(self) -> None:
        for source, markdown in (
            ("[sound:a b.mp3] word", "♪a b.mp3♪ word"),
            ("word<br>[sound:a.MP3]", "word  \n♪a.MP3♪"),
            ("a [sound:b.mp3] c [sound:d.ogg]", "a ♪b.mp3♪ c ♪d.ogg♪"),
            ("word<audio src=a.mp3></audio>", "word♪a.mp3♪"),
            ("<audio><source src=a.ogg></audio>word", "♪a.ogg♪word"),
            ("<b>a [sound:b.mp3]</b>", "**a ♪b.mp3♪**"),
            ("[sound:a<b.mp3]", "♪a<b.mp3♪"),
            ("[sound:a.mp4]word<video src=a.mp4></video>", "word"),
            ("<audio src=https://a.example/v.mp3>",
             "[https://a.example/v.mp3](https://a.example/v.mp3)"),
            ("[sound:] [sound:x]", ""),
        ):  # fmt: skip
            with self.subTest(source):
                self.assertEqual(convert(source, lambda name, alt: f"♪{name}♪"), markdown)
