"""/settings/study/: what may be set, what it does, and how it is set back."""

import uuid
from datetime import timedelta
from typing import Any

from django.test import SimpleTestCase
from django.utils import timezone

from flashcards import study_settings
from flashcards.domain.records import Rating, State
from flashcards.models import Deck, StudySettings
from flashcards.web.forms.study_settings import StudyForm
from flashcards.web.pages import retention_effect
from tests.base import TestCase
from tests.factories import flashcard, store
from tests.flashcards.given_cards import answer, give_many

URL = "/settings/study/"


def filled(**changes: Any) -> dict[str, Any]:
    """Return the form as the page sends it when nothing was changed but this."""
    initial = StudyForm(present=study_settings.EffectiveSettings()).initial
    values = {
        **initial,
        "learning_steps_seconds": "1m 10m",
        "relearning_steps_seconds": "10m",
        **changes,
    }
    return {name: value for name, value in values.items() if value not in (None, False)}


class StudyPageTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def own_settings(self) -> study_settings.EffectiveSettings:
        return study_settings.settings_for(owner_id=self.alice.pk)

    def test_it_shows_the_settings_in_words(self) -> None:
        response = self.client.get(URL)
        self.assertContains(response, "Desired retention, in percent")
        self.assertContains(response, 'value="1m 10m"')
        self.assertContains(response, 'value="90"')
        self.assertContains(response, "your time zone")

    def test_nothing_changed_sets_nothing(self) -> None:
        self.assertRedirects(self.client.post(URL, filled()), URL)
        self.assertEqual(self.own_settings(), study_settings.EffectiveSettings())

    def test_what_is_saved_holds_and_is_shown(self) -> None:
        given = filled(
            desired_retention="95",
            new_per_day="7",
            reviews_per_day="0",
            learning_steps_seconds="30s, 5 min 2h",
            relearning_steps_seconds="none",
            maximum_interval_days="365",
            rollover_hour="2",
            learn_ahead_minutes="0",
            order="due",
            new_cards="after",
            fuzz="",
            keep_apart="",
            easy_6="0",
        )
        self.assertRedirects(self.client.post(URL, given), URL)
        settings = self.own_settings()
        self.assertEqual((settings.desired_retention, settings.new_per_day), (0.95, 7))
        self.assertEqual(settings.learning_steps_seconds, (30, 300, 7200))
        self.assertEqual((settings.relearning_steps_seconds, settings.reviews_per_day), ((), 0))
        self.assertEqual((settings.maximum_interval_days, settings.learn_ahead_minutes), (365, 0))
        self.assertEqual(
            (settings.order, settings.new_cards, settings.rollover_hour), ("due", "after", 2)
        )
        self.assertEqual(
            (settings.fuzz, settings.keep_apart, settings.bury_siblings), (False, False, True)
        )
        self.assertEqual(settings.easy_days, (100,) * 6 + (0,))
        self.assertContains(self.client.get(URL), 'value="30s 5m 2h"')
        self.assertContains(self.client.get(URL), 'value="none"')

    def test_what_cannot_be_is_said_in_plain_words_and_kept_in_the_field(self) -> None:
        for wrong, words in (
            ({"desired_retention": "100"}, "Choose a percentage from 70 to 99."),
            ({"desired_retention": ""}, "Choose a percentage from 70 to 99."),
            ({"new_per_day": "-1"}, "Choose a number from 0 to 9,999."),
            ({"learning_steps_seconds": "10 x"}, "Write each step with its unit"),
            ({"learning_steps_seconds": "5"}, "Write each step with its unit"),
            ({"learning_steps_seconds": "24h"}, "between a second and 23 hours"),
            ({"relearning_steps_seconds": "1m " * 11}, "The maximum is 10 steps."),
            ({f"easy_{n}": "0" for n in range(7)}, "Leave at least one day"),
        ):
            with self.subTest(wrong=wrong):
                response = self.client.post(URL, filled(**wrong))
                self.assertContains(response, words, status_code=422)
        self.assertFalse(StudySettings.objects.exists())
        response = self.client.post(URL, filled(learning_steps_seconds="10 x"))
        self.assertContains(response, 'value="10 x"', status_code=422)

    def test_everything_can_be_set_back_and_that_be_undone(self) -> None:
        self.client.post(URL, filled(desired_retention="85", learning_steps_seconds="none"))
        self.assertRedirects(self.client.post("/settings/study/reset/"), URL)
        self.assertEqual(self.own_settings(), study_settings.EffectiveSettings())
        self.assertRedirects(self.client.post("/settings/study/restore/"), URL)
        self.assertEqual(self.own_settings().desired_retention, 0.85)
        self.assertEqual(self.own_settings().learning_steps_seconds, ())

    def test_it_is_linked_from_the_settings_and_from_review(self) -> None:
        give_many(self.alice, 1)
        for url in ("/settings/", "/review/"):
            self.assertContains(self.client.get(url), URL)

    def test_a_visitor_is_sent_to_the_log_in_page(self) -> None:
        self.client.logout()
        for url in (URL, f"{URL}{uuid.uuid4()}/", f"{URL}effect/"):
            self.assertRedirects(
                self.client.get(url), f"/accounts/login/?next={url}", fetch_redirect_response=False
            )

    def test_only_the_right_methods_are_taken(self) -> None:
        for url in (f"{URL}reset/", f"{URL}restore/", "/review/more/"):
            self.assertEqual(self.client.get(url).status_code, 405)
        self.assertEqual(self.client.post(f"{URL}effect/").status_code, 405)
        self.assertEqual(self.client.put(URL).status_code, 405)

    def test_a_rating_goes_by_what_was_set(self) -> None:
        card, *_ = give_many(self.alice, 1)
        self.client.post(URL, filled(learning_steps_seconds="none"))
        self.assertEqual(answer(card, Rating.GOOD, now=timezone.now()).state, State.REVIEW)


