"""Markdown to HTML."""

from django.template import Context, Template
from django.test import SimpleTestCase
from django.utils.safestring import SafeString, mark_safe

from memoryloop.markdown import Kept, render


class RenderTests(SimpleTestCase):
    def test_it_renders_the_usual_markdown(self) -> None:
        html = render("# Cells\n\nA *cell* is **alive**, ~~not~~ `small`.\n\n- one\n- two")

        self.assertInHTML("<h1>Cells</h1>", html)
        self.assertInHTML(
            "<p>A <em>cell</em> is <strong>alive</strong>, <del>not</del> <code>small</code>.</p>",
            html.replace("<s>", "<del>").replace("</s>", "</del>"),
        )
        self.assertInHTML("<ul><li>one</li><li>two</li></ul>", html)

    def test_words_are_underlined_and_highlighted_by_the_only_html_that_is_read(self) -> None:
        for text, html in (
            ("in<u>w</u>ord <mark>*m*</mark>", "in<u>w</u>ord <mark><em>m</em></mark>"),
            ("*a <u>b* c</u>", "<em>a <u>b</u></em><u> c</u>"),
            ("<u>a", "&lt;u&gt;a"),
            ("a</mark> <u>b</mark>", "a&lt;/mark&gt; &lt;u&gt;b&lt;/mark&gt;"),
            ("`<u>a</u>` \\<u>b", "<code>&lt;u&gt;a&lt;/u&gt;</code> &lt;u&gt;b"),
            ("<u onclick=x>a</u>", "&lt;u onclick=x&gt;a&lt;/u&gt;"),
        ):
            with self.subTest(text=text):
                self.assertEqual(render(text).strip(), f"<p>{html}</p>")

    def test_a_text_of_any_length_is_rendered_once_while_there_is_room(self) -> None:
        rendered: list[str] = []

        def render_(text: str) -> SafeString:
            rendered.append(text[:1])
            return mark_safe(text)

        kept = Kept(most=200_000)
        for text in ("a" * 50_000, "a" * 50_000, "b" * 40_000, "a" * 50_000, "b" * 40_000):
            self.assertEqual(kept.html_of(text, render_), text)
        self.assertEqual(rendered, ["a", "b"])
        kept.html_of("c" * 30_000, render_)
        # The one that was used longest ago made room.
        kept.html_of("b" * 40_000, render_)
        kept.html_of("a" * 50_000, render_)
        self.assertEqual(rendered, ["a", "b", "c", "a"])

    def test_a_table_aligns_with_classes_and_never_with_styles(self) -> None:
        html = render("| a | b |\n|:-:|--:|\n| 1 | 2 |")

        self.assertInHTML('<td class="align-center">1</td>', html)
        self.assertInHTML('<td class="align-right">2</td>', html)
        self.assertNotIn("style", html)

    def test_code_is_highlighted_in_the_language_named(self) -> None:
        html = render("```python\nreturn '<b>'\n```")

        self.assertIn('<pre class="code" data-language="python">', html)
        self.assertIn('<span class="k">return</span>', html)
        self.assertIn("&lt;b&gt;", html)

    def test_code_in_an_unknown_language_is_shown_plain(self) -> None:
        html = render("```klingon\nx < y\n```")

        self.assertInHTML(
            '<pre class="code" data-language="klingon"><code>x &lt; y\n</code></pre>', html
        )

    def test_a_language_cannot_break_out_of_its_attribute(self) -> None:
        self.assertNotIn("onload", render('```x"onload="alert(1)\ncode\n```'))

    def test_code_too_long_to_highlight_is_shown_whole(self) -> None:
        code = "x = 1\n" * 5_000

        html = render(f"```python\n{code}```")

        self.assertEqual(html.count("x = 1"), 5_000)

    def test_code_that_takes_too_long_to_highlight_is_shown_whole(self) -> None:
        html = render("```java\n" + "a\n" * 9_000 + "```")

        self.assertEqual(html.count("a\n") + html.count("a</span>\n"), 9_000)

    def test_links_leave_without_telling_and_only_to_the_web_or_mail(self) -> None:
        html = render("[a](https://example.org) [b](mailto:a@example.org) [c](ftp://example.org)")

        self.assertInHTML('<a href="https://example.org" rel="noopener nofollow">a</a>', html)
        self.assertIn('href="mailto:a@example.org"', html)
        self.assertNotIn("ftp:", html)

    def test_a_link_within_the_site_stays(self) -> None:
        self.assertIn('href="/chat/messages/1/"', render("[yours](/chat/messages/1/)"))

    def test_bare_addresses_become_links(self) -> None:
        self.assertIn('href="https://example.org/a"', render("See https://example.org/a."))

    def test_an_image_becomes_a_link_so_that_nothing_is_loaded(self) -> None:
        html = render("![a *cat*](https://example.org/cat.png)")

        self.assertNotIn("<img", html)
        self.assertIn('href="https://example.org/cat.png"', html)
        self.assertIn("cat", html)

    def test_an_image_in_a_link_becomes_its_text(self) -> None:
        html = render("[![cat](https://a.example/cat.png)](https://b.example)")

        self.assertEqual(html.count("<a "), 1)
        self.assertIn('href="https://b.example"', html)

    def test_html_is_shown_and_not_obeyed(self) -> None:
        self.assertIn("&lt;script&gt;", render("<script>alert(1)</script>"))

    def test_the_template_filter_renders(self) -> None:
        html = Template("{{ text|markdown }}").render(Context({"text": "**a** <b>"}))

        self.assertHTMLEqual(html, "<p><strong>a</strong> &lt;b&gt;</p>")


