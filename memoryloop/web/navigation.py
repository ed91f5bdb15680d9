"""The navigation: links of the rail and of the header, registered by each app for its own pages.

Apps register from AppConfig.ready; this module imports none of them.
"""

from dataclasses import dataclass
from enum import Enum


class Place(Enum):
    # The rail of whoever is logged in.
    RAIL = "rail"
    # The header of whoever is not, and the front page.
    ENTRANCE = "entrance"


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A link to a page. In each place items stand by `order`, the smallest first."""

    label: str
    url_name: str
    order: int
    icon: str = ""
    # What the block "nav" of the page says: its link is marked as the current one.
    name: str = ""
    # The key that leads there after "g", in the list of keys.
    key: str = ""
    # The URL of a fragment shown behind the label, and the event that has it loaded again.
    badge_url_name: str = ""
    badge_event: str = ""


_items: dict[Place, list[NavigationItem]] = {place: [] for place in Place}


def register(place: Place, *items: NavigationItem) -> None:
    """Add links to a place. Registering an item again changes nothing."""
    added = [item for item in items if item not in _items[place]]
    _items[place] = sorted([*_items[place], *added], key=lambda item: item.order)


def items(place: Place) -> list[NavigationItem]:
    """Return the links of a place in order."""
    return list(_items[place])
