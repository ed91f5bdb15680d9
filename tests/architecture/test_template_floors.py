"""No floor names a template or a URL of a floor above, in a template or in Python.

Imports are held by import-linter; a string in a template escapes it. What an app adds to the pages
of a floor below it registers there (memoryloop.web: navigation, palette, slots).
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from memoryloop.web import slots

ROOT = Path(settings.BASE_DIR)
TEMPLATES = ROOT / "templates"
FLOORS = ("memoryloop", "accounts", "chat", "flashcards")
# A namespace of URLs that is not named after its app.
NAMESPACES = {"settings": "accounts"}
# What puts the floors together.
COMPOSITION = {"memoryloop/settings.py", "memoryloop/urls.py"}
# The admin site is one for all apps, and its templates extend Django's.
ADMIN = "admin"

_NAME = re.compile(r"(?:\w+/[\w/]*\.html|\w+:\w*)\Z")
_TAG = re.compile(r"{%\s*(?:url|include|extends|slot|cycle|with|if|elif)\b([^%]*)%}")
_QUOTED = re.compile(r"[\"']([^\"']*)[\"']")


def floor_of(name: str) -> int | None:
    """Return the floor of a template's or a URL's name; None if it is no app's."""
    prefix = re.split(r"[/:]", name)[0]
    app = NAMESPACES.get(prefix, prefix)
    return FLOORS.index(app) if app in FLOORS else None


def names_in_template(source: str) -> Iterator[str]:
    for tag in _TAG.findall(source):
        yield from (name for name in _QUOTED.findall(tag) if _NAME.match(name))


def names_in_python(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        # The constant at the beginning of f"chat:{name}" is one too.
        value = node.value if isinstance(node, ast.Constant) else None
        if isinstance(value, str) and _NAME.match(value):
            yield value


def files() -> Iterator[tuple[str, int, set[str]]]:
    """Yield each file with its floor and the names in it."""
    for path in TEMPLATES.rglob("*.html"):
        folder, *rest = path.relative_to(TEMPLATES).parts
        if folder != ADMIN:
            floor = FLOORS.index(folder) if rest and folder in FLOORS else 0
            names = set(names_in_template(path.read_text()))
            yield str(path.relative_to(ROOT)), floor, names
    for floor, app in enumerate(FLOORS):
        for path in (ROOT / app).rglob("*.py"):
            name = str(path.relative_to(ROOT))
            if name not in COMPOSITION and "migrations" not in path.parts:
                yield name, floor, set(names_in_python(path.read_text()))


def test_no_file_names_a_template_or_a_url_of_a_floor_above() -> None:
    upward = {
        f"{path} names {name}"
        for path, floor, names in files()
        for name in names
        if (of := floor_of(name)) is not None and of > floor
    }
    assert upward == set()


def test_names_of_the_floors_are_found() -> None:
    found = {name for path, _, names in files() for name in names if path.startswith("templates/")}
    assert {"chat:home", "flashcards:review", "chat/_message.html", "base.html"} - found == {
        "base.html"
    }
    in_python = {name for path, _, names in files() for name in names if path.endswith(".py")}
    assert {"chat:conversation", "flashcards:make", "chat/home.html"} <= in_python


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("{% url 'chat:home' %}", ["chat:home"]),
        ('{% url "chat:send" conversation.id as send_url %}', ["chat:send"]),
        ("{%include 'chat/_message.html' with x='a b' %}", ["chat/_message.html"]),
        ("chat:home and chat/_message.html in words", []),
    ],
)
def test_names_in_a_template(source: str, names: list[str]) -> None:
    assert list(names_in_template(source)) == names


def test_every_slot_that_is_filled_is_in_a_template() -> None:
    marked = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r"{% slot \"([^\"]+)\" %}", path.read_text())
    }
    assert set(slots._templates) == marked


def test_a_slot_belongs_to_the_floor_of_its_template() -> None:
    for path in TEMPLATES.rglob("*.html"):
        for name in re.findall(r"{% slot \"(\w+)\.\w+\" %}", path.read_text()):
            assert path.relative_to(TEMPLATES).parts[0] == name
