"""Statistics: what a learner knows and what it costs, one function for each chart.

A request makes a reading and asks it for what it draws:

    scope = flashcards.review.scope.read(owner_id, key)   # raises NoSuchScope, BadQuery
    reading = statistics.read(owner_id, scope, Span.MONTH, now)   # raises BadQuery
    found = statistics.retention(reading)

| function | gives | of |
|---|---|---|
| `today` | `Today` | the day so far, whatever the span |
| `retention` | `Retention` | the span, by day, week or month, against the `Aim` |
| `reviews` | `Reviews` | the span, by day, week or month, and by kind |
| `calendar` | `Calendar` | each day of the span, of a year at least |
| `hours` | `Hours` | the span, by the hour of the clock |
| `buttons` | `Buttons` | the span, by rating and kind of card |
| `new_cards` | `NewCards` | the span, by day, week or month |
| `forgetting` | `Forgetting` | the span, by the days since the last lapse |
| `future_due` | `FutureDue` | as many days ahead as the span has |
| `intervals`, `stabilities`, `difficulties`, `retrievabilities` | `Histogram` | the cards now |
| `known`, `card_counts` | `Known`, `CardCounts` | the cards now |

Each dataclass says its units. Where `step` can be given, a fitting one is chosen without it. A
`search` is what the card browser takes as `q` to show the cards behind a bar, within the scope; it
is empty where the search language cannot say which they are.

Whether a difference of two shares is more than chance is in `facts.py`.

What counts: answers that were not taken back. Practice (`cram`) counts as answers and time, and for
nothing else. Of everything, answers of deleted cards count, as that work was done; of a deck or a
search, the answers of the cards that are in it now. What is dated after today is in no chart, nor
what is more than twenty years old: a clock was wrong.
"""

from flashcards.insight.aims import Aim, aim_of
from flashcards.insight.card_statistics import (
    Bar,
    CardCounts,
    DueBar,
    FutureDue,
    Histogram,
    Known,
    card_counts,
    days_ahead,
    difficulties,
    future_due,
    intervals,
    known,
    retrievabilities,
    stabilities,
)
from flashcards.insight.forgetting import Forgetting, LapseBar, forgetting
from flashcards.insight.new_cards import NewCards, NewCardsBar, new_cards
from flashcards.insight.reading import Reading, read
from flashcards.insight.review_statistics import (
    Buttons,
    Calendar,
    CalendarDay,
    Hour,
    Hours,
    Kinds,
    Recall,
    Retention,
    RetentionBar,
    ReviewBar,
    Reviews,
    Today,
    buttons,
    calendar,
    hours,
    retention,
    reviews,
    today,
)
from flashcards.insight.spans import Period, Span, Step

__all__ = [
    "Aim",
    "Bar",
    "Buttons",
    "Calendar",
    "CalendarDay",
    "CardCounts",
    "DueBar",
    "Forgetting",
    "FutureDue",
    "Histogram",
    "Hour",
    "Hours",
    "Kinds",
    "Known",
    "LapseBar",
    "NewCards",
    "NewCardsBar",
    "Period",
    "Reading",
    "Recall",
    "Retention",
    "RetentionBar",
    "ReviewBar",
    "Reviews",
    "Span",
    "Step",
    "Today",
    "aim_of",
    "buttons",
    "calendar",
    "card_counts",
    "days_ahead",
    "difficulties",
    "forgetting",
    "future_due",
    "hours",
    "intervals",
    "known",
    "new_cards",
    "read",
    "retention",
    "retrievabilities",
    "reviews",
    "stabilities",
    "today",
]
