"""The presets of a package: taken, offered or named as left out."""

from datetime import timedelta
from typing import Any
from unittest import mock

from django.urls import reverse
from django.utils import timezone

from flashcards import scheduling, study_settings
from flashcards.cards import folding
from flashcards.exchange.anki.preset_options import LONG_STEPS
from flashcards.exchange.import_choice import NO_PRESET
from flashcards.exchange.import_presets import (
    COMMON_LEFT,
    LEFT,
    PARAMETERS_LEFT,
    RETENTION_LEFT,
    UNKNOWN,
)
from flashcards.models import Deck, StudySettings
from flashcards.scheduling import DEFAULT_PARAMETERS
from flashcards.store import cards
from flashcards.study_settings import presets
from tests.flashcards.exchange.anki_packages import CREATED, Package
from tests.flashcards.exchange.test_anki_export import ExportTestCase
from tests.flashcards.exchange.test_anki_import import ImportTestCase

FITTED = (0.3, 1.5, 2.5, 9.0, *DEFAULT_PARAMETERS[4:20], 0.31)
OTHER = (0.4, 1.6, 2.6, 9.5, *DEFAULT_PARAMETERS[4:20], 0.2)
# The defaults of FSRS-4.5 and FSRS-5.
WEIGHTS = (0.4872, 1.4003, 3.7145, 13.8206, 5.1618, 1.2298, 0.8975, 0.031, 1.6474, 0.1367, 1.0461,
           2.1072, 0.0793, 0.3246, 1.587, 0.2272, 2.8755)  # fmt: skip
FSRS5 = (0.40255, 1.18385, 3.173, 15.69105, 7.1949, 0.5345, 1.4604, 0.0046, 1.54575, 0.1192,
         1.01925, 1.9395, 0.11, 0.29605, 2.2698, 0.2315, 2.9898, 0.51655, 0.6621)  # fmt: skip


