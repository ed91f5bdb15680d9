"""The floors: imports go down only, no circle, and every module is on a floor."""

from unittest import TestCase

from tests.architecture.imports import circles, floor_of, floors, modules, read_imports, upward


class FloorTests(TestCase):
    def test_no_module_imports_upwards(self) -> None:
        self.assertEqual(upward(read_imports()), [])

    def test_no_modules_import_one_another_in_a_circle(self) -> None:
        self.assertEqual(circles(read_imports()), [])

    def test_every_module_is_on_a_floor(self) -> None:
        declared = floors()
        packages = {"memoryloop", "accounts", "chat", "flashcards"}
        homeless = {name for name in modules() if floor_of(name, declared) is None}
        self.assertEqual(homeless - packages, set())

    def test_every_room_that_is_declared_is_there(self) -> None:
        known = modules()
        self.assertEqual([room for floor in floors() for room in floor if room not in known], [])
