"""Every word of an HTML field is in the Markdown, and is shown when that is rendered."""

import html as html_module
import re
import unittest

from hypothesis import example, given, settings
from hypothesis import strategies as st

from flashcards.exchange.html.to_markdown import convert
from memoryloop.markdown import render

_NAMES = (
    "a b i u s em strong font span mark ins code kbd tt sub sup small big center p div br hr h1 h3 "
    "h6 ul ol li dl dt dd table thead tbody tr td th caption blockquote pre details summary svg "
    "text g select option textarea title button label ruby rt q abbr section article form "
    "o:p my-tag int T"
)
_TAGS = _NAMES.split()
_ATTRIBUTES = (
    "", "", "", ' style="color: red"', " style='background-color:#ff0'", " color=blue", " /",
    ' href="https://example.org/?a=1&b=2"', ' style="font-weight:bold; text-decoration: underline"',
    ' class="x>y"', ' title="unclosed', " start=3", " =", ' "', " '",
)  # fmt: skip
_SIGNS = (
    "<", ">", "&", "&amp;", "&lt;", "&#60;", "&nbsp;", "&#xE004;", "&#xE000;0&#xE001;", "<!", "</",
    "<!--", "-->", "<!-- -->", "<?", "[", "]", "](", "![", "]:", "*", "**", "_", "__", "`", "```",
    "~~", "#", "# ", "- ", "1. ", "=", "---", "|", ":--|", "$", "\\", "\\(", "$$", "{{c1::", "}}",
    "\n", "\n\n", "    ", "\t", "==", "://", "@", ":", "\ue004", "\ue007", "\ue000",
)  # fmt: skip
_pieces = st.one_of(
    st.tuples(st.just("word"), st.just("")),
    st.tuples(st.sampled_from(["open", "close"]), st.sampled_from(_TAGS)),
    st.tuples(st.just("sign"), st.sampled_from(_SIGNS)),
)
_sources = st.lists(st.tuples(_pieces, st.sampled_from(_ATTRIBUTES)), max_size=40)


def written(pieces: list[tuple[tuple[str, str], str]]) -> tuple[str, list[str]]:
    """Return HTML, and its words: a number each, with a letter that no tag has beside it."""
    parts: list[str] = []
    words: list[str] = []
    for (kind, name), attributes in pieces:
        if kind == "word":
            words.append(f"zw{len(words)}wz")
            parts.append(f" {words[-1]} ")
        elif kind == "sign":
            parts.append(name)
        else:
            parts.append(f"<{name}{attributes}>" if kind == "open" else f"</{name}>")
    return "".join(parts), words


def shown(markdown: str) -> str:
    """Return the words of rendered Markdown, with the addresses of its links."""
    rendered = render(markdown)
    addresses = " ".join(re.findall(r'href="([^"]*)"', rendered))
    return html_module.unescape(re.sub(r"<[^>]*>", "", rendered)) + addresses


