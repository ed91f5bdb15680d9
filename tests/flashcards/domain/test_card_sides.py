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