class DeckTests(TestCase):
    def setUp(self) -> None:
        self.log_in()
        self.deck = Deck.objects.create(owner=self.alice, name="Biology")
        self.url = f"{URL}{self.deck.id}/"

    def own(self) -> study_settings.EffectiveSettings:
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        return study_settings.for_card(settings, flashcard(self.alice, deck_ids=(self.deck.id,)))

    def test_what_is_left_empty_is_as_for_all_cards(self) -> None:
        self.client.post(URL, filled(new_per_day="7"))
        response = self.client.get(self.url)
        self.assertContains(response, 'placeholder="7"')
        self.assertRedirects(self.client.post(self.url, {"desired_retention": "80"}), URL)
        own = self.own()
        self.assertEqual((own.desired_retention, own.new_per_day, own.fuzz), (0.8, 7, True))
        self.assertContains(self.client.get(self.url), 'value="80"')
        self.assertContains(self.client.get(URL), "its own")

    def test_it_may_have_no_steps_and_exact_days(self) -> None:
        self.client.post(self.url, {"learning_steps_seconds": "none", "fuzz": "off"})
        self.assertEqual((self.own().learning_steps_seconds, self.own().fuzz), ((), False))
        self.assertContains(self.client.get(self.url), '<option value="off" selected>')

    def test_with_everything_empty_it_has_no_settings_of_its_own(self) -> None:
        self.client.post(self.url, {"desired_retention": "80"})
        self.client.post(self.url, {})
        self.assertEqual(self.own().desired_retention, 0.9)
        self.assertFalse(StudySettings.objects.exists())

    def test_a_wrong_number_is_refused_in_plain_words(self) -> None:
        response = self.client.post(self.url, {"desired_retention": "50"})
        self.assertContains(response, "Choose a percentage from 70 to 99.", status_code=422)

    def test_decks_inside_it_follow_it_unless_they_have_their_own(self) -> None:
        inside = Deck.objects.create(owner=self.alice, name="biology::Cells")
        deeper = Deck.objects.create(owner=self.alice, name="Biology::Cells::Walls")
        Deck.objects.create(owner=self.alice, name="Biology::Plants")
        self.client.post(self.url, {"desired_retention": "80"})
        self.client.post(f"{URL}{deeper.id}/", {"new_per_day": "3"})
        settings = study_settings.settings_for(owner_id=self.alice.pk)
        for deck, retention, new in ((inside, 0.8, 20), (deeper, 0.9, 3)):
            found = study_settings.for_card(settings, flashcard(self.alice, deck_ids=(deck.id,)))
            self.assertEqual((found.desired_retention, found.new_per_day), (retention, new))

    def test_nobody_sees_or_sets_the_deck_of_another(self) -> None:
        self.log_in(self.bob)
        self.assertEqual(self.client.get(self.url).status_code, 404)
        self.assertEqual(self.client.post(self.url, {"new_per_day": "1"}).status_code, 404)
        self.assertFalse(StudySettings.objects.exists())

    def test_a_smart_deck_holds_no_cards_and_has_no_settings(self) -> None:
        smart = Deck.objects.create(owner=self.alice, name="Due", search="is:due")
        self.assertEqual(self.client.get(f"{URL}{smart.id}/").status_code, 404)