class WordsTests(unittest.TestCase):
    @settings(max_examples=500, deadline=None)
    @given(_sources)
    @example([(("open", "b"), ""), (("open", "ul"), ""), (("open", "li"), ""), (("word", ""), "")])
    def test_every_word_is_in_the_markdown_and_is_shown(
        self, pieces: list[tuple[tuple[str, str], str]]
    ) -> None:
        source, words = written(pieces)
        # A word between quotation marks, in a comment or in a mark of the page is none.
        markdown = convert(source)
        lost = [word for word in words if word not in markdown and not _is_hidden(source, word)]
        self.assertEqual(lost, [], source)
        text = shown(markdown)
        unseen = [word for word in words if word in markdown and word not in text]
        self.assertEqual(unseen, [], (source, markdown))

    def test_a_block_within_an_inline_element_keeps_its_words_and_its_place(self) -> None:
        blocks = {
            "<ul><li>one</li><li>two</li></ul>": ("- one\n- two", "- {0}one{1}\n- {0}two{1}"),
            "<blockquote>one</blockquote>": ("> one", "> {0}one{1}"),
            "<h2>one</h2>": ("## one", "## {0}one{1}"),
            "<pre>one</pre>": ("```\none\n```", "```\none\n```"),
            "<table><tr><td>a<td>b</table>": (
                "| a | b |\n| --- | --- |", "| {0}a{1} | {0}b{1} |\n| --- | --- |"
            ),
        }  # fmt: skip
        inline = {
            "span": ("", ""), "font": ("", ""), "b": ("**", "**"), "i": ("*", "*"),
            "u": ("<u>", "</u>"), "mark": ("<mark>", "</mark>"), "a href=x": ("[", "](x)"),
            "o:p": ("", ""),
        }  # fmt: skip
        for block, (plain, marked) in blocks.items():
            for tag, marks in inline.items():
                source = f"<{tag}>red{block}blue</{tag.split()[0]}>tail"
                with self.subTest(source=source):
                    kept = marked.format(*marks) if marks[0] else plain
                    before, after = f"{marks[0]}red{marks[1]}", f"{marks[0]}blue{marks[1]}tail"
                    self.assertEqual(convert(source), f"{before}\n\n{kept}\n\n{after}")

    def test_underline_highlight_and_colours_with_a_meaning_stay(self) -> None:
        for source, markdown in (
            ("a<u>b</u>c <ins>d</ins>", "a<u>b</u>c <u>d</u>"),
            ("<mark>a</mark>b", "<mark>a</mark>b"),
            ('<font color="#ff0000">der</font> Hund', "<mark>der</mark> Hund"),
            ('<span style="color: rgb(0, 0, 255);">die</span>', "<mark>die</mark>"),
            ('<span style="background-color:yellow">x</span>', "<mark>x</mark>"),
            ('<span style="color: hsl(120 80% 40%)">x</span>', "<mark>x</mark>"),
            ('<span style="text-decoration: underline red">x</span>', "<u>x</u>"),
            (
                '<div style="color:red">a<div>b</div></div>c',
                "<mark>a</mark>  \n<mark>b</mark>  \nc",
            ),
            ('<b style="color:green">x</b>', "<mark>**x**</mark>"),
            # Colours that paste brings along, and that say nothing.
            ('<span style="color: rgb(32, 33, 34)">x</span>', "x"),
            ('<span style="color:black;background-color:rgb(255,255,255)">x</span>', "x"),
            ('<font color="#000">x</font><span style="background:transparent">y</span>', "xy"),
            ('<span style="color: var(--x)">x</span><span style="color:inherit">y</span>', "xy"),
            ('<span style="color: rgba(255, 0, 0, 0)">x</span>', "x"),
        ):
            with self.subTest(source=source):
                self.assertEqual(convert(source), markdown)

    def test_what_is_no_tag_of_html_or_has_no_end_is_text(self) -> None:
        for source, markdown in (
            ("vector<int> x", "vector\\<int> x"),
            ("a <b", "a \\<b"),
            ("if a < b and c > d", "if a < b and c > d"),
            ("one <!-- two", "one \\<!-- two"),
            ("one <!--> two --> <!---> three -->", "one two --> three -->"),
            ("one <style> two", "one  two".replace("  ", " ")),
            ("one <script>two", "one two"),
            ("<svg><text>heart</text><text>lung</text></svg>!", "[drawing] heart lung !"),
            ("<select><option>a<option>b</select>", "a\n\nb"),
            (r"\(a < b > c\)", r"\(a < b > c\)"),
            ("&#xE000;7&#xE001;", "7"),
        ):
            with self.subTest(source=source):
                self.assertEqual(convert(source), markdown)

    def test_a_long_field_keeps_its_form(self) -> None:
        source = "<ul>" + "<li>word <b>bold</b></li>" * 20_000 + "</ul>"
        self.assertEqual(convert(source).count("\n- word **bold**"), 19_999)


def _is_hidden(source: str, word: str) -> bool:
    """Tell whether a word is in a comment, or between the "<" and ">" of a tag."""
    before, _, after = source.partition(word)
    in_comment = before.rfind("<!--") > before.rfind("-->") and "-->" in after
    # A quotation mark without another pairs up with one of a later tag.
    quoted = re.search(r"""unclosed| ["']>""", before)
    # "<!" and "<?" begin what is read as a comment, up to the next ">".
    in_tag = quoted or re.search(r"<[a-zA-Z/][^<>]*$|<[!?][^>]*$", before)
    return in_comment or (bool(in_tag) and ">" in after)
