"""PostgreSQL finds the same cards by their words as LanceDB does."""

import random
from unittest import mock

from flashcards.domain.records import Flashcard
from flashcards.models import CardKeys, CardRow, KnownWord
from flashcards.store import asked
from flashcards.store.maintenance import checkpoint
from flashcards.store.postgres import card_keys
from flashcards.store.postgres.search import spellings, words
from flashcards.store.search import words as lance_words
from memoryloop.postgres import extensions
from memoryloop.search_words import terms
from memoryloop.spelling import likeness, wrong_letters
from tests.base import TestCase
from tests.engines import InLanceDB
from tests.factories import NOW, flashcard
from tests.flashcards.store.postgres.both_engines import (
    change_in_both,
    in_postgresql,
    store_in_both,
)

ANY = 500
CARDS = (
    ("Capital of France?", "Paris"),
    ("Capital of Spain?", "Madrid"),
    ("Formula of water?", "H2O"),
    ("Where do cafés serve croissants?", "Everywhere in Zürich"),
    ("What runs faster, running water or a runner?", "It depends"),
    ("Wie heißen die Häuser der Füchse?", "Bauten"),
    ("光合成とは?", "光のエネルギー"),
    ("什么是水?", "水是H2O"),
    ("광합성은 무엇인가요?", "빛 에너지"),
    ("{{c1::Mito}}chondria make {{c2::ATP::energy}}", ""),
    ("What is photosynthesis?", "Light becomes sugar"),
    ("Что такое митохондрия?", "Органелла"),
    ("C++ or C#?", "10 000 lines, O'Neill \\ said 😀"),
)  # fmt: skip
TEXTS = (
    # Forms, accents, more than one word, none that tells.
    *("capital", "CAPITALS of france", "the capital: FRANCE water", "cafe croissant", "zuerich"),
    *("run", "runs", "running", "fuchs", "haus", "heissen", "митохондрии", "the", "?!", ""),
    # Scripts without spaces.
    *("光合成", "光合", "成光", "水", "什么是水", "광합성", "에너지"),
    # A word in a gap, signs, numbers.
    *("mitochondria", "energy", "c++", "c#", "h2o", "10000", "10,000", "o'neill", "\\", "😀"),
    # Beginnings, and what is spelt alike.
    *("mad", "photo", "croiss", "mit", "Madird", "Madri", "madrdi", "Maddrid", "Matrid"),
    *("fotosynthesis", "photosynthesys", "mitocondria", "franze", "Maadriids"),
    *("митохандрия", "capitol madird", "xylophon", "12345"),
    # What breaks no query.
    *('"', "capital AND (", "a:b", "*", "^^^mad", "+capital", "\ud800x", "x" * 5_000),
    *("水" * 500, "ж" * 30, "अ" * 30, "xy" * 15, "a & | ! <-> b", "a\x00b"),
)  # fmt: skip

# LanceDB's index takes two letters for wrong in any word, the others as many as its length allows.
JUDGED = ("fotosinthesis", "'; DROP")


