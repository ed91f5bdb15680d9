"""Presets on their pages: created, changed, shared by decks, duplicated, deleted and restored."""

import uuid
from unittest import mock

from django.utils import timezone

from flashcards import study_settings
from flashcards.cards import folding
from flashcards.models import Deck, StudySettings
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.study_settings import presets
from flashcards.web.pages import presets as page
from tests.base import TestCase

URL = "/settings/study/"
FITTED = tuple(each * 1.1 if n < 4 else each for n, each in enumerate(DEFAULT_PARAMETERS))


class PresetPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.french, self.latin, self.inside = (
            Deck.objects.create(owner=self.alice, name=name)
            for name in ("French", "Latin", "French::Verbs")
        )
        self.client.post(f"{URL}presets/", {"name": " Languages "})
        self.preset = StudySettings.objects.get(owner=self.alice, name="Languages")
        self.url = f"{URL}presets/{self.preset.pk}/"

    def choose(self, deck: Deck, preset: str) -> None:
        url = f"{URL}{deck.id}/"
        self.assertRedirects(self.client.post(f"{url}preset/", {"preset": preset}), url)

    def own(self, deck: Deck) -> study_settings.EffectiveSettings:
        return study_settings.settings_for(owner_id=self.alice.pk).of_decks([deck.id])

    def test_decks_share_a_preset_and_those_inside_them_follow(self) -> None:
        for deck in (self.french, self.latin):
            self.choose(deck, str(self.preset.pk))
        given = {"name": "Tongues", "desired_retention": "85", "new_per_day": "7"}
        self.assertRedirects(
            self.client.post(self.url, given),
            f"{URL}#study-presets",
            fetch_redirect_response=False,
        )
        for deck in (self.french, self.latin, self.inside):
            own = self.own(deck)
            self.assertEqual(
                (own.preset_name, own.desired_retention, own.new_per_day), ("Tongues", 0.85, 7)
            )
        shown = self.client.get(URL)
        self.assertContains(shown, "Used by French and Latin. Retention 85%, 7 new cards a day.")
        self.assertContains(self.client.get(self.url), 'value="85"')
        # The limits are each deck's own, as in Anki.
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        limits = study_settings.queue_settings(settings, timezone.now()).limits
        self.assertEqual((limits[self.french.id][0], limits[self.latin.id][0]), (7, 7))
        self.assertContains(self.client.get(f"{URL}{self.latin.id}/"), "Used by French.")
        inside = self.client.get(f"{URL}{self.inside.id}/")
        self.assertContains(inside, "Same as French, which uses Tongues")

    def test_a_choice_can_be_undone(self) -> None:
        self.choose(self.french, str(self.preset.pk))
        self.choose(self.french, "new")
        self.assertEqual(self.own(self.french).preset_name, "French")
        self.client.post(f"{URL}presets/undo/")
        self.assertEqual(self.own(self.french).preset_name, "Languages")
        self.choose(self.french, "")
        self.assertEqual(self.own(self.french).preset_name, "")
        self.assertEqual(self.client.post(f"{URL}presets/undo/").status_code, 302)
        self.assertEqual(self.own(self.french).preset_name, "Languages")

    def test_it_is_deleted_and_restored_with_its_decks_and_parameters(self) -> None:
        self.choose(self.french, str(self.preset.pk))
        folding.set_parameters(
            owner_id=self.alice.pk,
            preset_id=self.preset.pk,
            parameters=FITTED,
            now=timezone.now(),
        )
        self.assertContains(self.client.get(self.url), "FSRS parameters of its own")
        self.client.post(f"{self.url}delete/")
        self.assertEqual(self.own(self.french).parameters, ())
        self.assertEqual(self.client.get(self.url).status_code, 404)
        self.client.post(f"{URL}presets/restore/")
        own = self.own(self.french)
        self.assertEqual((own.preset_name, own.parameters), ("Languages", FITTED))

    def test_a_copy_has_its_settings_and_no_deck(self) -> None:
        self.choose(self.french, str(self.preset.pk))
        self.client.post(self.url, {"name": "Languages", "desired_retention": "85"})
        for name in ("Languages (copy)", "Languages (copy) 2"):
            self.client.post(f"{self.url}duplicate/")
            copy = StudySettings.objects.get(owner=self.alice, name=name)
            self.assertEqual((copy.desired_retention, copy.decks.count()), (0.85, 0))

    def test_two_presets_are_not_called_the_same(self) -> None:
        self.client.post(f"{URL}presets/", {"name": "LANGUAGES"})
        self.client.post(f"{URL}presets/", {"name": "  "})
        self.assertEqual(StudySettings.objects.filter(owner=self.alice).count(), 1)
        other = presets.create(owner_id=self.alice.pk, name="Other", now=timezone.now())
        response = self.client.post(f"{URL}presets/{other.pk}/", {"name": "languages"})
        self.assertContains(response, "You have a preset called “languages”", status_code=422)
        response = self.client.post(self.url, {"name": "Languages", "desired_retention": "5"})
        self.assertContains(response, "Choose a percentage from 70 to 99.", status_code=422)

    def test_where_there_are_too_many_every_page_says_so(self) -> None:
        self.choose(self.french, str(self.preset.pk))
        self.client.post(f"{self.url}delete/")
        with mock.patch.object(presets, "PRESETS_MOST", 0):
            StudySettings.objects.get_or_create(owner=self.alice, name="")
            latin, said = f"{URL}{self.latin.id}/", "You have 0 presets, which is the maximum."
            shown = self.client.post(f"{latin}preset/", {"preset": "new"}, follow=True)
            self.assertContains(shown, said)
            shown = self.client.post(latin, {"desired_retention": "85"})
            self.assertContains(shown, said, status_code=422)
            shown = self.client.post(f"{URL}presets/restore/", follow=True)
            self.assertContains(shown, said)
        self.assertEqual(self.own(self.french).preset_name, "")
        self.client.post(f"{URL}presets/restore/")
        self.assertEqual(self.own(self.french).preset_name, "Languages")

    def test_the_effect_is_of_the_cards_of_its_decks(self) -> None:
        given = {"preset": self.preset.pk, "desired_retention": 95}
        self.assertContains(self.client.get(f"{URL}effect/", given), "At 95%")
        self.assertContains(self.client.get(self.url), f"?preset={self.preset.pk}")

    def test_nobody_sees_changes_or_chooses_anothers(self) -> None:
        self.log_in(self.bob)
        theirs = Deck.objects.create(owner=self.bob, name="Mine")
        given = {"name": "x"}
        for url in (self.url, f"{self.url}duplicate/", f"{self.url}delete/"):
            self.assertEqual(self.client.post(url, given).status_code, 404)
        for deck, preset in ((self.french, ""), (theirs, str(self.preset.pk)), (theirs, "x")):
            url = f"{URL}{deck.id}/preset/"
            self.assertEqual(self.client.post(url, {"preset": preset}).status_code, 404)
        given = {"preset": str(self.preset.pk)}
        self.assertEqual(self.client.get(f"{URL}effect/", given).status_code, 404)
        self.assertEqual(self.client.get(self.url).status_code, 404)
        self.assertTrue(StudySettings.objects.filter(pk=self.preset.pk, name="Languages").exists())

    def test_visitors_and_other_methods_are_refused(self) -> None:
        posts = (
            *(f"{URL}presets/", f"{URL}presets/restore/", f"{URL}presets/undo/"),
            *(f"{self.url}duplicate/", f"{self.url}delete/", f"{URL}{uuid.uuid4()}/preset/"),
        )
        for url in posts:
            self.assertEqual(self.client.get(url).status_code, 405)
        self.client.logout()
        for url in (*posts, self.url):
            self.assertIn("/accounts/login/", self.client.post(url).headers["Location"])

    def test_the_common_settings_are_no_preset(self) -> None:
        common = StudySettings.objects.create(owner=self.alice, name="")
        self.assertEqual(self.client.get(f"{URL}presets/{common.pk}/").status_code, 404)
        with self.assertRaises(StudySettings.DoesNotExist):
            presets.choose(
                owner_id=self.alice.pk, deck_ids=[], preset_id=common.pk, now=timezone.now()
            )

    def test_many_decks_are_not_all_named(self) -> None:
        self.assertEqual(page.used_by(["A"]), "Used by A")
        self.assertEqual(page.used_by(list("ABC")), "Used by A, B and C")
        self.assertEqual(page.used_by(list("ABCDE")), "Used by A, B, C and 2 more decks")
