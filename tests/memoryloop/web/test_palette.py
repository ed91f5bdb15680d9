"""The palette: pages, conversations and cards of its owner, for whoever is logged in."""

from django.urls import reverse

from accounts.models import User
from chat.models import Conversation
from memoryloop.web import palette
from memoryloop.web.palette import PaletteItem
from tests.base import TestCase
from tests.factories import stored_card


def _find(user: User, text: str = "") -> dict[str, list[str]]:
    groups = palette.find(owner_id=user.pk, text=text)
    return {name: [item.title for item in items] for name, items in groups.items()}


class PaletteTestCase(TestCase):
    url = "/palette/"

    def test_without_words_it_offers_the_pages_and_the_newest_conversations(self) -> None:
        for number in range(8):
            Conversation.objects.create(owner=self.alice, title=f"Talk {number}")
        stored_card(self.alice, question="A card is found by its words only")
        found = _find(self.alice)
        self.assertEqual(list(found), ["Go to", "Conversations"])
        self.assertIn("Review", found["Go to"])
        self.assertEqual(len(found["Conversations"]), 6)
        self.assertEqual(found["Conversations"][0], "Talk 7")

    def test_every_word_must_occur_and_case_does_not_matter(self) -> None:
        Conversation.objects.create(owner=self.alice, title="The fall of Rome")
        Conversation.objects.create(owner=self.alice, title="The rise of Rome")
        self.assertEqual(_find(self.alice, " ROME  fall "), {"Conversations": ["The fall of Rome"]})

    def test_pages_and_deeds_are_found_by_what_people_call_them(self) -> None:
        for title, texts in {
            "Log out": ("log out", "logout", "sign out", "exit"),
            "Dark theme": ("dark", "dark mode", "night", "theme"),
            "Light theme": ("light", "appearance"),
            "Insight": ("statistics", "stats", "heatmap", "retention", "forecast"),
            "Today": ("progress", "streak", "done"),
            "Settings": ("preferences", "api key", "ollama", "model"),
            "Review settings": ("new cards per day", "retention", "settings"),
            "Study modes": ("cram", "custom study", "study modes", "exam"),
            "Keyboard shortcuts": ("shortcuts", "hotkeys", "help"),
            "Tour": ("tour", "tutorial", "getting started", "help"),
            "Trash": ("trash", "deleted", "bin"),
            "Delete account": ("delete account",),
            "Import cards": ("anki", "csv", "import"),
            "Export your data": ("backup", "export", "download"),
            "Archived conversations": ("archive",),
            "Files": ("pdf", "documents"),
        }.items():
            for text in texts:
                found = _find(self.alice, text)
                self.assertIn(title, found.get("Go to", []) + found.get("Do", []), text)
        self.log_in()
        response = self.client.get(self.url, {"q": "log out"})
        self.assertContains(response, 'action="/accounts/logout/"')
        # What does something is not among the pages that are offered before anything is typed.
        self.assertNotContains(self.client.get(self.url), "Log out")

    def test_a_card_is_shown_as_one_line_of_plain_words(self) -> None:
        card = stored_card(self.alice, question="What does **FSRS**\nstand for?")
        self.assertEqual(_find(self.alice, "fsrs")["Cards"], ["What does FSRS stand for?"])
        self.log_in()
        response = self.client.get(self.url, {"q": "fsrs"})
        self.assertContains(response, reverse("flashcards:card", args=[card.id]))

    def test_it_finds_nothing_of_another_learner_and_nothing_deleted(self) -> None:
        Conversation.objects.create(owner=self.bob, title="Secret talk")
        stored_card(self.bob, question="Secret card")
        gone = Conversation.objects.create(owner=self.alice, title="Secret of mine")
        gone.deleted_at = gone.created_at
        gone.save(update_fields=["deleted_at"])
        self.assertEqual(_find(self.alice, "secret"), {})

    def test_what_was_typed_is_shown_escaped(self) -> None:
        self.log_in()
        response = self.client.get(self.url, {"q": "<script>x</script>"})
        self.assertContains(response, "&lt;script&gt;x&lt;/script&gt;")
        self.assertNotContains(response, "<script>x")

    def test_a_visitor_is_asked_to_log_in_and_only_reading_is_allowed(self) -> None:
        self.assertRedirects(
            self.client.get(self.url), f"{reverse('accounts:login')}?next={self.url}"
        )
        self.log_in()
        self.assertEqual(self.client.post(self.url).status_code, 405)

    def test_registering_a_search_twice_changes_nothing(self) -> None:
        def search(**_: object) -> list[PaletteItem]:
            return [PaletteItem("Cards", "Once", "/", "cards")]

        palette.register(search)
        palette.register(search)
        self.addCleanup(palette._searches.remove, search)
        self.assertEqual(_find(self.alice)["Cards"], ["Once"])
