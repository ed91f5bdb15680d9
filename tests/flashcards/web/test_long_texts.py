"""Texts that no form takes are not worked on either: what a page does with a text is bounded."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.utils import timezone

from flashcards.cards import labels, media
from flashcards.cards.cards import get_card
from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS
from flashcards.domain.records import ANSWER_MAX_CHARACTERS, QUESTION_MAX_CHARACTERS
from memoryloop import markdown
from tests.base import TestCase
from tests.factories import stored_card

# 10,000 images, each under an address of its own.
IMAGES = " ".join(f"![a](/media/{number:012x}.png)" for number in range(10_000))
LISTS = "- a\n" * 50_000


class LongTextTests(TestCase):
    def setUp(self) -> None:
        self.card = stored_card(self.alice)
        self.log_in()

    def test_no_view_that_takes_the_text_of_a_card_works_on_more_than_a_card_can_have(self) -> None:
        urls = {
            "/cards/new/": 422,
            "/cards/preview/": 200,
            "/cards/check/": 200,
            f"/cards/{self.card.id}/edit/": 422,
            f"/cards/{self.card.id}/written-contrast/": 200,
        }
        # The back of a text with gaps is the text and the answer, a blank line between them.
        most = QUESTION_MAX_CHARACTERS + 2 + ANSWER_MAX_CHARACTERS
        for url, status in urls.items():
            for kind in ("basic", "cloze"):
                for text in (IMAGES, LISTS):
                    sent = {"kind": kind, "question": text, "answer": text, "extra": text}
                    with (
                        self.subTest(url=url, kind=kind, text=text[:10]),
                        mock.patch.object(media, "lengthen", wraps=media.lengthen) as looked_up,
                        mock.patch.object(markdown, "_render", wraps=markdown._render) as rendered,
                    ):
                        response = self.client.post(url, sent)
                        self.assertEqual(response.status_code, status)
                        for call in (*looked_up.mock_calls, *rendered.mock_calls):
                            self.assertLessEqual(len(call.args[0]), most)
                        if status == 422:
                            # What was typed is still there.
                            self.assertEqual(response.context["form"]["question"].value(), text)

    def test_a_text_that_a_card_can_have_is_previewed_whole(self) -> None:
        sent = {"kind": "basic", "question": "a" * QUESTION_MAX_CHARACTERS, "answer": "b"}
        self.assertContains(self.client.post("/cards/preview/", sent), sent["question"])

    def test_a_card_has_so_many_tags_and_keeps_what_was_typed(self) -> None:
        for count, status in ((labels.TAGS_MOST, 302), (labels.TAGS_MOST + 1, 422)):
            tags = ", ".join(f"t{number}" for number in range(count))
            response = self.client.post(
                f"/cards/{self.card.id}/labels/", {"tags": tags, "flag": "0"}
            )
            self.assertEqual(response.status_code, status)
        self.assertContains(response, tags, status_code=422)
        card = get_card(owner_id=self.alice.id, card_id=self.card.id)
        self.assertEqual(len(card.tags), labels.TAGS_MOST)

    def test_the_longest_search_is_answered_by_every_form_that_has_one(self) -> None:
        # Twelve characters of an address each.
        search = "🙂" * (QUERY_MAX_CHARACTERS - 10)
        on = timezone.now().date() + timedelta(days=9)
        exam = {"how": "exam", "on": on, "search": search}
        sent: dict[str, tuple[dict[str, Any], int]] = {
            "/cards/change/": ({"q": search, "verb": "suspend", "ids": self.card.id}, 302),
            "/study/": (exam, 422),
            "/cards/export/": ({"q": search, "format": "csv"}, 422),
            "/decks/new/": ({"name": "A", "search": search}, 302),
        }
        for url, (form, status) in sent.items():
            with self.subTest(url=url):
                response = self.client.post(url, form)
                self.assertEqual(response.status_code, status)
                if url == "/study/":
                    self.assertEqual(response.context["form"]["search"].value(), search)
                    self.assertContains(response, "too long for an exam", status_code=422)
        self.assertTrue(get_card(owner_id=self.alice.id, card_id=self.card.id).suspended)

    def test_a_topic_that_is_too_long_is_no_address(self) -> None:
        response = self.client.post("/decks/about/create/", {"topic": "x" * 100_000})
        self.assertEqual(response.status_code, 302)
