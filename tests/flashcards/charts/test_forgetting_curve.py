"""The drawing of the forgetting curve: points, sentence, nothing that a strict policy blocks."""

import dataclasses
import re
import uuid
from datetime import UTC, timedelta
from xml.etree import ElementTree

from flashcards import scheduling
from flashcards.charts.forgetting_curve import Curve, curve_of
from flashcards.domain.records import Flashcard, Rating, ReviewLog
from tests.base import TestCase
from tests.factories import NOW, flashcard


class CurveTests(TestCase):
    def reviewed(self, *days: float, rating: Rating = Rating.GOOD) -> None:
        card, logs = flashcard(self.alice, created_at=NOW), list[ReviewLog]()
        for day in days:
            card, log = scheduling.review(
                card, rating, NOW + timedelta(days=day), review_id=uuid.uuid4()
            )
            logs.append(log)
        self.card: Flashcard = card
        self.logs = logs

    def curve(self, day: float) -> Curve:
        now = NOW + timedelta(days=day)
        curve = curve_of(self.card, self.logs, now=now, zone=UTC)
        assert curve is not None
        return curve

    def test_a_card_never_reviewed_has_none(self) -> None:
        self.assertIsNone(curve_of(flashcard(self.alice), [], now=NOW, zone=UTC))

    def test_it_falls_from_each_review_and_ends_at_what_the_card_says_now(self) -> None:
        self.reviewed(0, 3, 10)
        curve = self.curve(12)
        self.assertEqual([len(curve.runs), len(curve.marks)], [3, 3])
        for run in (*curve.runs, curve.ahead):
            chances = [chance for _, chance in run]
            self.assertEqual(chances, sorted(chances, reverse=True))
        now = scheduling.retrievability(self.card, NOW + timedelta(days=12))
        self.assertEqual(curve.runs[-1][-1][1], now)
        self.assertEqual(curve.ahead[0][1], now)

    def test_the_sentence_says_now_and_what_comes(self) -> None:
        self.reviewed(0, 3)
        self.assertRegex(
            self.curve(3.5).sentence,
            r"^Right now you would recall it with a chance of \d+%\. "
            r"Without another review that falls to 90% in .+ and to 50% in .+\.$",
        )
        self.assertIn("lifts it again", self.curve(36_000).sentence)

    def test_the_day_it_falls_to_ninety_per_cent_is_its_stability(self) -> None:
        self.reviewed(0, 3)
        assert self.card.stability is not None
        self.assertAlmostEqual(scheduling.days_until(self.card, 0.9), self.card.stability, places=3)

    def test_the_drawing_is_well_formed_and_has_no_style_or_script(self) -> None:
        self.reviewed(0, 3, 9, rating=Rating.AGAIN)
        for drawing in self.curve(12).drawings:
            root = ElementTree.fromstring(drawing)
            self.assertEqual(root.get("role"), "img")
            self.assertTrue(root.get("aria-label"))
            for element in root.iter():
                self.assertFalse({"style", "fill", "stroke"} & set(element.keys()))
                self.assertFalse([name for name in element.attrib if name.startswith("on")])
                self.assertNotIn(element.tag.rpartition("}")[2], ("script", "style"))
            self.assertEqual(len(re.findall("curve-mark--again", drawing)), 3)

    def test_a_review_taken_back_is_not_in_it(self) -> None:
        self.reviewed(0, 3)
        at = NOW + timedelta(days=3)
        card, rows = scheduling.undo(self.card, self.logs, at, undo_id=uuid.uuid4())
        self.card, self.logs = card, [*self.logs, *rows]
        self.assertEqual(len(self.curve(4).marks), 1)

    def test_it_begins_with_the_last_time_the_schedule_was_begun_anew(self) -> None:
        self.reviewed(0, 3)
        row = scheduling.reset_row(self.card, NOW + timedelta(days=4), log_id=uuid.uuid4())
        card = scheduling.fold(self.card, [*self.logs, row])
        card, log = scheduling.review(
            card, Rating.GOOD, NOW + timedelta(days=5), review_id=uuid.uuid4()
        )
        self.card, self.logs = card, [*self.logs, row, log]
        self.assertEqual(self.curve(6).begins, NOW + timedelta(days=5))

    def test_reviews_beyond_counting_are_drawn_as_far_as_they_can_be_seen(self) -> None:
        self.reviewed(*range(400))
        curve = self.curve(401)
        self.assertEqual(len(curve.marks), 150)
        self.assertLess(len(curve.drawings[0]), 120_000)

    def test_a_clock_that_is_behind_breaks_nothing(self) -> None:
        self.reviewed(5)
        card = dataclasses.replace(self.card, due=NOW)
        self.assertIsNotNone(curve_of(card, self.logs, now=NOW, zone=UTC))
