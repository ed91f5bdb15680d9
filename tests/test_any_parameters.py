"""Whatever is sent to an address of ours, it answers, and never with 500.

Every pattern of the four apps is sent every parameter that the code reads, with values that no
browser sends: what PostgreSQL cannot store, numbers past every limit, ids that are none.
"""

import random
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from django import forms
from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from flashcards.cards import history
from flashcards.models import CardEdit, CardImport
from flashcards.store import cards
from tests.test_isolation import NAMESPACES, Belongings

APPS = ("accounts", "chat", "flashcards", "memoryloop")
_READ = re.compile(
    r"""(?:GET|POST|data)\.(?:get|getlist)\(\s*"([\w-]+)"|(?:GET|POST)\["([\w-]+)"\]"""
)
CONTENTS = dict.fromkeys(
    ("notes", "cards", "reviews", "scheduled", "images", "audio", "video", "other"), 1
)
# An image is named by its content, so a browser may keep it.
KEPT = "/media/"
# Bytes, because text has no lone surrogates: they come percent-encoded.
ALWAYS = (
    *(b"", b"a\0b", b"\xed\xa0\x80", b"+2AA-"),
    *(b"9" * 30, b"not-a-uuid", b'[((( deck:"', b"null", b"["),
)
SOMETIMES = (
    b"\0",
    b"\xff\xfe",
    b"-1",
    b"0",
    b"1e999",
    b"nan",
    b"9" * 5_000,
    b"1.5",
    "²".encode(),
    "١٢".encode(),
    b"00000000-0000-0000-0000-000000000000",
    b'{"a": [',
    b'deck:"',
    b"(((",
    b"due<99999999999999999999",
    b"added:999999999999",
    b'~""',
    b"0001-01-01",
    b"9999-12-31",
    b"9999-12-31T23:59:59+14:00",
    b"//evil.example",
    b"http://[",
    b"x" * 10_000,
    b"\r\n",
)
BAD = ALWAYS + SOMETIMES
# Encodings other than UTF-8 can say what UTF-8 cannot: half a surrogate pair. Django decodes a
# query by them, and refuses a form before any view sees it: of forms a few are enough.
CHARSETS = {
    "GET": ("", "; charset=utf-7", "; charset=utf-16"),
    "POST": (*("",) * 18, "; charset=utf-7", "; charset=utf-16"),
}


def parameters() -> list[str]:
    """Return the names of all parameters that the code reads, and of all fields of its forms."""
    names = {"q", "next", "page"}
    for app in APPS:
        for file in (Path(settings.BASE_DIR) / app).rglob("*.py"):
            for one, other in _READ.findall(file.read_text()):
                names.add(one or other)
    pending: list[type[forms.BaseForm]] = list(forms.BaseForm.__subclasses__())
    while pending:
        form = pending.pop()
        pending += form.__subclasses__()
        if form.__module__.split(".")[0] in APPS:
            names |= set(getattr(form, "base_fields", {}))
    return sorted(names)


