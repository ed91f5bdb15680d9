"""Three journeys through the program: kept drafts, an imported package, a search.

Each enters only the rooms that it needs, and each function calls into its own floor or one below.
"""

import tempfile
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from flashcards.models import CardImport
from flashcards.store import cards
from flashcards.tasks import import_cards
from tests.architecture.tracing import Journey, trace
from tests.factories import stored_card
from tests.flashcards.drafting.tray import TrayTestCase
from tests.flashcards.exchange.anki_packages import Package

# What any page of a learner needs: the account, the toasts, the records, and the store.
EVERY_PAGE = (
    "accounts",
    "memoryloop",
    "memoryloop/web",
    "memoryloop/server",
    "memoryloop/postgres",
    "memoryloop/templatetags",
    "flashcards/web",
    "flashcards/templatetags",
    "flashcards/models",
    "flashcards/domain",
    "flashcards/store",
)


class JourneyTests(TrayTestCase):
    def assert_stays_in(self, journey: Journey, *rooms: str) -> None:
        """Check that a journey enters these rooms and those of every page, going down only."""
        outside = journey.outside(*EVERY_PAGE, *rooms)
        self.assertEqual(outside, [], f"Files in other rooms. {journey.listing()}")
        upward = [str(call) for call in journey.upward_calls()]
        self.assertEqual(upward, [], f"Calls to a floor above. {journey.listing()}")

    def test_kept_drafts_become_cards(self) -> None:
        batch = self.begin()
        shown = [str(draft.id) for draft in batch.drafts.all()]
        url = reverse("flashcards:accept_drafts", args=[batch.id])

        with trace() as journey:
            self.client.post(url, {"shown": shown, "keep": shown[:2]})

        self.assertEqual(cards.for_owner(self.alice).count(), 2, journey.listing())
        self.assert_stays_in(
            journey,
            "chat/conversations",
            "flashcards/drafting",
            "flashcards/cards",
        )

    def test_an_imported_package_becomes_cards(self) -> None:
        package = Package()
        package.basic("What is a cell?", "The smallest unit of life.")

        with tempfile.TemporaryDirectory() as folder, self.settings(EXCHANGE_ROOT=Path(folder)):
            content = package.write(Path(folder) / "deck.apkg").read_bytes()
            upload = SimpleUploadedFile("deck.apkg", content)
            with trace() as journey:
                self.client.post(reverse("flashcards:imports"), {"file": upload})
                row = CardImport.objects.get(owner=self.alice)
                decks = [deck_id for deck_id, _name, _count in row.contents["decks"]]
                self.client.post(
                    reverse("flashcards:start_import", args=[row.id]),
                    {"decks": decks, "schedule": "keep"},
                )
                import_cards(import_id=str(row.id))
                self.client.get(reverse("flashcards:import", args=[row.id]))

        self.assertEqual(cards.for_owner(self.alice).count(), 1, journey.listing())
        self.assert_stays_in(
            journey,
            "flashcards",
            "flashcards/exchange",
            "flashcards/cards",
            "flashcards/study_settings",
            "flashcards/scheduling",
        )

    def test_a_search_lists_the_cards_it_finds(self) -> None:
        stored_card(self.alice, question="What is a cell?")

        with trace() as journey:
            response = self.client.get(reverse("flashcards:cards"), {"q": "cell is:new"})

        self.assertContains(response, "What is a cell?")
        self.assert_stays_in(
            journey,
            "flashcards/search",
            "flashcards/cards",
            "flashcards/study_settings",
            "flashcards/scheduling",
        )