class MathTests(SimpleTestCase):
    def test_every_way_to_write_a_formula_becomes_mathml(self) -> None:
        for text in (r"\(a^2\)", r"\[a^2\]", "$$a^2$$", "$a^2$", "$$\na^2\n$$", "\\[\na^2\n\\]"):
            with self.subTest(text):
                html = render(text)
                self.assertIn("<msup><mi>a</mi><mn>2</mn></msup>", html)
                self.assertNotIn("$", html)

    def test_prices_stay_text(self) -> None:
        for text in (
            "It was $5 and $10.",
            "from $5 to $10 each",
            "$5-$10",
            "US$5 or A$6",
            "It costs 5$ or 6$ now",
            "Between $5 million and $7 million in the year",
            "pay \\$5",
            "`$a$` is code",
            "a $ b $ c",
            "echo $HOME and $PATH",
        ):
            with self.subTest(text):
                self.assertNotIn("<math", render(text))

    def test_short_symbols_between_dollars_are_formulas(self) -> None:
        for text in ("where $x$ is", "$n$-th", "($E = mc^2$)", r"$\alpha$, $\text{if so}$"):
            with self.subTest(text):
                self.assertIn("<math", render(text))

    def test_a_formula_on_lines_of_its_own_is_no_heading_list_or_quote(self) -> None:
        html = render("$$\na\n= b\n+ c\n> d\n$$")

        self.assertIn('display="block"', html)
        self.assertNotRegex(html, "<h1|<ul|<blockquote")

    def test_a_formula_in_a_list_stays_in_the_list(self) -> None:
        html = render("1. First\n\n   \\[\n   a^2\n   \\]\n\n2. Second")

        self.assertEqual(html.count("<ol>"), 1)
        self.assertIn("<msup>", html)

    def test_bad_latex_is_shown_as_code(self) -> None:
        html = render(r"$$\frac{a}{$$ and \(\left( x\)")

        self.assertIn("math-source", html)
        self.assertIn(r"\frac{a}{", html)

    def test_a_formula_that_is_never_closed_is_text(self) -> None:
        html = render("$$\na + b\n\nThe end")

        self.assertIn("a + b", html)
        self.assertIn("<p>The end</p>", html)

    def test_hostile_latex_carries_nothing_active(self) -> None:
        html = render(r"$$\href{javascript:alert(1)}{x} \text{<img src=x onerror=alert(1)>}$$")

        self.assertNotRegex(html, r"<a[^>]+javascript|<img|<[^>]+onerror")

    def test_a_formula_still_open_in_a_stream_is_held_together(self) -> None:
        for opening in (r"\(", r"\[", "$$"):
            with self.subTest(opening):
                html = render(f"So {opening} a_1 * b_2 * c_3 **d", unfinished=True)
                self.assertIn("a_1 * b_2 * c_3 **d</code>", html)
                self.assertIn("math-source", html)
                self.assertNotIn("<em>", html)

    def test_a_dollar_still_open_in_a_stream_may_be_money(self) -> None:
        self.assertIn("<p>It costs $5 and</p>", render("It costs $5 and", unfinished=True))

    def test_prices_beside_a_formula_stay_text(self) -> None:
        html = render("It costs $5, and $x^2$ is a square, and that costs $10.")

        self.assertEqual(html.count("<math"), 1)
        self.assertIn("costs $5, and", html)
        self.assertIn("costs $10.", html)


class TaskListTests(SimpleTestCase):
    def test_boxes_of_a_list_are_shown_as_boxes(self) -> None:
        html = render("- [ ] open\n- [x] **done**\n- [X] too\n- [no] link\n- []\n\n[ ] text")

        self.assertIn('<li class="task">☐ open</li>', html)
        self.assertIn('<li class="task">☑ <strong>done</strong></li>', html)
        self.assertIn('<li class="task">☑ too</li>', html)
        self.assertIn("[no] link", html)
        self.assertIn("<p>[ ] text</p>", html)
