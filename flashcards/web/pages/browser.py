"""The card browser's page: what a request asks for, and the table of what was found."""

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from accounts.http import HtmxHttpRequest
from accounts.models import User
from flashcards import store
from flashcards.cards import bulk_actions
from flashcards.cards.labels import FLAGS
from flashcards.domain.query.parser import QUERY_MAX_CHARACTERS
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.study_day import zone_of
from flashcards.search import completion, search
from flashcards.web.pages import card_table, found_near
from memoryloop.storable import storable

# With these the page stays below 150 KB; the next rows are loaded as one scrolls.
PAGE_SIZE = 30
COLUMNS_COOKIE = "card_columns"


@dataclass(frozen=True)
class BrowserQuery:
    """What a learner asks the browser for: a search and an order, at a time."""

    user: User
    text: str
    order: str
    now: datetime
    zone: tzinfo

    @classmethod
    def of(cls, user: User, data: Any) -> "BrowserQuery":
        """Return what a form or a query string asks for; an unknown order is left out."""
        order, text = data.get("order", ""), typed_text(data).strip()
        by, _ = search.split_order(order)
        known = order if order.removeprefix("-") == by else ""
        # The usual order is not named in addresses. Of a search that is how well cards fit.
        known = "" if known == search.NEWEST_FIRST and not text else known
        return cls(user, text, known, timezone.now(), zone_of(user))

    @property
    def url(self) -> str:
        """Return the address of the browser with this search."""
        given = {name: value for name, value in (("q", self.text), ("order", self.order)) if value}
        query = urlencode(given)
        return reverse("flashcards:cards") + (f"?{query}" if query else "")

    def find(self) -> search.Found:
        """Return the cards that the search finds. Raises BadQuery."""
        return search.find(
            owner_id=self.user.id,
            text=self.text,
            now=self.now,
            zone=self.zone,
            order=self.order,
            with_ranked=True,
        )


def typed_text(data: Any) -> str:
    """Return the search as it was typed, cut to its greatest length."""
    return storable(str(data.get("q", "")))[: QUERY_MAX_CHARACTERS + 1]


def table(request: HtmxHttpRequest, query: BrowserQuery) -> dict[str, Any]:
    """Return what the templates of the table take. Raises BadQuery."""
    found = query.find()
    page = Paginator(range(len(found)), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = card_table.columns(request.COOKIES.get(COLUMNS_COOKIE, "").split("-"))
    start = max(page.start_index() - 1, 0)
    rows = card_table.rows(
        found, start, start + PAGE_SIZE, shown=shown, now=query.now, zone=query.zone
    )
    by, descends = search.split_order(query.order)
    names = (deck.name for deck in found.decks if not deck.is_smart)
    is_last = not page.has_next()
    near = found_near.lines(found) if is_last else []
    return {
        "q": query.text,
        "order": query.order,
        "sorted_by": by if query.order or not found.ranked else None,
        "descends": descends,
        "page": page,
        "page_size": PAGE_SIZE,
        "rows": rows,
        "found": len(found),
        "looks_for_words": found.looks_for_words,
        "near": near,
        "meant": found_near.meant(query.text, found) if is_last else "",
        "total": found.total,
        "columns": shown,
        "all_columns": card_table.COLUMNS,
        "deck_names": sorted(names, key=str.lower),
        "tag_names": [] if request.htmx else completion.tags(found.columns),
        "flags": list(enumerate(FLAGS)),
        "change": bulk_actions.under_way(owner_id=query.user.id),
    }


def problem(query: BrowserQuery, error: BadQuery) -> dict[str, Any]:
    """Return what the templates take to point at the place of a search that is not understood."""
    at = min(error.position, len(query.text))
    return {
        "problem": error.sentence,
        "before": query.text[:at],
        "place": query.text[at : at + 1] or " ",
        "after": query.text[at + 1 :],
        "q": query.text,
        "order": query.order,
        "rows": [],
        "total": store.columns(query.user.id).total,
    }