class WordsTests(InLanceDB, TestCase):
    def find(self, text: str, limit: int = ANY) -> tuple[set[str], dict[str, int]]:
        with in_postgresql():
            found = words.begin(self.alice.pk, terms(text), limit=limit).result()
        self.assertEqual(len(found.cards), len({card.id for card in found.cards}))
        return {card.question for card in found.cards}, {k: n for k, n in found.counts.items() if n}

    def find_in_lance(self, text: str) -> tuple[set[str], dict[str, int]]:
        found = lance_words.begin(self.alice.pk, terms(text), limit=ANY).result()
        return {card.question for card in found.cards}, {k: n for k, n in found.counts.items() if n}

    def cards(self) -> list[Flashcard]:
        made = [flashcard(self.alice, question=q, answer=a) for q, a in CARDS]
        others = [flashcard(self.bob, question=f"{q} of Bob", answer=a) for q, a in CARDS]
        store_in_both([*made, *others])
        return made

    def test_the_same_cards_are_found_and_counted_as_in_lancedb(self) -> None:
        self.cards()
        for texts in ((*TEXTS, *JUDGED), TEXTS):
            for text in texts:
                with self.subTest(ascii(text)):
                    self.assertEqual(self.find(text), self.find_in_lance(text))
            checkpoint.run()

    def test_misspelt_words_find_the_same_without_the_extension(self) -> None:
        self.cards()
        found = {text: self.find(text) for text in TEXTS}
        with mock.patch.object(extensions, "has_trigrams", return_value=False):
            self.assertEqual({text: self.find(text) for text in TEXTS}, found)

    def test_any_words_with_any_slip_find_the_same(self) -> None:
        draw = random.Random(18)
        vocabulary = ["".join(draw.choices("aeinrst", k=draw.randrange(7, 12))) for _ in range(90)]
        made = [
            flashcard(self.alice, question=" ".join(draw.choices(vocabulary, k=4)), answer=str(n))
            for n in range(60)
        ]
        store_in_both(made)
        for _ in range(80):
            one, other = (draw.choice(vocabulary) for _ in range(2))
            spelt = draw.choice([(one, _slipped(other)), (one[:5], other), (_slipped(one), other)])
            typed = " ".join(spelt)
            with self.subTest(ascii(typed)):
                self.assertEqual(self.find(typed), self.find_in_lance(typed))

    def test_changed_cards_are_found_by_their_new_words_only(self) -> None:
        france, spain, *_ = self.cards()
        change_in_both(spain, question="Chief city of Iberia?", answer="-")
        change_in_both(france, deleted_at=NOW)
        self.assertEqual(self.find("capital"), (set(), {}))
        self.assertEqual(self.find("iberia"), ({"Chief city of Iberia?"}, {"iberia": 1}))
        change_in_both(france, deleted_at=None)
        self.assertEqual(self.find("capital"), ({"Capital of France?"}, {"capital": 1}))
        for text in ("capital", "madrid", "iberia"):
            ids = set(card_keys.ids_with(self.alice.pk, terms(text)[0]).astype(str).tolist())
            there = {str(france.id), str(spain.id)}
            self.assertEqual(ids & there, {"capital": {str(france.id)}, "madrid": set(),
                                           "iberia": {str(spain.id)}}[text])  # fmt: skip

    def test_the_limit_keeps_the_cards_with_the_rarest_words_and_the_most(self) -> None:
        frequent = [flashcard(self.alice, question=f"common usual word {n}") for n in range(40)]
        rare = [flashcard(self.alice, question=f"seldom {'filler ' * 30}{n}") for n in range(3)]
        both = [flashcard(self.alice, question=f"common usual {'longer ' * 30}{n}") for n in (1, 2)]
        store_in_both([*frequent, *rare, *both])
        wanted = {card.question for card in rare}
        for most in (words.RANKED_MOST, 10):
            with mock.patch.object(words, "RANKED_MOST", most):
                self.assertEqual(self.find("common seldom usual", limit=3)[0], wanted)
        found, _ = self.find("longer common", limit=2)
        self.assertEqual(found, {card.question for card in both})

    def test_frequent_words_are_counted_up_to_a_number(self) -> None:
        store_in_both([flashcard(self.alice, question=f"common {n}") for n in range(12)])
        with mock.patch.object(asked, "COUNTED_MOST", 5):
            self.assertEqual(self.find("common")[1], {"common": 5})

    def test_what_is_gone_leaves_nothing_behind(self) -> None:
        self.cards()
        self.assertIn("madrid", KnownWord.objects.values_list("word", flat=True))
        CardRow.objects.filter(owner=self.alice).delete()
        self.assertFalse(CardKeys.objects.filter(owner_id=self.alice.pk).exists())
        self.assertFalse(KnownWord.objects.filter(owner=self.alice).exists())
        self.assertTrue(KnownWord.objects.filter(owner=self.bob).exists())

    def test_words_that_no_card_has_any_more_are_dropped(self) -> None:
        _, spain, *_ = self.cards()
        change_in_both(spain, question="Chief city of Iberia?", answer="-")
        before = set(KnownWord.objects.values_list("owner", "word"))
        dropped = spellings.drop_unused()
        gone = before - set(KnownWord.objects.values_list("owner", "word"))
        self.assertEqual(len(gone), dropped)
        self.assertLessEqual({(self.alice.pk, "madrid"), (self.alice.pk, "spain")}, gone)
        self.assertNotIn((self.alice.pk, "capital"), gone)
        self.assertEqual({owner for owner, _ in gone}, {self.alice.pk})

    def test_trigrams_leave_out_hardly_any_word_that_may_be_meant(self) -> None:
        draw = random.Random(5)
        known = ["".join(draw.choices("abcdefghilmnoprstu", k=draw.randrange(5, 14)))
                 for _ in range(300)]  # fmt: skip
        KnownWord.objects.bulk_create(KnownWord(owner=self.alice, word=w) for w in set(known))
        typed = [(_slipped(word), word) for word in known]
        typed = [(slip, word) for slip, word in typed if likeness(slip, word)]
        found = [word in spellings.like(self.alice.pk, slip) for slip, word in typed]
        self.assertGreater(sum(found) / len(found), 0.95)
        self.assertTrue(all(wrong_letters(*pair, most=3) is not None for pair in typed))


def _slipped(word: str) -> str:
    """Return a word with one letter wrong, missing, doubled or swapped, not the first."""
    at = 1 + len(word) * 7919 % (len(word) - 2)
    return (
        word[:at] + word[at + 1 :],
        word[:at] + "z" + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    )[sum(map(ord, word)) % 4]