def addresses() -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of every address of ours."""

    def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, list[str]]]:
        for each in patterns:
            if isinstance(each, URLResolver):
                inside = each.namespace or ""
                if inside in NAMESPACES or (not inside and each.app_name is None):
                    yield from walk(each.url_patterns, inside)
            elif isinstance(each, URLPattern):
                name = f"{prefix}:{each.name}" if prefix else str(each.name)
                yield name, sorted(each.pattern.converters)

    yield from walk(get_resolver().url_patterns, "")


class AnyParameterTests(Belongings):
    def setUp(self) -> None:
        super().setUp()
        # As the program itself writes them.
        card = cards.for_owner(self.alice).get()
        CardEdit.objects.update(before=history.content(card), after=history.content(card))
        CardImport.objects.update(contents={**CONTENTS, "decks": [], "types": []})
        self.names = parameters()
        self.random = random.Random(1)
        # Of htmx, instead of any that it sends itself.
        self.headers: dict[str, str] = {}
        self.failures: dict[str, str] = {}
        # Methods that an address does not take, with whatever parameters.
        self.not_allowed: set[tuple[str, str]] = set()
        self.log_in()
        self.cookies = self.client.cookies.output(header="", sep=";")
        self.good = [
            *(b"1", b"2", b"on", b"cell", b"suspend", b"all", b"2026-12-01", b"basic", b"/cards/"),
            *(str(self.arguments[name]).encode() for name in ("card_id", "deck_id", "draft_id")),
        ]

    def test_no_value_of_a_parameter_is_too_much(self) -> None:
        for name, arguments in addresses():
            url = self.url(name, arguments)
            for value in (*ALWAYS, *self.random.sample(SOMETIMES, 1)):
                self.send(url, [(each, value) for each in self.names])
            for _ in range(2):
                self.send(url, self.mixed())
        self.assertEqual(self.failures, {})

    def test_a_search_that_is_not_understood_is_said_by_every_view_that_has_one(self) -> None:
        card = str(self.arguments["card_id"]).encode()
        for url in ("/cards/change/", "/cards/", "/cards/ids/", "/study/", "/cards/export/"):
            for query in (b"(((", b'deck:"', b"due<x", b"\0", b"~"):
                for verb in (b"suspend", b"flag", b"delete", b""):
                    sent = [("q", query), ("verb", verb), ("flag", b"1"), ("ids", card)]
                    self.send(url, sent)
                    self.send(url, [*sent, ("all", b"1")])
        self.assertEqual(self.failures, {})

    def test_no_text_in_an_address_is_too_much(self) -> None:
        for name, arguments in addresses():
            for argument in set(arguments) & {"name", "token", "uidb64"}:
                for value in BAD:
                    url = self.url(name, arguments).replace(self.texts[argument], "PLACE")
                    self.send(url.replace("PLACE", quote(value, safe="") or "-"), [])
        self.assertEqual(self.failures, {})

    def test_no_header_of_htmx_is_too_much(self) -> None:
        for value in ("http://[", "http://%5B", "\xff", "javascript:x"):
            names = (
                "Current-URL",
                "Current-URL-URI-AutoEncoded",
                "Target",
                "Trigger-Name",
                "Prompt",
            )
            self.headers = {"HX-Request": "true", **{f"HX-{name}": value for name in names}}
            self.headers["HX-Current-URL-URI-AutoEncoded"] = "true"
            every = list(addresses()) if value == "http://[" else [("flashcards:cards", [])]
            for name, arguments in every:
                self.send(self.url(name, arguments), [])
        self.assertEqual(self.failures, {})

    def test_no_cookie_is_too_much(self) -> None:
        values = ("", "\0", "a\0b", "x" * 5_000, "\xed\xa0\x80", '"', "9" * 400, "a-b-question")
        session = self.client.cookies["sessionid"].value
        for name in ("sessionid", "csrftoken", "messages", "known-device", "card_columns"):
            for value in values:
                for url in ("/", "/accounts/login/", "/cards/"):
                    self.send(url, [], HTTP_COOKIE=f"sessionid={session}; {name}={value}")
        self.assertEqual(self.failures, {})

    texts = {"token": "x-token", "uidb64": "x-uid", "name": f"{'0' * 64}.png"}

    def url(self, name: str, arguments: list[str]) -> str:
        given = {**self.arguments, **self.texts}
        return reverse(name, kwargs={each: given[each] for each in arguments})

    def mixed(self) -> list[tuple[str, bytes]]:
        """Return parameters of which some are good, some bad, some repeated and some missing."""
        return [
            (name, self.random.choice(self.random.choice((self.good, self.good, BAD))))
            for name in self.names
            for _ in range(self.random.choice((0, 1, 1, 1, 2)))
        ]

    def send(self, url: str, parameters: list[tuple[str, bytes]], **environment: Any) -> None:
        """Ask with GET and POST, as a browser or as htmx does, and note what goes wrong."""
        encoded = urlencode(parameters)
        kind = "application/x-www-form-urlencoded"
        for method in ("GET", "POST"):
            if (method, url) in self.not_allowed:
                continue
            charset = self.random.choice(CHARSETS[method])
            headers = self.headers or self.random.choice(
                ({}, {"HX-Request": "true", "HX-Target": "card-list"})
            )
            self.client.cookies = SimpleCookie(self.cookies)
            try:
                with transaction.atomic():
                    response = self.client.generic(
                        method,
                        url,
                        encoded if method == "POST" else b"",
                        f"{kind if method == 'POST' else 'multipart/form-data'}{charset}",
                        headers=headers,
                        QUERY_STRING=encoded if method == "GET" else "",
                        **environment,
                    )
                    transaction.set_rollback(True)
            except Exception as error:
                self.failures.setdefault(
                    f"{type(error).__name__}: {error}"[:200], f"{method} {url}"
                )
            else:
                if response.status_code == 405:
                    self.not_allowed.add((method, url))
                if response.status_code >= 500:
                    self.failures[f"{method} {url}"] = str(response.status_code)
                if response.status_code < 400 and not url.startswith(KEPT):
                    self.assert_kept_by_nobody(url, response["Cache-Control"])

    def assert_kept_by_nobody(self, url: str, header: str) -> None:
        if not {"private", "no-store"} <= {each.strip() for each in header.split(",")}:
            self.failures[f"Cache-Control of {url}"] = header
