"""The registries of pages: navigation, the palette's pages, and slots."""

from unittest import mock

from django.template import engines
from django.test import SimpleTestCase

from memoryloop.web import navigation, palette, slots
from memoryloop.web.navigation import NavigationItem, Place
from memoryloop.web.palette import PalettePage


class NavigationTests(SimpleTestCase):
    def test_links_stand_in_order_whoever_registers_first_and_once(self) -> None:
        last = NavigationItem("Last", "home", order=3)
        first = NavigationItem("First", "home", order=1)
        with mock.patch.dict(navigation._items, {Place.RAIL: []}):
            navigation.register(Place.RAIL, last)
            navigation.register(Place.RAIL, first, last)

            self.assertEqual(navigation.items(Place.RAIL), [first, last])

    def test_the_rail_has_the_pages_of_all_apps(self) -> None:
        labels = [item.label for item in navigation.items(Place.RAIL)]
        self.assertEqual(labels, ["Chat", "Review", "Cards", "Decks", "Insight", "Settings"])
        keys = [item.key for item in navigation.items(Place.RAIL)]
        self.assertEqual(keys, ["c", "r", "k", "d", "i", "s"])
        entrance = [item.label for item in navigation.items(Place.ENTRANCE)]
        self.assertEqual(entrance, ["Sign up", "Log in"])


class PalettePageTests(SimpleTestCase):
    def test_pages_stand_in_the_order_of_their_apps_and_once(self) -> None:
        later, sooner = (PalettePage(title, "home", "logo", "") for title in ("Later", "Sooner"))
        with mock.patch.object(palette, "_pages", []):
            palette.register_pages(2, later)
            palette.register_pages(1, sooner)
            palette.register_pages(1, sooner)
            found = [item.title for item in palette._find_pages("")]

        self.assertEqual(found, ["Sooner", "Later"])


class SlotTests(SimpleTestCase):
    def render(self, source: str, **context: object) -> str:
        return engines["django"].from_string(source).render(context)

    def test_what_fills_a_slot_is_rendered_in_order_once_with_the_context(self) -> None:
        with mock.patch.object(slots, "_templates", {}):
            slots.fill("base.somewhere", "_form_errors.html")
            slots.fill("base.somewhere", "_palette.html")
            slots.fill("base.somewhere", "_palette.html")
            html = self.render('<i>{% slot "base.somewhere" %}</i>', groups={}, text="<b>")

        self.assertEqual(html.count("palette-none"), 1)
        self.assertIn("&lt;b&gt;", html)

    def test_an_empty_slot_shows_nothing(self) -> None:
        self.assertEqual(self.render('<i>{% slot "base.nowhere" %}</i>'), "<i></i>")
