"""Messages are found in any script, and however their letters are encoded."""

# ruff: noqa: RUF001 - letters of many scripts

from chat.recall import hits, message_search
from chat.recall.indexing import index_next
from tests.chat.recall.test_message_search import FindingTestCase


class ScriptsTests(FindingTestCase):
    """What people type is found in any script, and however its letters are encoded."""

    def test_a_word_is_found_within_a_text_without_spaces(self) -> None:
        said = {
            "量子纠缠是量子力学中的一种现象，两个粒子相互影响。": (
                "量子纠缠",
                "力学",
                "粒",
                "纠缠 粒子",
            ),
            "東京タワーは日本の首都にある。": ("首都", "タワー", "ﾀﾜｰ", "日本の首都"),
            "การเรียนรู้ภาษาไทยเป็นเรื่องสนุก": ("ภาษาไทย", "เรียน", "น้ำ การเรียนรู้"),
            "ພາສາລາວມ່ວນ": ("ລາວ",),
            "រាជធានីភ្នំពេញ": ("ភ្នំពេញ",),
            "학교에서 한국어를 배웁니다.": ("학교", "한국어", "배웁", "학교"),
            "The COVID病毒 spreads": ("病毒", "covid", "covid 病毒"),
            "𠮷野家で食べた": ("𠮷野家", "野家"),
        }
        messages = {content: self.said(content) for content in said}
        for content, texts in said.items():
            for text in texts:
                self.assertEqual(self.found(text), [messages[content]], text)
        self.assertEqual(self.found('"子纠缠是"'), [messages[next(iter(said))]])
        self.assertEqual(self.found("粒子 -纠缠"), [])
        hit = message_search.search(owner_id=self.alice.id, text="纠缠").hits[0]
        self.assertIn(f"量子{hits.OPEN}纠缠{hits.CLOSE}是", hit.snippet)

    def test_pairs_of_letters_alone_are_no_word(self) -> None:
        """A word is what stands together, though each pair of its letters is there."""
        self.said("子纠 量子 纠缠")
        together = self.said("量子纠缠")
        for _ in range(2):
            found = message_search.search(owner_id=self.alice.id, text="量子纠缠")
            self.assertEqual([hit.message for hit in found.with_words], [together])
            index_next()

    def test_letters_are_found_in_any_case_and_encoding(self) -> None:
        pairs = (
            ("Ko\u0308ln liegt am Rhein", ("Köln", "KÖLN", "Ko\u0308ln")),
            ("Ο ΔΌΣ ΜΟΙ ΠΑ ΣΤΩ", ("δός", "ΔΌΣ", "δόσ")),
            ("İzmir is a city", ("izmir", "İzmir", "İZMİR", "IZMIR")),
            ("GROẞE STRAẞE", ("große", "grosse straße", "STRASSE")),
            ("Ｔｏｋｙｏ ｔｏｗｅｒ", ("tokyo",)),
            ("Việt Nam", ("việt", "VIE\u0323\u0302T")),
        )
        for content, texts in pairs:
            message = self.said(content)
            for text in texts:
                found = message_search.search(owner_id=self.alice.id, text=text).with_words
                self.assertEqual([hit.message for hit in found], [message], (content, text))
                named = message_search.named(owner_id=self.alice.id, text=text)
                self.assertEqual([each.id for each in named], [message.conversation_id], text)
                hit = message_search.search(owner_id=self.alice.id, text=text).hits[0]
                self.assertIn(hits.OPEN, hit.snippet, text)
