"""The two sides of a card."""

import dataclasses
import re

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from flashcards.domain.card_sides import Draft, back, cloze_ordinals, front, summary
from memoryloop import markdown


def cloze(text: str, ordinal: int = 1, answer: str = "") -> Draft:
    return Draft(kind="cloze", question=text, answer=answer, ordinal=ordinal)


class PlainFacesTests(SimpleTestCase):
    def test_a_basic_card_asks_its_question(self) -> None:
        card = Draft(kind="basic", question="Q", answer="A")
        self.assertEqual((front(card), back(card)), ("Q", "A"))

    def test_a_basic_card_shows_cloze_markup_as_it_is(self) -> None:
        card = Draft(kind="basic", question="{{c1::Q}}", answer="A")
        self.assertEqual(front(card), "{{c1::Q}}")

    def test_the_second_card_of_a_reversed_note_asks_the_answer(self) -> None:
        card = Draft(kind="reversed", question="Q", answer="A")
        self.assertEqual((front(card), back(card)), ("Q", "A"))
        card = dataclasses.replace(card, ordinal=2)
        self.assertEqual((front(card), back(card)), ("A", "Q"))


class ClozeTests(SimpleTestCase):
    def test_the_front_has_a_gap_and_the_back_the_words(self) -> None:
        card = cloze("The {{c1::Seine}} flows through Paris.")
        self.assertEqual(front(card), "The **[…]** flows through Paris.")
        self.assertEqual(back(card), "The **Seine** flows through Paris.")

    def test_a_hint_stands_in_the_gap(self) -> None:
        self.assertEqual(front(cloze("{{c1::Paris::city}}")), "**[city]**")
        self.assertEqual(back(cloze("{{c1::Paris::city}}")), "**Paris**")

    def test_only_the_cards_own_ordinal_is_hidden(self) -> None:
        text = "{{c1::Mercury}}, {{c2::Venus::hot}} and {{c1::Earth}}"
        self.assertEqual(front(cloze(text, 1)), "**[…]**, Venus and **[…]**")
        self.assertEqual(front(cloze(text, 2)), "Mercury, **[hot]** and Earth")
        self.assertEqual(back(cloze(text, 2)), "Mercury, **Venus** and Earth")

    def test_the_back_adds_what_the_answer_says(self) -> None:
        self.assertEqual(back(cloze("{{c1::a}}", answer="More.")), "**a**\n\nMore.")

    def test_inside_code_nothing_is_marked(self) -> None:
        card = cloze("`print({{c1::x::name}})`")
        self.assertEqual(front(card), "`print([name])`")
        self.assertEqual(back(card), "`print(x)`")

    def test_inside_a_fence_the_code_stays_code(self) -> None:
        card = cloze("```python\nfor {{c1::i}} in range(3): {}\n```")
        self.assertEqual(front(card), "```python\nfor […] in range(3): {}\n```")
        self.assertEqual(back(card), "```python\nfor i in range(3): {}\n```")

    def test_code_may_be_what_is_hidden(self) -> None:
        card = cloze("Use {{c1::`std::vector`}} here.")
        self.assertEqual(front(card), "Use **[…]** here.")
        self.assertEqual(back(card), "Use **`std::vector`** here.")

    def test_inside_mathematics_the_formula_stays_whole(self) -> None:
        card = cloze(r"$E = {{c1::mc^2}}$")
        self.assertEqual(front(card), r"$E = \text{[…]}$")
        self.assertEqual(back(card), r"$E = \underline{mc^2}$")

    def test_braces_in_mathematics_are_balanced(self) -> None:
        card = cloze(r"$$\frac{1}{2} = {{c1::\frac{2}{4}}}$$")
        self.assertEqual(back(card), r"$$\frac{1}{2} = \underline{\frac{2}{4}}$$")

    def test_a_formula_may_be_what_is_hidden(self) -> None:
        card = cloze("It costs $5 and {{c1::$x$}} is $6")
        self.assertEqual(front(card), "It costs $5 and **[…]** is $6")

    def test_inside_a_word_the_gap_is_no_broken_bold(self) -> None:
        html = markdown.render(front(cloze("un{{c1::believ}}able")))
        self.assertInHTML("<p>un[…]able</p>", html)
        html = markdown.render(back(cloze("un{{c1::believ}}able")))
        self.assertInHTML("<p>un<strong>believ</strong>able</p>", html)

    def test_a_gap_before_brackets_is_no_link(self) -> None:
        html = markdown.render(front(cloze("{{c1::sin}}(x) and a{{c1::sin}}(x)")))
        self.assertNotIn("<a", html)
        self.assertInHTML("<p><strong>[…]</strong>(x) and a[…](x)</p>", html)

    def test_malformed_markup_is_shown_as_it_is(self) -> None:
        for text in ("{{c1::a", "{{c1:a}}", "{{c0::a}}", "{{c1::}}", "{{c::a}}", "c1::a}}"):
            with self.subTest(text):
                self.assertEqual(front(cloze(text)), text)
                self.assertEqual(back(cloze(text)), text)
                self.assertEqual(cloze_ordinals(text), [])

    def test_a_gap_of_several_paragraphs_stays_as_written(self) -> None:
        self.assertEqual(back(cloze("{{c1::one\n\ntwo}}")), "one\n\ntwo")

    def test_gaps_that_touch_show_no_stars(self) -> None:
        bold = "<strong>ab</strong>"
        for text, ordinal, asked, shown in (
            ("{{c1::Tisch}}{{c2::bein}}", 1, "[…]bein", "<strong>Tisch</strong>bein"),
            ("{{c1::Tisch}}{{c2::bein}}", 2, "Tisch[…]", "Tisch<strong>bein</strong>"),
            (
                "{{c1::Tisch}}{{c1::bein}}",
                1,
                "<strong>[…][…]</strong>",
                "<strong>Tischbein</strong>",
            ),
            ("{{c1::a::x}}{{c1::b::y}}(z)", 1, "<strong>[x][y]</strong>(z)", bold + "(z)"),
            ("{{c1::a}}{{c2::*b*}}", 1, "[…]<em>b</em>", "a<em>b</em>"),
            ("{{c1::3*}} 4", 1, "<strong>[…]</strong> 4", "3* 4"),
            ("{{c1::3* 4*}} 5", 1, "<strong>[…]</strong> 5", "3* 4* 5"),
            ("{{c1::3 * 4}} 5", 1, "<strong>[…]</strong> 5", "<strong>3 * 4</strong> 5"),
            ("{{c1::an *ox* is}}", 1, "<strong>[…]</strong>", "<strong>an <em>ox</em> is</strong>"),
            ("{{c1::a::2*b}} 5", 1, "[2*b] 5", "<strong>a</strong> 5"),
            ("\\{{c1::a}}", 1, "[…]", "\\a"),
        ):  # fmt: skip
            with self.subTest(text, ordinal=ordinal):
                card = cloze(text, ordinal)
                self.assertHTMLEqual(markdown.render(front(card)), f"<p>{asked}</p>")
                self.assertHTMLEqual(markdown.render(back(card)), f"<p>{shown}</p>")

    @given(
        st.lists(
            st.tuples(
                st.sampled_from(["", "1", "2", "1,2"]),
                st.sampled_from(["a", "b c", " d", "e ", "(f)", "g.", "§", "…", "漢字", "、x"]),
                st.sampled_from(["", "::h", "::(i)"]),
            ),
            max_size=5,
        )
    )
    def test_no_gaps_beside_each_other_show_their_marks(
        self, pieces: list[tuple[str, str, str]]
    ) -> None:
        text = "".join(f"{{{{c{n}::{w}{h}}}}}" if n else w for n, w, h in pieces)
        for side in (front(cloze(text)), back(cloze(text))):
            html = markdown.render(side)
            self.assertNotIn("*", html)
            self.assertNotIn("{{", html)

    def test_marks_in_gaps_that_touch_stay_apart(self) -> None:
        def html(side: str) -> str:
            return markdown.render(side).replace("\u2060", "").strip()

        for text in ("{{c1::`a`}}{{c2::`b`}}{{c1::`c`}}", "`a`{{c1::`b`}}{{c2::`c`}}"):
            for ordinal in (1, 2, 3):
                with self.subTest(text, ordinal=ordinal):
                    shown = html(back(cloze(text, ordinal)))
                    self.assertEqual(shown.count("<code>"), 3)
                    self.assertNotIn("`", shown + html(front(cloze(text, ordinal))))
        self.assertHTMLEqual(
            html(back(cloze("{{c1::*a*}}{{c2::*b*}}", 3))), "<p><em>a</em><em>b</em></p>"
        )
        self.assertEqual(html(back(cloze("{{c1::$x$}}{{c2::$y$}}", 3))).count("<math"), 2)
        # Within code nothing is put in.
        self.assertEqual(back(cloze("`a*{{c1::*}}{{c2::*}}`")), "`a***`")

    def test_gaps_in_gaps_are_as_in_anki(self) -> None:
        nested = "{{c1::a {{c2::b}} c}}"
        self.assertEqual(cloze_ordinals(nested), [1, 2])
        for text, ordinal, asked, shown in (
            # What is in a hidden gap is hidden, and the outer hint shows with the outer gap only.
            (nested, 1, "**[…]**", "**a b c**"),
            (nested, 2, "a **[…]** c", "a **b** c"),
            ("{{c1::a {{c2::b}} c::hint}}", 1, "**[hint]**", "**a b c**"),
            ("{{c1::a {{c2::b}} c::hint}}", 2, "a **[…]** c", "a **b** c"),
            ("{{c1::a {{c2::b}}::hint}}", 1, "**[hint]**", "**a b**"),
            ("{{c1::a {{c2::b}}::hint}}", 2, "a **[…]**", "a **b**"),
            ("{{c1::a {{c2::b::k}} c}}", 2, "a **[k]** c", "a **b** c"),
            ("{{c1::{{c2::b}}}}", 1, "**[…]**", "**b**"),
            ("{{c1::{{c2::b}}}}", 2, "**[…]**", "**b**"),
            ("{{c1::a {{c1::b}} c}} d", 1, "**[…]** d", "**a b c** d"),
            ("{{c1::a {{c2::b {{c3::c}}}}}} d", 3, "a b **[…]** d", "a b **c** d"),
            ("{{c1::a {{c2::b {{c3::c}}}}}} d", 2, "a **[…]** d", "a **b c** d"),
            (r"{{c1::$x^{{{c2::2}}}$}}", 2, r"$x^{\text{[…]}}$", r"$x^{\underline{2}}$"),
            (r"$^{{{c1::a{{c2::b}}}}}$", 2, r"$^{a\text{[…]}}$", r"$^{a\underline{b}}$"),
            # An outer gap that is not closed is text.
            ("{{c1::a {{c2::b}}", 2, "{{c1::a **[…]**", "{{c1::a **b**"),
        ):  # fmt: skip
            with self.subTest(text, ordinal=ordinal):
                self.assertEqual(front(cloze(text, ordinal)), asked)
                self.assertEqual(back(cloze(text, ordinal)), shown)

    def test_gaps_are_read_ten_deep(self) -> None:
        text = "x"
        for number in range(12, 0, -1):
            text = f"{{{{c{number}::{text}}}}}"
        self.assertEqual(cloze_ordinals(text), list(range(1, 11)))
        deep = "{{c1::" * 3_000 + "x" + "}}" * 3_000
        self.assertEqual(front(cloze(deep)), "**[…]**")

    def test_a_gap_may_have_several_numbers(self) -> None:
        text = "{{c1,3::a::h}} {{c2::b}} {{c3::c}}"
        self.assertEqual(cloze_ordinals(text), [1, 2, 3])
        self.assertEqual(front(cloze(text, 1)), "**[h]** b c")
        self.assertEqual(front(cloze(text, 2)), "a **[…]** c")
        self.assertEqual(front(cloze(text, 3)), "**[h]** b **[…]**")
        self.assertEqual(back(cloze(text, 3)), "**a** b **c**")
        for text, ordinals in (
            ("{{c2,1,2::a}}", [1, 2]),
            ("{{c,1,::a}}", [1]),
            ("{{c01::a}}", [1]),
            ("{{c0,4::a}}", [4]),
            ("{{c,::a}}", []),
            ("{{c99999::a}}", []),
            ("{{c1, 2::a}}", []),
        ):
            with self.subTest(text):
                self.assertEqual(cloze_ordinals(text), ordinals)

    def test_the_ordinals_come_once_and_in_order(self) -> None:
        self.assertEqual(cloze_ordinals("{{c3::a}} {{c1::b}} {{c3::c}} {{c12::d}}"), [1, 3, 12])

    @given(st.text(alphabet="ab {}c1:$`*\\\n[]|_", max_size=60))
    def test_any_text_has_two_faces(self, text: str) -> None:
        card = cloze(text)
        if not cloze_ordinals(text):
            self.assertEqual(front(card), text)
        markdown.render(front(card))
        markdown.render(back(card))

    @given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=30))
    def test_the_hidden_words_are_on_the_back_only(self, words: str) -> None:
        card = cloze(f"Before {{{{c1::{words}}}}} after")
        self.assertEqual(front(card), "Before **[…]** after")
        self.assertIn(words, back(card))


class SummaryTests(SimpleTestCase):
    def test_it_is_one_line_of_plain_words(self) -> None:
        card = Draft("basic", "# What is `x`?\n\n```python\nx = **1\n```\n[a link](/there)", "")
        self.assertEqual(summary(card), "What is x? x = 1 a link")

    def test_it_keeps_the_gap(self) -> None:
        self.assertEqual(summary(cloze("a{{c1::b}}c {{c1::d}}")), "a[…]c […]")
        card = Draft("basic", "*ser* or _estar_: is 2 * 3 * 4 a snake_case_name?", "")
        self.assertEqual(summary(card), "ser or estar: is 2 * 3 * 4 a snake_case_name?")

    def test_a_long_question_is_cut(self) -> None:
        card = Draft("basic", "The _____ is __not__ H<sub>2</sub>O<br>but \\<sub>", "x")
        self.assertEqual(summary(card), "The _____ is not H2O but \\<sub>")
        text = summary(Draft("basic", "word " * 100, ""))
        self.assertLessEqual(len(text), 160)
        self.assertTrue(re.search(r"word…$", text))
