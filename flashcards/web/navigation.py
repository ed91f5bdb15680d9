"""The flashcards' links in the navigation."""

from memoryloop.web.navigation import NavigationItem

RAIL = (
    NavigationItem(
        "Review",
        "flashcards:review",
        order=20,
        icon="review",
        name="review",
        key="r",
        badge_url_name="flashcards:due_badge",
        badge_event="cards-changed",
    ),
    NavigationItem("Cards", "flashcards:cards", order=30, icon="cards", name="cards", key="k"),
    NavigationItem("Decks", "flashcards:decks", order=40, icon="decks", name="decks", key="d"),
    NavigationItem(
        "Insight", "flashcards:insight", order=50, icon="insight", name="insight", key="i"
    ),
)
