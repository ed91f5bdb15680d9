"""The page of a text file: its first rows, and what each column holds."""

from typing import Any
from unittest import mock

from django.urls import reverse

from flashcards.exchange import uploads
from flashcards.models import CardImport, Deck
from flashcards.tasks import import_cards
from tests.flashcards.exchange.test_anki_import import ImportTestCase

TABLE = b"Haus;house;<b>das</b>;noun;p. 7\nHund;dog;der;noun animal;p. 8\n"


class ColumnsTests(ImportTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.log_in()

    def send(self, row: CardImport, path: str = "columns", roles: str = "", **fields: Any) -> Any:
        """Send the form as the page does, with a role for each column."""
        row.refresh_from_db()
        data = {
            "separator": "semicolon", "other_separator": "", "fields_are": "text",
            "schedule": "keep", "decks": [deck[0] for deck in row.contents["decks"]],
            **{f"column_{at}": role for at, role in enumerate(roles.split())},
        }  # fmt: skip
        url = reverse("flashcards:import", args=[row.id])
        return self.client.post(f"{url}{path}/", {**data, **fields}, follow=True)

    def test_the_page_shows_the_first_rows_and_what_was_found(self) -> None:
        row = self.receive("words.txt", b"# a comment\nFront;Back;Tags\n" + TABLE)
        page = self.client.get(reverse("flashcards:import", args=[row.id]))
        for column, said in enumerate(("front", "back", "tags", "extra", "extra")):
            self.assertContains(page, f'<select name="column_{column}"')
            chosen = page.context["columns_form"][f"column_{column}"].value()
            self.assertEqual(chosen, said)
        for text in ("Column 1: Front", "Haus", "noun animal", "1 line that begins with #"):
            self.assertContains(page, text)
        self.assertContains(page, "2 cards of 2 notes")
        self.assertContains(page, "&lt;b&gt;das")

    def test_columns_are_chosen_with_a_preview_or_at_once(self) -> None:
        for path in ("columns", "start"):
            with self.subTest(path):
                row = self.receive("words.csv", TABLE)
                self.assertTrue(row.contents["table"]["layout"]["is_html"])
                roles = "back front ignored tags extra"
                page = self.send(row, path, roles)
                if path == "columns":
                    self.assertContains(page, "The file is read with these columns.")
                    self.send(row, "start", roles)
                import_cards(import_id=str(row.id))
                row.refresh_from_db()
                self.assertEqual(row.status, "done")
                card = self.cards()["house#1"]
                self.assertEqual((card.answer, card.tags), ("Haus", ("noun",)))
                self.assertIn("p. 7", card.extra)
                self.assertNotIn("das", card.extra)

    def test_other_decks_are_shown_before_they_are_imported(self) -> None:
        row = self.receive("words.csv", TABLE)
        page = self.send(row, "start", "front back extra deck extra")
        self.assertContains(page, "With these columns the file has other cards.")
        self.assertContains(page, "noun animal")
        self.send(row, "start", "front back extra deck extra")
        import_cards(import_id=str(row.id))
        names = {deck.name for deck in Deck.objects.filter(owner=self.alice)}
        self.assertEqual(names, {"noun", "noun animal"})

    def test_another_separator_makes_other_columns(self) -> None:
        row = self.receive("words.txt", b"a, b <> c, d\ne, f <> g, h\n")
        self.assertEqual(row.contents["table"]["layout"]["separator"], ",")
        page = self.send(row, roles="front back extra", separator="other", other_separator=" <> ")
        form = page.context["columns_form"]
        self.assertEqual([field.value() for field in form.columns], ["front", "back"])
        self.send(row, "start", "front back", separator="other", other_separator="<>")
        import_cards(import_id=str(row.id))
        self.assertEqual(self.cards()["a, b#1"].answer, "c, d")

    def test_it_says_what_is_wrong_with_a_choice(self) -> None:
        for roles, fields, said in (
            ("back extra tags deck extra", {}, "Choose which column is the front."),
            ("front front tags deck extra", {}, "Only one column can be “Front”."),
            ("front back deck deck extra", {}, "Only one column can be “Deck”."),
            ("front back x tags extra", {}, "Select a valid choice"),
            ("front", {"separator": "other"}, "Write the characters"),
        ):
            for path in ("columns", "start"):
                with self.subTest(said, path=path):
                    row = self.receive("words.csv", TABLE)
                    page = self.send(row, path, roles, **fields)
                    self.assertContains(page, said, status_code=422)
                    row.refresh_from_db()
                    self.assertEqual((row.status, row.layout), ("ready", {}))

    def test_a_large_file_is_read_anew_by_the_worker(self) -> None:
        row = self.receive("words.csv", TABLE)
        with mock.patch.dict(uploads.LOOK_AT_ONCE_BYTES, text=10):
            page = self.send(row, roles="back front ignored tags extra")
        self.assertContains(page, "Reading the file")
        import_cards(import_id=str(row.id))
        row.refresh_from_db()
        self.assertEqual(row.status, "ready")
        self.assertEqual(row.contents["table"]["layout"]["roles"][:2], ["back", "front"])

    def test_a_strangers_file_and_a_package_have_no_columns(self) -> None:
        row = self.receive("words.csv", TABLE)
        self.log_in(self.bob)
        self.assertEqual(self.send(row, roles="front back").status_code, 404)
