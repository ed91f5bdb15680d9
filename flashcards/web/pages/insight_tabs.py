"""The tabs of Insight: one page each, which keep the cards and the span that were chosen."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

# What goes with a learner from tab to tab, and how long it may be in an address.
KEPT = ("of", "span")
KEPT_MAX_CHARACTERS = 1_500


@dataclass(frozen=True)
class InsightTab:
    """A page of Insight. Its template includes `_tabs.html` with its `name` as `tab`."""

    name: str
    label: str
    url_name: str


# In the order in which they stand.
TABS = (
    InsightTab("statistics", "Statistics", "flashcards:insight"),
    InsightTab("memory", "Memory", "flashcards:insight_memory"),
    InsightTab("plan", "Plan", "flashcards:insight_plan"),
    InsightTab("map", "Map", "flashcards:insight_map"),
    InsightTab("coverage", "Coverage", "flashcards:insight_coverage"),
    InsightTab("week", "Week", "flashcards:insight_week"),
)


@dataclass(frozen=True)
class TabLink:
    name: str
    label: str
    url: str


def links(asked: dict[str, str]) -> list[TabLink]:
    """Return the tabs as links; of what was asked for, what all tabs understand goes along."""
    kept = {
        name: asked[name] for name in KEPT if 0 < len(asked.get(name, "")) <= KEPT_MAX_CHARACTERS
    }
    query = f"?{urlencode(kept)}" if kept else ""
    return [TabLink(tab.name, tab.label, reverse(tab.url_name) + query) for tab in TABS]
