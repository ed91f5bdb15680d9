"""The page Cards: cards with all of the words first, then what is near, and whatever is typed."""

from django.test import Client
from django.urls import reverse

from flashcards.cards import decks, embedding
from flashcards.domain.records import NewCard
from flashcards.models import Document
from flashcards.search import documents
from flashcards.search.find_cards import find_cards
from flashcards.store.maintenance import checkpoint
from flashcards.web import palette
from tests.base import TestCase
from tests.factories import NOW
from tests.flashcards.given_cards import give_cards

URL = "/cards/"
SLOVENIA = "What is the capital of Slovenia?"
CARDS = (
    (SLOVENIA, "Ljubljana"),
    ("What is the capital of Norway?", "Oslo"),
    ("Function of the mitochondria", "They make ATP"),
    ("What is apoptosis?", "Programmed cell death"),
)


class FoundNearTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        give_cards(cls.alice, *(NewCard(question=q, answer=a, tags=("x",)) for q, a in CARDS))
        embedding.embed_all(owner_id=cls.alice.pk)

    def setUp(self) -> None:
        self.client = Client()
        self.client.force_login(self.alice)

    def found(self, q: str, **data: str) -> tuple[list[str], list[tuple[str, str]]]:
        """Return the titles of the table, and those below it with what they were found by."""
        context = self.client.get(URL, {"q": q, **data}).context
        near = [(line.title, line.by) for line in context.get("near", [])]
        return [row.title for row in context["rows"]], near

    def test_a_question_an_ending_or_a_small_word_does_not_make_it_empty(self) -> None:
        for _ in range(2):
            for q in (
                "capital of Slovenia?",
                "What's the capital of Slovenia",
                "SLOVENIA, capitals",
            ):
                self.assertEqual(self.found(q)[0], [SLOVENIA], q)
            checkpoint.run()

    def test_what_is_spelt_alike_is_found_and_offered(self) -> None:
        response = self.client.get(URL, {"q": "mitochodria tag:x"})
        self.assertContains(response, "No card contains all of your words.")
        self.assertContains(response, "Did you mean")
        self.assertContains(response, "?q=mitochondria%20tag%3Ax")
        self.assertEqual(
            self.found("mitochodria")[1][0], (CARDS[2][0], "spelt alike: mitochondria")
        )

    def test_what_is_near_in_meaning_is_found_within_the_filters(self) -> None:
        self.assertEqual(
            self.found("how cells die on purpose")[1][0], (CARDS[3][0], "near in meaning")
        )
        self.assertEqual(self.found("how cells die on purpose tag:none"), ([], []))
        self.assertEqual(self.found("how cells die on purpose -apoptosis")[1][:1], [])

    def test_near_cards_are_no_part_of_what_is_changed_studied_or_saved(self) -> None:
        response = self.client.get(URL, {"q": "mitochodria"})
        self.assertNotContains(response, "Study these cards")
        data = {"q": "mitochodria", "all": "1", "verb": "suspend"}
        self.client.post(reverse("flashcards:change_cards"), data)
        found = find_cards(owner_id=self.alice.pk, text="mitochondria", limit=1)
        self.assertFalse(found[0].card.suspended)

    def test_words_in_quotes_find_just_these(self) -> None:
        self.assertEqual(self.found('"mitochodria"'), ([], []))
        self.assertEqual(self.found('"capitals"'), ([], []))
        self.assertEqual(
            self.found("capitals", order="question")[0],
            [SLOVENIA.replace("Slovenia", c) for c in ("Norway", "Slovenia")],
        )

    def test_a_column_sorts_what_has_the_words(self) -> None:
        newest = self.found("capital", order="-added")[0]
        self.assertEqual(self.found("capital", order="added")[0], newest[::-1])

    def test_anything_can_be_typed(self) -> None:
        for q in (
            "", " ", "x", "?", "…", "the", "der die das", "😀", "😀 😀", '"', '"open', "(",
            ")", "a or", "or", "-", "--", "~", '~"', "deck:", "deck:nowhere", "prop:r", "is:odd",
            "::", ":", "a:b", "\x00", "a\x00b", "\ud800", "x\udfffy",
            "capital столица 首都 العاصمة राजधानी",
            "what " * 400, "w" * 10_000, "word " * 2_000, " ".join(f"w{n}" for n in range(390)),
            "水" * 2_000, "-slovenia", "-the", "c++ c#", "%", "_", "\\", "1,000", "^^^cap",
        ):  # fmt: skip
            with self.subTest(ascii(q[:40])):
                response = self.client.get(URL, {"q": q.encode("utf-8", "surrogatepass")})
                self.assertIn(response.status_code, (200, 422))
                if response.status_code == 422:
                    self.assertRegex(response.context["problem"], r"[.!]$|needs|takes")
                found = palette.find_cards(owner_id=self.alice.pk, text=q, limit=3)
                self.assertLessEqual(len(found), 3)


class PaletteTests(TestCase):
    def test_a_deck_is_found_by_a_form_a_part_or_a_misspelling_of_its_name(self) -> None:
        decks.create_deck(owner_id=self.alice.id, name="Biology::Häuser der Bienen", now=NOW)
        decks.create_deck(owner_id=self.bob.id, name="Biology", now=NOW)
        for text in (
            "biolgy",
            "BIOLOGY",
            "bio",
            "haus",
            "hauser bienen",
            "Bienne",
            "review biolog",
        ):
            found = palette.find_decks(owner_id=self.alice.pk, text=text, limit=5)
            self.assertTrue(found, text)
        for text in ("", "chemistry", "biology chemistry"):
            self.assertEqual(palette.find_decks(owner_id=self.alice.pk, text=text, limit=5), [])

    def test_a_file_is_found_by_its_name_and_by_its_words(self) -> None:
        for owner in (self.alice, self.bob):
            Document.objects.create(
                owner=owner, name="Cell biology.pdf", text="The krebs cycle", sha256=owner.email
            )
        for text in ("celll biology", "biology pdf", "the Krebs cycle"):
            (found,) = documents.find(owner_id=self.alice.pk, text=text, limit=5)
            self.assertEqual((found.owner_id, found.name), (self.alice.pk, "Cell biology.pdf"))
            (item,) = palette.find_documents(owner_id=self.alice.pk, text=text, limit=5)
            self.assertEqual(self.client.get(item.url).status_code, 302)
        for text in ("", "?", "krebs zebra"):
            self.assertEqual(documents.find(owner_id=self.alice.pk, text=text, limit=5), [])
