"""/insight/map/: the page, what its script reads, and who sees it."""

import struct
from unittest import mock

import numpy as np
from django.urls import reverse
from django.utils import timezone

from flashcards import store
from flashcards.cards import decks
from flashcards.domain.records import NewCard
from flashcards.insight import card_map
from flashcards.insight.map_cards import HIDDEN
from flashcards.insight.mapping import layout
from flashcards.models import CardMap
from flashcards.tasks import make_map
from tests.base import TestCase
from tests.engines import counts_queries
from tests.flashcards.given_cards import answer, give_cards
from tests.flashcards.insight.test_card_map import give_topics

URL = "/insight/map/"


class MapTestCase(TestCase):
    def setUp(self) -> None:
        self.log_in()

    def make(self, each: int = 6) -> CardMap:
        give_topics(self.alice, each)
        card_map.bring_up(owner_id=self.alice.id, now=timezone.now())
        few = ((5, 12.0, 0.5), (10, 1.5, 0.8))
        with mock.patch.object(layout, "PHASES", few):
            make_map(str(self.alice.id))
        return CardMap.objects.get(owner=self.alice)


class PageTests(MapTestCase):
    def test_it_is_for_who_is_logged_in_and_takes_no_form(self) -> None:
        self.assertEqual(self.client.post(URL).status_code, 405)
        self.client.logout()
        for name in ("insight_map", "insight_map_points", "insight_map_found", "insight_map_card"):
            self.assertEqual(self.client.get(reverse(f"flashcards:{name}")).status_code, 302)

    def test_without_cards_and_with_a_few_it_says_what_comes(self) -> None:
        self.assertContains(self.client.get(URL), "Once you have 6 cards")
        give_cards(self.alice, NewCard(question="What is one?", answer="1"))
        response = self.client.get(URL)
        self.assertContains(response, "you have 1 so far")
        self.assertContains(response, "What is one?")
        self.assertFalse(CardMap.objects.exists())

    def test_it_asks_for_the_map_and_shows_how_far_it_is(self) -> None:
        give_topics(self.alice, 4)
        self.assertContains(self.client.get(URL), "Your map is being drawn")
        row = CardMap.objects.get(owner=self.alice)
        row.progress = 40
        row.save()
        htmx = {"HX-Request": "true", "HX-Target": "map-progress"}
        self.assertContains(self.client.get(URL, headers=htmx), "40%")
        make_map(str(self.alice.id))
        self.assertEqual(self.client.get(URL, headers=htmx).headers["HX-Refresh"], "true")
        self.assertContains(self.client.get(URL), 'id="map"')

    def test_the_list_has_each_card_of_a_small_map_with_a_link(self) -> None:
        self.make(3)
        response = self.client.get(URL)
        ids, _ = store.vectors(self.alice.id)
        regions = response.context["regions"]
        self.assertEqual(sum(each["region"].count for each in regions), 6)
        self.assertContains(response, "all new")
        shown = [link.card.id for each in regions for link in each["links"]]
        self.assertLessEqual(set(shown), set(ids))

    def test_a_region_lists_all_of_its_cards(self) -> None:
        self.make(8)
        regions = self.client.get(URL).context["regions"]
        listed = 0
        for each in regions:
            url = reverse("flashcards:insight_map_region", args=[each["region"].number])
            listed += len(self.client.get(url).context["links"])
        self.assertEqual(listed, 16)
        gone = reverse("flashcards:insight_map_region", args=[999])
        self.assertEqual(self.client.get(gone).status_code, 404)

    def test_a_failed_map_can_be_asked_for_again(self) -> None:
        row = self.make()
        CardMap.objects.update(status=CardMap.Status.FAILED, error=card_map.BROKEN)
        self.assertContains(self.client.get(URL), card_map.BROKEN)
        self.assertRedirects(self.client.post(f"{URL}make/"), URL)
        row.refresh_from_db()
        self.assertEqual(row.status, CardMap.Status.WORKING)

    def test_while_it_is_made_it_can_be_stopped(self) -> None:
        give_topics(self.alice, 4)
        self.assertContains(self.client.get(URL), f"{URL}stop/")
        response = self.client.post(f"{URL}stop/", follow=True)
        self.assertContains(response, "You stopped the making of the map.")
        self.assertNotContains(response, "from before")
        self.assertNotContains(response, f"{URL}stop/")
        make_map(str(self.alice.id))
        self.assertFalse(CardMap.objects.get(owner=self.alice).version)
        self.client.post(f"{URL}make/")
        make_map(str(self.alice.id))
        self.assertContains(self.client.get(URL), 'id="map"')

    def test_a_search_that_does_not_parse_is_told(self) -> None:
        self.make()
        response = self.client.get(URL, {"of": "search", "search": "is:odd"})
        self.assertEqual(response.status_code, 422)
        self.assertContains(response, 'role="alert"', status_code=422)


