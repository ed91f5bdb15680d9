"""NUL, which PostgreSQL does not take, in whatever is sent to a page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import QueryDict
from django.test import RequestFactory, SimpleTestCase
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from hypothesis import given
from hypothesis import strategies as st

from flashcards.models import Deck
from memoryloop.storable import storable
from memoryloop.web.middleware import StorableTextMiddleware
from tests.base import TestCase

NAMESPACES = {"accounts", "chat", "flashcards", "settings"}
_READ = re.compile(
    r"(?:POST|GET)(?:\.get(?:list)?\(|\[)\s*\"(\w+)\"|^    (\w+) = forms\.", re.MULTILINE
)


def addresses() -> Iterator[str]:
    """Yield the name of every address of ours that takes no argument."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[str]:
        for each in patterns:
            if isinstance(each, URLResolver):
                if (each.namespace or "") in NAMESPACES:
                    yield from walk(each.url_patterns, f"{each.namespace}:")
            elif isinstance(each, URLPattern) and prefix and not each.pattern.converters:
                yield f"{prefix}{each.name}"

    yield from walk(get_resolver().url_patterns, "")


def names_read() -> set[str]:
    """Return the names of all fields of forms and queries that any view reads."""
    found: set[str] = set()
    for app in ("accounts", "chat", "flashcards", "memoryloop"):
        for path in Path(settings.BASE_DIR, app).rglob("*.py"):
            found |= {one or other for one, other in _READ.findall(path.read_text())}
    return found


class EveryPageTests(TestCase):
    def test_no_page_fails(self) -> None:
        names = names_read()
        self.assertGreater(len(names), 40)
        data = dict.fromkeys(names, "a\x00b")
        for address in addresses():
            for visit in (self.client.get, self.client.post):
                with self.subTest(address=address, method=visit.__name__):
                    self.log_in()
                    self.assertLess(visit(reverse(address), data).status_code, 500)

    def test_an_address_with_nul_is_not_found(self) -> None:
        self.log_in()
        for address in ("/cards/%00", "/media/%00.png", "/%00"):
            self.assertEqual(self.client.get(address).status_code, 404)

    def test_a_decks_name_loses_it(self) -> None:
        self.log_in()
        self.client.post(reverse("flashcards:new_deck"), {"name": "Bio\x00logy"})
        self.assertEqual([deck.name for deck in Deck.objects.all()], ["Biology"])


class MiddlewareTests(SimpleTestCase):
    def test_values_and_names_are_made_storable_and_others_stay_as_they_are(self) -> None:
        middleware = StorableTextMiddleware(lambda request: None)  # type: ignore[arg-type]
        request = RequestFactory().post("/?q=a%00&q=b", {"na\x00me": ["x\x00", "y"], "z": "z"})
        middleware.process_view(request)
        self.assertEqual(request.GET, QueryDict("q=a&q=b"))
        self.assertEqual(request.POST, QueryDict("name=x&name=y&z=z"))
        request = RequestFactory().post("/?q=a", {"z": "z"})
        before = request.GET, request.POST
        middleware.process_view(request)
        self.assertIs(request.GET, before[0])
        self.assertIs(request.POST, before[1])

    @given(st.text(alphabet=st.characters(), max_size=20))
    def test_what_is_storable_stays(self, text: str) -> None:
        made = storable(text)
        self.assertEqual(storable(made), made)
        self.assertEqual(made.encode().decode(), made)
        if text == text.encode("utf-8", "ignore").decode() and "\x00" not in text:
            self.assertEqual(made, text)
