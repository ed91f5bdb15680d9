"""What is sent to a model with a small window, and what is left out."""

import uuid

from django.test import SimpleTestCase

from chat.models import Message
from chat.recall import prompts
from chat.recall.prompts import Material, Prompt, compose
from memoryloop.llm.base import Found
from memoryloop.llm.tokens import most_tokens

CARDS = tuple(
    Found("card", f"Capital of country {number}?", "Lima " * 30, f"/cards/{number}/", "fading")
    for number in range(10)
)


def said(role: str, content: str) -> Message:
    return Message(id=uuid.uuid4(), role=role, content=content)


def talk(count: int, *, words: int = 80) -> list[Message]:
    roles = ("user", "assistant")
    return [said(roles[at % 2], f"message{at} " + "word " * words) for at in range(count)]


def sent(prompt: Prompt) -> str:
    return "\n".join([prompt.system, *(message.content for message in prompt.messages)])


class FittingTests(SimpleTestCase):
    def assert_fits(self, prompt: Prompt, window: int) -> None:
        answer = min(prompts.ANSWER_TOKENS, window // 4)
        texts = [prompt.system, *(message.content for message in prompt.messages)]
        # A little more than the share, for the marks around each message.
        self.assertLessEqual(most_tokens(texts) + answer, window * 1.02 + 20)
        self.assertEqual(prompt.messages[0].role, "user")
        self.assertEqual(prompt.messages[-1].role, "user")

    def test_every_window_is_kept_to_whatever_there_is(self) -> None:
        questions = {
            "short": [said("user", "Why?")],
            "long": [said("user", "Start. " + "word " * 9_000 + "Why is that?")],
            "chinese": [said("user", "为什么？" * 3_000)],
        }
        for window in (2_048, 4_096, 8_192, 16_384):
            for name, question in questions.items():
                for older in (0, 2, 60):
                    for found in ((), CARDS):
                        for about in ("", "What a cell is. " * 300):
                            with self.subTest(window=window, name=name, older=older):
                                messages = (*talk(older), *question)
                                material = Material(messages, 0, found, about)
                                self.assert_fits(compose(material, model_window=window), window)

    def test_the_question_is_whole_and_the_newest_messages_come_with_it(self) -> None:
        messages = (*talk(60), said("user", "And why is that?"))
        prompt = compose(Material(messages, 7, CARDS), model_window=4_096)

        self.assertEqual(prompt.messages[-1].content, "And why is that?")
        self.assertIn("message59", sent(prompt))
        self.assertNotIn("message3 ", sent(prompt))
        self.assertEqual(prompt.left_out, 7 + 61 - len(prompt.window))
        self.assertEqual(list(prompt.window), [each.id for each in messages[-len(prompt.window) :]])
        self.assertLess(0, len(prompt.found))
        self.assertEqual(prompt.found_left_out, len(CARDS) - len(prompt.found))
        for card in CARDS:
            self.assertEqual(card.title in prompt.system, card in prompt.found)
        self.assertEqual(prompt.shortened, {})

    def test_a_question_that_is_too_long_loses_its_middle_and_that_is_told(self) -> None:
        question = said("user", "Read this first. " + "word " * 9_000 + "Now: why is that?")
        prompt = compose(Material((*talk(4), question), 0, CARDS), model_window=4_096)

        (message,) = prompt.messages
        self.assertTrue(message.content.startswith("Read this first."))
        self.assertTrue(message.content.endswith("Now: why is that?"))
        self.assertIn("[…]", message.content)
        self.assertEqual(prompt.shortened, {str(question.id): message.content})
        self.assertEqual((prompt.found, prompt.found_left_out), ((), len(CARDS)))
        self.assertEqual(prompt.left_out, 4)

    def test_with_a_large_window_or_an_unknown_one_nothing_is_shortened(self) -> None:
        messages = (*talk(20), said("user", "Why?"))
        material = Material(messages, 0, CARDS, "What a cell is.")
        for window in (None, 200_000):
            prompt = compose(material, model_window=window)
            self.assertEqual(len(prompt.window), 21)
            self.assertEqual((prompt.found, prompt.shortened), (CARDS, {}))
            self.assertIn("What a cell is.", prompt.system)

    def test_an_answer_at_the_beginning_of_the_window_is_not_said_to_be_sent(self) -> None:
        messages = (said("assistant", "Cut off."), said("user", "Why?"))
        prompt = compose(Material(messages))
        self.assertEqual(list(prompt.window), [messages[1].id])
        self.assertEqual(prompt.left_out, 1)

    def test_an_answer_goes_on_from_its_end(self) -> None:
        question = said("user", "Tell me everything.")
        beginning = said("assistant", "It begins. " + "word " * 9_000 + "and ends with this")
        material = Material((*talk(4), question, beginning), 0, CARDS, goes_on=True)
        for window in (None, 4_096):
            prompt = compose(material, model_window=window)
            with self.subTest(window):
                *_, asked, answered, closing = prompt.messages
                self.assertEqual(asked.content, "Tell me everything.")
                self.assertTrue(answered.content.endswith("and ends with this"))
                self.assertEqual(closing.content, prompts.GO_ON)
                self.assertEqual(prompt.shortened, {str(beginning.id): answered.content})
        self.assert_fits(prompt, 4_096)
