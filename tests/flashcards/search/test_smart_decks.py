"""Smart decks that ask for smart decks: whatever they ask for, a page of them is answered, soon."""

from collections.abc import Callable
from datetime import UTC
from unittest import mock

from flashcards.cards import decks
from flashcards.domain.query.parser import parse
from flashcards.domain.query.syntax import BadQuery
from flashcards.models import Deck
from flashcards.review import deck_tree
from flashcards.search import matcher
from flashcards.search.search import find
from flashcards.web.views import decks as views
from tests.base import TestCase
from tests.factories import NOW, stored_card

DEEP = matcher.SMART_DECKS_DEEP


class SmartDecksTests(TestCase):
    def make(self, searches: dict[str, str]) -> None:
        Deck.objects.bulk_create(
            Deck(owner=self.alice, name=name, search=search) for name, search in searches.items()
        )

    def problems(self) -> dict[str, str]:
        lines = deck_tree.tree(owner_id=self.alice.id, now=NOW, zone=UTC)
        return {line.name: line.problem for line in lines}

    def find(self, text: str) -> int:
        return len(find(owner_id=self.alice.id, text=text, now=NOW, zone=UTC))

    def test_each_is_searched_once_however_often_it_is_asked_for(self) -> None:
        stored_card(self.alice)
        # Each asks for all of the next level: 5^8 searches, were each searched anew.
        self.make(
            {
                f"L{level}-{n}": f"deck:L{level + 1}* or -deck:L{level + 1}-0"
                for level in range(DEEP - 1)
                for n in range(5)
            }
        )
        self.make({f"L{DEEP - 1}-{n}": "is:new" for n in range(5)})
        with mock.patch.object(matcher, "parse", side_effect=parse) as parsed:
            self.assertEqual(self.find("deck:L0*"), 1)
            self.assertEqual(parsed.call_count, 5 * DEEP)
            parsed.reset_mock()
            self.assertEqual(set(self.problems().values()), {""})
            self.assertEqual(parsed.call_count, 5 * DEEP)

    def test_so_many_refer_to_each_other_and_no_more(self) -> None:
        # Backwards and forwards, as the order in which they are searched is that of their names.
        for name in ("a{:03}", "{:03}"):
            self.make({name.format(n): f"deck:{name.format(n + 1)}" for n in range(299)})
            self.make({name.format(299): "is:new"})
            problems = self.problems()
            for n, is_fine in ((0, False), (299 - DEEP, False), (300 - DEEP, True), (299, True)):
                with self.subTest(name=name, n=n):
                    self.assertEqual(not problems[name.format(n)], is_fine)
            with self.assertRaisesRegex(BadQuery, "smart decks refer to each other"):
                self.find(f"deck:{name.format(0)}")
            Deck.objects.all().delete()

    def test_the_deepest_searches_in_each_other_fit_on_the_stack(self) -> None:
        nested = "(a or " * 38 + "deck:s{}" + ")" * 38
        self.make({f"s{n}": nested.format(n + 1) for n in range(DEEP - 1)})
        self.make({f"s{DEEP - 1}": "is:new"})
        self.log_in()
        for url in ("/decks/", "/cards/?q=deck:s0", "/cards/ids/?q=deck:s0", "/study/?q=deck:s0"):
            self.assertEqual(self.client.get(url).status_code, 200, url)
        self.assertEqual(set(self.problems().values()), {""})

    def test_their_costly_terms_are_counted_together(self) -> None:
        terms: dict[str, Callable[[int], str]] = {
            "phrases": lambda n: f'"w{n}"',
            "meanings": lambda n: f'~"w{n}"',
            "rated": lambda n: f"rated:{n + 1}",
            r"with a \*": lambda n: f"tag:w{n}*",
        }
        most = {"phrases": 32, "meanings": 4, "rated": 4, r"with a \*": 32}
        for what, term in terms.items():
            each = most[what]
            searches = [" or ".join(term(n * each + k) for k in range(each)) for n in range(12)]
            self.make({f"s{n:02}": search for n, search in enumerate(searches)})
            with (
                self.subTest(what=what),
                mock.patch.object(matcher.Matcher, "_nearest", return_value=[]),
            ):
                with self.assertRaisesRegex(BadQuery, what):
                    self.find("deck:s*")
                failing = [name for name, problem in self.problems().items() if problem]
                self.assertEqual(failing, ["s10", "s11"])
            Deck.objects.all().delete()


class ManyDecksTests(TestCase):
    def test_a_page_shows_so_many_rows_of_the_tree(self) -> None:
        for n in range(3):
            name = "::".join([f"Deck {n}", *"abcd"])
            decks.create_deck(owner_id=self.alice.id, name=name, now=NOW)
        self.log_in()
        with mock.patch.object(views, "PAGE_SIZE", 10):
            first, second = (self.client.get("/decks/", {"page": n}) for n in (1, 2))
        self.assertEqual([len(each.context["lines"]) for each in (first, second)], [10, 5])
        self.assertContains(first, 'href="?page=2"')
        self.assertNotContains(self.client.get("/decks/"), "?page=")

    def test_decks_that_come_back_are_no_more_than_the_maximum(self) -> None:
        deck = decks.create_deck(owner_id=self.alice.id, name="A", now=NOW)
        removed = decks.delete_deck(owner_id=self.alice.id, deck=deck, now=NOW)
        decks.create_deck(owner_id=self.alice.id, name="B", now=NOW)
        with (
            mock.patch.object(decks, "DECKS_MOST", 1),
            self.assertRaisesRegex(decks.BadDeck, "the maximum"),
        ):
            decks.restore_decks(owner_id=self.alice.id, removed=removed)
        self.assertEqual(decks.restore_decks(owner_id=self.alice.id, removed=removed), 1)
