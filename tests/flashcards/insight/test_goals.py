"""Goals: the lines of a list, and what is refused."""

from datetime import timedelta

from django.test import SimpleTestCase
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from flashcards.insight import goals
from flashcards.insight.goals import BadGoal
from flashcards.models import Goal
from tests.base import TestCase


class LinesTests(SimpleTestCase):
    def test_bullets_numbers_and_page_numbers_are_stripped(self) -> None:
        for typed, line in (
            ("Osmosis", "Osmosis"),
            ("- Osmosis", "Osmosis"),
            ("  * [ ] Osmosis", "Osmosis"),
            ("•Osmosis", "Osmosis"),
            ("– Osmosis  and\tdiffusion", "Osmosis and diffusion"),
            ("## 2.1 Osmosis", "Osmosis"),
            ("1. Osmosis", "Osmosis"),
            ("12) Osmosis", "Osmosis"),
            ("(3) Osmosis", "Osmosis"),
            ("1.2.3 Osmosis", "Osmosis"),
            ("IV. Osmosis", "Osmosis"),
            ("b) Osmosis", "Osmosis"),
            ("Osmosis ........ 12", "Osmosis"),
            ("Osmosis . . . . 12", "Osmosis"),
            ("1) - What is osmosis?", "What is osmosis?"),
            # None of these is a number or a bullet.
            ("E. coli", "E. coli"),
            ("3D graphics", "3D graphics"),
            ("1848 and after", "1848 and after"),
            ("-ase endings", "-ase endings"),
            ("C++ templates", "C++ templates"),
            ("Wait...", "Wait"),
        ):
            with self.subTest(typed=typed):
                self.assertEqual(goals.lines_of(typed), [line])

    def test_blank_lines_and_rules_are_skipped_and_each_line_counts_once(self) -> None:
        text = "\n  \n---\n* * *\nOsmosis\r\n- osmosis\n1.\nMitosis\n"
        self.assertEqual(goals.lines_of(text), ["Osmosis", "Mitosis"])

    @given(st.text(alphabet="a1.-*)( \t\n\r\0[]x#•…é漢", max_size=60))
    def test_any_text_gives_plain_lines_that_stay_what_they_are(self, text: str) -> None:
        for line in goals.lines_of(text):
            self.assertTrue(any(letter.isalnum() for letter in line))
            self.assertEqual(line, " ".join(line.split()))
            self.assertNotIn("\0", line)


class GoalTests(TestCase):
    def create(self, name: str = "Biology", lines: str = "Osmosis") -> Goal:
        return goals.create(owner_id=self.alice.id, name=name, lines=lines, now=timezone.now())

    def test_it_is_kept_as_typed(self) -> None:
        goal = self.create(" Cell\0 biology ", "1. Osmosis\r\n2. Mito\0sis\r\n")
        self.assertEqual((goal.name, goal.lines), ("Cell biology", "1. Osmosis\n2. Mitosis"))

    def test_what_is_missing_or_too_much_is_refused_in_words(self) -> None:
        for name, lines, said in (
            ("", "Osmosis", "Give the goal a name"),
            ("\0 ", "Osmosis", "Give the goal a name"),
            ("n" * 201, "Osmosis", "has 201 characters"),
            ("Biology", "", "no line yet"),
            ("Biology", "---\n\0\n", "no line yet"),
            ("Biology", "\n".join(f"Topic {n}" for n in range(301)), "has 301 lines"),
            ("Biology", "Osmosis\n" + "o" * 301, "Line 2 has 301 characters"),
            ("Biology", "o " * 60_000, "has 120,000 characters"),
        ):
            with self.subTest(said=said), self.assertRaisesMessage(BadGoal, said):
                self.create(name, lines)
        self.assertFalse(Goal.objects.exists())

    def test_there_is_a_limit_of_goals(self) -> None:
        Goal.objects.bulk_create(
            Goal(owner=self.alice, name="Biology", lines="Osmosis") for _ in range(100)
        )
        with self.assertRaisesMessage(BadGoal, "delete one first"):
            self.create()

    def test_a_deleted_one_can_be_restored_for_thirty_days(self) -> None:
        goal, now = self.create(), timezone.now()
        goals.delete(goal, now=now)
        self.assertFalse(goals.for_owner(self.alice.id).exists())
        self.assertEqual(goals.purge(now + timedelta(days=29)), 0)
        goals.restore(goal)
        self.assertTrue(goals.for_owner(self.alice.id).exists())
        goals.delete(goal, now=now)
        self.assertEqual(goals.purge(now + timedelta(days=31)), 1)