class PointsTests(MapTestCase):
    def points(self, **asked: str) -> tuple[int, np.ndarray]:
        content = self.client.get(f"{URL}points/", asked).content
        version, count = struct.unpack("<II", content[:8])
        self.assertEqual(len(content), 8 + 7 * count)
        chances = np.frombuffer(content[8 + 4 * count : 8 + 5 * count], dtype=np.uint8)
        return version, chances

    def test_they_say_how_well_each_card_is_known(self) -> None:
        self.make()
        self.assertEqual(self.points()[1].tolist(), [5] * 12)
        cards = list(store.cards.for_owner(self.alice)[:1])
        answer(cards[0], now=timezone.now())
        version, chances = self.points()
        self.assertEqual(version, 1)
        self.assertEqual(sorted(chances.tolist()), [4] + [5] * 11)

    def test_those_that_are_not_asked_for_are_hidden(self) -> None:
        self.make()
        chances = self.points(of="search:enzyme")[1]
        self.assertEqual(int((chances == HIDDEN).sum()), 6)

    def test_a_deck_has_a_class_of_its_own(self) -> None:
        self.make()
        deck = decks.create_deck(owner_id=self.alice.id, name="Latin", now=timezone.now())
        for card in store.cards.for_owner(self.alice)[:4]:
            decks.set_decks(owner_id=self.alice.id, card_id=card.id, deck_ids=[deck.id])
        response = self.client.get(URL)
        legend = {each.name: each for each in response.context["legends"]}["deck"]
        self.assertEqual(
            [(e.name, e.count) for e in legend.entries], [("Latin", 4), ("no deck", 8)]
        )

    def test_what_has_not_changed_is_not_sent_again(self) -> None:
        self.make()
        first = self.client.get(f"{URL}points/")
        self.assertIn("private", first.headers["Cache-Control"])
        again = self.client.get(f"{URL}points/", headers={"If-None-Match": first.headers["ETag"]})
        self.assertEqual((again.status_code, again.content), (304, b""))

    def test_a_search_names_points_and_a_point_its_card(self) -> None:
        self.make()
        content = self.client.get(f"{URL}found/", {"q": "capital", "version": "1"}).content
        found = np.frombuffer(content, dtype="<u4").tolist()
        self.assertEqual(len(found), 6)
        response = self.client.get(f"{URL}card/", {"at": str(found[0]), "version": "1"})
        self.assertContains(response, "The capital of")
        self.assertContains(response, "/cards/")
        wrong = self.client.get(f"{URL}found/", {"q": "is:odd"})
        self.assertEqual(wrong.status_code, 422)
        for asked in ({"at": "99999"}, {"at": "-1"}, {}, {"at": "0", "version": "7"}):
            self.assertEqual(self.client.get(f"{URL}card/", asked).status_code, 404)

    def test_another_learner_sees_nothing_of_it(self) -> None:
        self.make()
        self.log_in(self.bob)
        self.assertNotContains(self.client.get(URL), "capital")
        for path in ("points/", "found/?q=capital", "card/?at=0", "region/0/"):
            self.assertEqual(self.client.get(URL + path).status_code, 404)

    @counts_queries
    def test_it_costs_as_many_queries_for_twice_the_cards(self) -> None:
        self.make(6)
        self.client.get(f"{URL}points/")
        # Session, user, the map, settings with decks' own, what is pending, decks, their presets.
        with self.assertNumQueries(7):
            self.client.get(f"{URL}points/")