class EffectTests(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def effect(self, **given: Any) -> Any:
        return self.client.get(f"{URL}effect/", given)

    def test_it_says_how_much_more_a_higher_share_costs(self) -> None:
        response = self.effect(desired_retention=95, new_per_day=10)
        self.assertRegex(
            response.context["effect"].sentence,
            r"^At 95% you would review \d\.\d. as much as at 90% with a typical collection\.$",
        )
        self.assertContains(response, "10 new cards a day lead to about")

    def test_with_cards_of_their_own_it_says_how_many_reviews_that_is(self) -> None:
        made = timezone.now() - timedelta(days=30)
        store(
            *(
                flashcard(
                    self.alice,
                    state=State.REVIEW,
                    stability=3.0 + n,
                    difficulty=5.0,
                    created_at=made,
                )
                for n in range(30)
            )
        )
        effect = self.effect(desired_retention=80).context["effect"]
        self.assertTrue(effect.is_own)
        self.assertRegex(effect.sentence, r": .+ reviews? a day instead of .+ reviews? a day\.$")
        self.assertEqual([line.percent for line in effect.lines], [80, 85, 90, 95, 97])

    def test_what_makes_no_sense_yet_counts_as_it_is_set(self) -> None:
        for typed in ("", "9", "x", "-1", "9" * 40):
            self.assertContains(
                self.effect(desired_retention=typed, new_per_day=typed), "Your current setting"
            )

    def test_a_deck_has_the_effect_of_its_own_cards_shown(self) -> None:
        deck = Deck.objects.create(owner=self.alice, name="Exam")
        inside = Deck.objects.create(owner=self.alice, name="exam::Words")
        fields = {"state": State.REVIEW, "stability": 9.0, "difficulty": 5.0}
        store(*(flashcard(self.alice, **fields) for _ in range(40)))
        store(*(flashcard(self.alice, deck_ids=(inside.id,), **fields) for _ in range(19)))
        given = {"deck": str(deck.id), "desired_retention": 95, "reviews_per_day": 60}
        self.assertFalse(self.effect(**given).context["effect"].is_own)
        store(flashcard(self.alice, deck_ids=(deck.id,), **fields))
        self.assertTrue(self.effect(**given).context["effect"].is_own)
        self.assertContains(self.effect(**given), "A full day takes about 16 minutes")
        self.assertContains(self.client.get(f"{URL}{deck.id}/"), f"?deck={deck.id}")
        self.log_in(self.bob)
        for wrong in (str(deck.id), "x", ""):
            self.assertEqual(self.effect(deck=wrong).status_code, 404)

    def test_no_new_cards_are_fewer_and_fewer_reviews(self) -> None:
        self.assertContains(self.effect(new_per_day=0), "fewer reviews from week to week")


class MoreTodayTests(TestCase):
    def test_at_the_limit_the_end_offers_more_for_just_today(self) -> None:
        self.log_in()
        cards = give_many(self.alice, 4)
        study_settings.save(
            owner_id=self.alice.pk, deck=None, values={"new_per_day": 1}, now=timezone.now()
        )
        answer(cards[0], Rating.EASY, now=timezone.now())
        response = self.client.get("/review/")
        self.assertContains(response, "3 new cards are waiting")
        self.assertContains(response, "tomorrow")
        self.assertRedirects(self.client.post("/review/more/", {"sort": "new"}), "/review/")
        self.assertEqual(self.client.get("/review/").context["stage"].new, 3)

    def test_another_sort_is_nothing(self) -> None:
        self.log_in()
        self.assertRedirects(self.client.post("/review/more/", {"sort": "x"}), "/review/")
        self.assertFalse(StudySettings.objects.exists())


class WordsTests(SimpleTestCase):
    def test_factors_are_told_to_the_tenth(self) -> None:
        told = [retention_effect.times(factor)[:-8] for factor in (0.7, 1.84, 12.3)]
        self.assertEqual([each[:-1] for each in told], ["0.7", "1.8", "12"])
        self.assertEqual(retention_effect.times(1.02), "as much")
