"""What people write goes the way of its script, on every page: its element, or one around it, has a
direction of its own.
"""

import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.urls import reverse
from django.utils import timezone

from chat.conversations.conversations import append_message, start_conversation
from flashcards.cards.cards import delete_card
from flashcards.domain.records import NewCard
from flashcards.models import Deck, Document
from tests.base import TestCase
from tests.flashcards.given_cards import give_cards

ARABIC = re.compile("[\u0600-\u06ff]")
# What is in these is no text of the page, or cannot have a direction of its own.
NOT_SHOWN = {"title", "script", "style", "template", "option"}
EMPTY = {"br", "hr", "img", "input", "link", "meta", "source", "wbr", "path", "use"}


class Directions(HTMLParser):
    """Collects the texts and the values that have no direction of their own."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []
        self.undirected: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_heard = "visually-hidden" in (given.get("class") or "")
        has_direction = "dir" in given or tag == "bdi" or is_heard
        is_shown = tag == "input" and given.get("type") not in ("hidden", "checkbox", "radio")
        if is_shown and ARABIC.search(given.get("value") or "") and not has_direction:
            self.undirected.append(self.get_starttag_text() or "")
        if tag not in EMPTY:
            self._open.append((tag, has_direction))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not ARABIC.search(data) or any(tag in NOT_SHOWN for tag, _ in self._open):
            return
        if not any(has_direction for _, has_direction in self._open):
            self.undirected.append(f"<{self._open[-1][0]}> {data.strip()[:80]}")


class RightToLeftTests(TestCase):
    def setUp(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="العواصم::أفريقيا")
        document = Document.objects.create(
            owner=self.alice, name="كتاب.txt", text="القاهرة عاصمة مصر. " * 20
        )
        asked = start_conversation(self.alice, "ما هي عاصمة مصر؟")
        append_message(asked.conversation, "القاهرة")
        conversation = asked.conversation
        made = give_cards(
            self.alice,
            *(
                NewCard(
                    question=f"ما هي عاصمة مصر؟ {number}",
                    answer="القاهرة",
                    extra="ملاحظة",
                    tags=("مدن",),
                    deck_ids=(deck.id,),
                )
                for number in range(3)
            ),
        )
        delete_card(owner_id=self.alice.id, card_id=made[2].id, now=timezone.now())
        self.start = [
            "/", *(reverse(f"flashcards:{name}") for name in ("cards", "decks", "trash", "review")),
            reverse("flashcards:make", args=[document.id]), conversation.get_absolute_url(),
            reverse("chat:conversations"), f"{reverse('chat:search')}?q=مصر",
            f"{reverse('flashcards:card', args=[made[0].id])}",
            f"{reverse('flashcards:edit_card', args=[made[0].id])}",
            f"{reverse('flashcards:review')}?show={made[0].id}",
        ]  # fmt: skip
        self.log_in()

    def test_every_page_that_links_lead_to_gives_texts_their_own_direction(self) -> None:
        # Pages of one kind are looked at once.
        waiting = {_kind(address): address for address in self.start}
        seen: set[str] = set()
        found = 0
        while (kind := next((each for each in waiting if each not in seen), None)) is not None:
            seen.add(kind)
            address = waiting[kind]
            response = self.client.get(address)
            if response.status_code != 200 or "text/html" not in response["Content-Type"]:
                continue
            page = response.content.decode()
            found += ARABIC.search(page) is not None
            reader = Directions()
            reader.feed(page)
            with self.subTest(address):
                self.assertEqual(reader.undirected, [])
            for link in re.findall(r'href="(/[^"#]*)', page):
                if not link.startswith(("/static/", "/admin/", "/account/logout")):
                    waiting.setdefault(_kind(link), link)
        self.assertGreater(found, 10)


def _kind(address: str) -> str:
    return re.sub(r"[0-9a-f-]{36}|\d+", "…", urlsplit(address).path)