class PresetTests(ImportTestCase):
    def package(self, **preset: Any) -> Package:
        package = Package()
        package.presets = {
            1: {"id": 1, "name": "Default", "desiredRetention": 0.9},
            2: {"id": 2, "name": "Mine", **preset},
        }
        package.preset_of = {"A": 2}
        package.basic("q", "a", "A", type=2, queue=2, due=40, ivl=20, factor=2500,
                      data='{"s": 31.5, "d": 6.25, "dr": 0.85, "decay": 0.31}')  # fmt: skip
        return package

    def parameters(self) -> tuple[float, ...]:
        return study_settings.settings_for(owner_id=self.alice.pk).parameters

    def retention_of(self, name: str) -> float:
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        governing = settings.governing_deck((Deck.objects.get(name=name).id,))
        return (settings.decks[governing] if governing else settings).desired_retention

    def test_parameters_and_retention_come_from_every_format(self) -> None:
        for form in ("anki2", "anki21", "anki21b"):
            with self.subTest(form=form):
                row = self.upload(self.package(fsrsParams6=FITTED, desiredRetention=0.85), form)
                self.assertEqual(
                    row.contents["presets"],
                    [{"id": "2", "name": "Mine", "parameters": True, "retention": 0.85,
                      "cards": 1, "options": {}}],
                )  # fmt: skip
                report = self.take(row)
                self.assertEqual(report["settings"]["preset"], "Mine")
                self.assertEqual((report["left_out"], self.parameters()), ({}, FITTED))
                self.assertEqual(self.retention_of("A"), 0.85)
                (card,) = self.cards().values()
                self.assertEqual((card.stability, card.difficulty), (31.5, 6.25))
                settings = study_settings.settings_for(owner_id=self.alice.pk).schedule
                at = CREATED + timedelta(days=400)
                chance = scheduling.retrievability(card, at, settings=settings)
                falls = 0.9 ** (-1 / 0.31) - 1
                assert card.last_review is not None
                days = (at - card.last_review) / timedelta(days=1)
                self.assertAlmostEqual(chance or 0, (1 + falls * days / 31.5) ** -0.31)
                self.assert_sound()
                self.undo(row)
                self.assertEqual((self.parameters(), Deck.objects.count()), ((), 0))
                own = StudySettings.objects.get(owner=self.alice, name="")
                self.assertIsNone(own.desired_retention)
                self.assert_sound()

    def test_parameters_of_older_versions_become_those_of_fsrs_6(self) -> None:
        self.import_(self.package(fsrsParams5=FSRS5))
        self.assertEqual(self.parameters(), (*FSRS5, 0.0, 0.5))
        folding.set_memory_model(
            owner_id=self.alice.pk, model="fsrs-6", parameters=None, now=timezone.now()
        )
        self.import_(self.package(fsrsWeights=WEIGHTS))
        given = self.parameters()
        self.assertEqual((given[:4], given[7:17]), (WEIGHTS[:4], WEIGHTS[7:]))
        self.assertEqual(given[17:], (0.0, 0.0, 0.0, 0.5))
        self.assertAlmostEqual(given[4], 5.1618 + 2 * 1.2298)

    def test_what_no_fsrs_has_is_not_taken(self) -> None:
        for given in ([1.0] * 5, ["x"] * 21, [float("inf")] * 21, {"a": 1}, [9e9] * 21):
            with self.subTest(given=str(given)[:20]):
                self.import_(self.package(fsrsParams6=given))
                cards_there = list(cards.for_owner(self.alice))
                self.assertEqual(len(cards_there), 1)
                model = study_settings.settings_for(owner_id=self.alice.pk).schedule.model
                self.assertGreater(model.days_until(model.from_sm2(2.5, 10), 0.8), 0)

    def preset_of(self, name: str) -> StudySettings | None:
        return Deck.objects.get(name=name).preset

    def test_own_parameters_stay_for_all_cards_and_the_deck_has_its_preset(self) -> None:
        folding.set_memory_model(
            owner_id=self.alice.pk, model="fsrs-6", parameters=OTHER, now=timezone.now()
        )
        report = self.import_(self.package(fsrsParams6=FITTED, desiredRetention=0.85))
        self.assertEqual((self.parameters(), report["settings"]), (OTHER, {"preset": ""}))
        self.assertEqual(report["left_out"], {})
        preset = self.preset_of("A")
        assert preset is not None
        self.assertEqual(
            (preset.name, preset.parameters, preset.desired_retention), ("Mine", [*FITTED], 0.85)
        )
        # The state is the package's, whatever the parameters are here.
        (card,) = self.cards().values()
        self.assertEqual((card.stability, card.difficulty), (31.5, 6.25))
        self.assertEqual(self.retention_of("A"), 0.85)
        row = self.upload(self.package(fsrsParams6=FITTED, desiredRetention=0.85))
        report = self.take(row, preset="2")
        self.assertEqual((self.parameters(), report["left_out"]), (FITTED, {}))
        self.undo(row)
        self.assertEqual(self.parameters(), OTHER)
        self.assert_sound()

    def test_nothing_is_set_for_who_keeps_their_own_settings(self) -> None:
        package = self.package(fsrsParams6=FITTED, desiredRetention=0.85)
        report = self.import_(package, preset=NO_PRESET)
        self.assertEqual(set(report["left_out"]), {PARAMETERS_LEFT, RETENTION_LEFT})
        self.assertFalse(StudySettings.objects.exists())

    def test_each_deck_has_its_preset(self) -> None:
        package = self.package(fsrsParams6=FITTED, desiredRetention=0.85)
        package.presets[3] = {
            "id": 3, "name": "Hard", "fsrsParams6": OTHER, "desiredRetention": 0.95
        }  # fmt: skip
        package.preset_of |= {"A::B": 3, "A::C": 2}
        for n in range(3):
            package.basic(f"c{n}", "a", "A::C")
        package.basic("b", "a", "A::B")
        package.basic("d", "a")
        report = self.import_(package)
        self.assertEqual(self.parameters(), FITTED)
        said = {deck.name: self.preset_of(deck.name) for deck in Deck.objects.all()}
        self.assertEqual(
            {name: (preset.name, preset.parameters) for name, preset in said.items() if preset},
            {"A": ("Mine", [*FITTED]), "A::B": ("Hard", [*OTHER]), "A::C": ("Mine", [*FITTED])},
        )
        self.assertEqual(
            {name: self.retention_of(name) for name in said},
            {"A": 0.85, "A::B": 0.95, "A::C": 0.85},
        )
        # Cards of no deck follow what holds for all.
        self.assertEqual(set(report["left_out"]), {RETENTION_LEFT})
        self.assertEqual(report["left_out"][RETENTION_LEFT]["examples"], ["Default"])
        self.assert_sound()
        # Imported again, it finds its presets; undone, it takes them along.
        other = self.package(fsrsParams6=FITTED, desiredRetention=0.85)
        other.preset_of = {"Z": 3}
        other.presets[3] = package.presets[3]
        other.basic("z", "a", "Z")
        row = self.upload(other)
        self.take(row, preset="auto")
        self.assertEqual(self.preset_of("Z"), said["A::B"])
        self.assertEqual(StudySettings.objects.exclude(name="").count(), 2)

    def test_beyond_the_maximum_a_deck_has_no_preset_and_it_is_told(self) -> None:
        folding.set_memory_model(
            owner_id=self.alice.pk, model="fsrs-6", parameters=OTHER, now=timezone.now()
        )
        with mock.patch.object(presets, "PRESETS_MOST", 0):
            report = self.import_(self.package(fsrsParams6=FITTED, desiredRetention=0.85))
        self.assertIsNone(self.preset_of("A"))
        self.assertEqual(report["left_out"][PARAMETERS_LEFT]["examples"], ["A"])
        self.assertEqual(report["left_out"][RETENTION_LEFT]["examples"], ["A"])
        self.assert_sound()

    def test_an_undone_import_takes_its_presets_along(self) -> None:
        package = self.package(fsrsParams6=FITTED, desiredRetention=0.85)
        package.presets[3] = {"id": 3, "name": "Hard", "fsrsParams6": OTHER}
        package.preset_of["B"] = 3
        package.basic("b", "a", "B")
        row = self.upload(package)
        self.take(row)
        self.assertEqual(StudySettings.objects.exclude(name="").count(), 2)
        self.undo(row)
        self.assertFalse(StudySettings.objects.exclude(name="").exists())
        self.assert_sound()

    def test_with_sm2_nothing_of_fsrs_is_in_use(self) -> None:
        package = self.package(fsrsParams6=FITTED, desiredRetention=0.85)
        package.conf["fsrs"] = False
        for form in ("anki21", "anki21b"):
            row = self.upload(package, form)
            (offered,) = row.contents["presets"]
            self.assertEqual((offered["parameters"], offered["retention"]), (False, None))
            self.assertEqual(self.take(row)["left_out"], {})
        self.assertEqual(self.parameters(), ())
        self.assertFalse(StudySettings.objects.exclude(desired_retention=None).exists())

    def test_the_page_offers_them_and_says_what_was_taken(self) -> None:
        self.log_in()
        row = self.upload(self.package(fsrsParams6=FITTED, desiredRetention=0.85))
        url = reverse("flashcards:import", args=[row.id])
        page = self.client.get(url)
        self.assertContains(page, "Use the preset “Mine” for all my cards")
        self.assertContains(page, "a desired retention of 85%")
        self.assertContains(page, 'name="preset" value="2" checked')
        decks = [deck[0] for deck in row.contents["decks"]]
        given = {"decks": decks, "schedule": "keep", "preset": "2"}
        self.client.post(f"{url}start/", given)
        self.take_started(row)
        self.assertContains(self.client.get(url), "of the preset “Mine”, for all your cards")
        other = self.upload(self.package(fsrsParams6=OTHER))
        page = self.client.get(reverse("flashcards:import", args=[other.id]))
        self.assertContains(page, 'name="preset" value="none" checked')

    def options(self, form: str) -> dict[str, Any]:
        """Return a preset's options as one of the schemas has them."""
        if form != "anki21b":
            return {
                "new": {"delays": [1, 15, 2_880], "perDay": 30, "order": 1},
                "rev": {"perDay": 99_999, "maxIvl": 365},
                "lapse": {"delays": [], "leechFails": 5, "leechAction": 1, "minInt": 1},
                "maxTaken": 60, "autoplay": True, "timer": 0, "reviewOrder": 7, "newMix": 2,
                "easyDaysPercentages": [1, 1, 1, 1, 1, 0.5, 0],
            }  # fmt: skip
        numbers = {9: 30, 10: 99_999, 16: 365, 17: 1, 21: 1, 22: 5, 24: 60, 30: 2, 33: 7}
        lists = {1: [1, 15, 2_880], 4: [1, 1, 1, 1, 1, 0.5, 0]}
        return {"options": {"numbers": numbers, "lists": lists}}

    def test_steps_limits_and_orders_come_for_all_cards(self) -> None:
        plain = study_settings.settings_for(owner_id=self.alice.pk)
        for form in ("anki2", "anki21", "anki21b"):
            with self.subTest(form=form):
                row = self.upload(self.package(**self.options(form)), form)
                report = self.take(row)
                settings = study_settings.settings_for(owner_id=self.alice.pk)
                self.assertEqual(
                    (settings.learning_steps_seconds, settings.relearning_steps_seconds),
                    ((60, 900), ()),
                )
                self.assertEqual(
                    (settings.new_per_day, settings.reviews_per_day,
                     settings.maximum_interval_days),
                    (30, 9_999, 365),
                )  # fmt: skip
                # As the order is here anyway.
                self.assertEqual((settings.order, settings.new_cards), ("retrievability", "before"))
                self.assertEqual(settings.easy_days, (100, 100, 100, 100, 100, 50, 0))
                leeches = "the threshold and the action for leeches"
                said = {UNKNOWN.format(what=what) for what in (LONG_STEPS, leeches)}
                self.assertEqual(set(report["left_out"]), said)
                self.assertIsNone(self.preset_of("A"))
                self.assert_sound()
                self.undo(row)
                self.assertEqual(study_settings.settings_for(owner_id=self.alice.pk), plain)

    def test_what_was_changed_here_stays_unless_the_preset_is_chosen(self) -> None:
        study_settings.save(
            owner_id=self.alice.pk, deck=None, values={"new_per_day": 7}, now=timezone.now()
        )
        for form in ("anki21", "anki21b"):
            package = self.package(**self.options(form))
            report = self.import_(package, form)
            settings = study_settings.settings_for(owner_id=self.alice.pk)
            self.assertEqual((settings.new_per_day, settings.reviews_per_day), (7, 9_999))
            # The deck has its own limit all the same.
            preset = self.preset_of("A")
            assert preset is not None
            self.assertEqual((preset.name, preset.new_per_day), ("Mine", 30))
            self.assertNotIn(LEFT["new_per_day"], report["left_out"])
        self.take(self.upload(self.package(**self.options("anki21"))), preset="2")
        self.assertEqual(study_settings.settings_for(owner_id=self.alice.pk).new_per_day, 30)

    def test_decks_that_are_here_keep_their_settings_and_it_is_told(self) -> None:
        Deck.objects.create(owner=self.alice, name="A")
        report = self.import_(self.package(**self.options("anki21")), preset=NO_PRESET)
        self.assertFalse(StudySettings.objects.exists())
        for name, reason in LEFT.items():
            self.assertEqual(report["left_out"][reason]["examples"], ["A"], name)
        for name in ("new_cards", "easy_days"):
            self.assertEqual(report["left_out"][COMMON_LEFT[name]]["examples"], ["Mine"], name)

    def test_steps_and_limits_come_from_a_collection_without_fsrs_too(self) -> None:
        package = self.package(desiredRetention=0.8, fsrsParams6=FITTED, **self.options("anki21"))
        package.conf["fsrs"] = False
        self.import_(package)
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        self.assertEqual((settings.new_per_day, settings.desired_retention), (30, 0.9))
        self.assertEqual(settings.parameters, ())

    def test_options_that_make_no_sense_are_not_taken(self) -> None:
        plain = study_settings.settings_for(owner_id=self.alice.pk)
        wrongs: tuple[dict[str, Any], ...] = (
            {"new": {"delays": "1 10", "perDay": "many"}, "rev": [], "lapse": None},
            {"new": {"delays": [float("nan"), 1], "perDay": float("inf")}},
            {"lapse": {"delays": [-1]}, "easyDaysPercentages": [0] * 7, "newMix": [1]},
            {"easyDaysPercentages": [1, 2], "newMix": 9},
        )
        for wrong in wrongs:
            with self.subTest(wrong=wrong):
                self.import_(self.package(**wrong))
                self.assertEqual(study_settings.settings_for(owner_id=self.alice.pk), plain)

    def test_the_page_says_what_a_preset_sets(self) -> None:
        self.log_in()
        row = self.upload(self.package(fsrsParams6=FITTED, **self.options("anki21")))
        page = self.client.get(reverse("flashcards:import", args=[row.id]))
        self.assertContains(
            page,
            "its FSRS parameters, a desired retention of 90%, learning steps 1m 15m, relearning "
            "steps none, 30 new cards a day in all, 9,999 reviews a day in all, a maximum interval "
            "of 365 days, new cards before the reviews and its easy days</span>",
        )

    def take_started(self, row: Any) -> None:
        from flashcards.tasks import import_cards

        import_cards(import_id=str(row.id))
        row.refresh_from_db()
        self.assertEqual(row.status, "done")


class RoundTripTests(ExportTestCase):
    def test_settings_come_back_with_an_export(self) -> None:
        (deck,) = Deck.objects.all()
        study_settings.save(
            owner_id=self.alice.pk, deck=deck, values={"desired_retention": 0.82},
            now=timezone.now(),
        )  # fmt: skip
        folding.set_memory_model(
            owner_id=self.alice.pk, model="fsrs-6", parameters=FITTED, now=timezone.now()
        )
        self.take(self.receive("mine.apkg", self.export(), self.bob))
        theirs = study_settings.settings_for(owner_id=self.bob.pk)
        self.assertEqual(theirs.parameters, FITTED)
        own = [settings.desired_retention for settings in theirs.decks.values()]
        self.assertEqual(own, [0.82])
        # Rows written with other parameters keep the memory of that time: the cards count.
        mine, theirs_said = (
            [each[:-1] for each in self.said(who)] for who in (self.alice, self.bob)
        )
        self.assertEqual(theirs_said, mine)
