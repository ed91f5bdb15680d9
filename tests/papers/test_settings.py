"""docs/settings.md: every environment variable that is read, with its default, and no other."""

import ast
import re
from pathlib import Path

from tests.papers.markdown import ROOT, rows

PACKAGES = ("accounts", "chat", "flashcards", "memoryloop")
DOCUMENTED = [
    (names, cells[1])
    for cells in rows((ROOT / "docs" / "settings.md").read_text())
    if (names := re.findall(r"`([A-Z][A-Z0-9_]+)`", cells[0]))
]
# For tests alone: where a process is to die.
NOT_FOR_USERS = {"MEMORYLOOP_FAILPOINT"}
# Set by this program for others, or between two of its processes.
_OWN = {"DJANGO_SETTINGS_MODULE", "ORT_DISABLE_TELEMETRY"}
# Set by the desktop: whether there is one.
_DESKTOPS = {"DISPLAY", "WAYLAND_DISPLAY"}


def test_every_variable_that_is_read_is_in_it() -> None:
    documented = {name for names, _ in DOCUMENTED for name in names}
    assert set(_read()) - documented - NOT_FOR_USERS - _OWN - _DESKTOPS == set()


def test_every_variable_in_it_is_read() -> None:
    documented = {name for names, _ in DOCUMENTED for name in names}
    assert documented - set(_read()) == set()


def test_defaults_are_those_of_the_code() -> None:
    code = _read()
    wrong = []
    for names, default in DOCUMENTED:
        plain = default.strip("`")
        for name in names:
            value = code[name]
            if isinstance(value, str | int) and value != "" and str(value).lower() != plain.lower():
                wrong.append(f"{name}: {default}, in the code {value!r}")
    assert wrong == []


def _read() -> dict[str, object]:
    """Return each variable that the code reads, with its default where that is a constant."""
    found: dict[str, object] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            found |= _read_in(path)
    return found


def _read_in(path: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for node in ast.walk(ast.parse(path.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        source = ast.unparse(node.func)
        if not re.search(r"(^|\.)environment\.\w+$|environ\.(get|setdefault)$", source):
            continue
        if node.args and isinstance(node.args[0], ast.Constant):
            found[str(node.args[0].value)] = _default(node)
    return found


def _default(call: ast.Call) -> object:
    kind = ast.unparse(call.func).rpartition(".")[2]
    given = call.args[1:] + [each.value for each in call.keywords if each.arg == "default"]
    if kind == "flag":
        return bool(given and ast.literal_eval(given[0]))
    if kind == "words" and given and isinstance(given[0], ast.List):
        return ",".join(ast.literal_eval(given[0]))
    if kind in {"text", "integer"} and given and isinstance(given[0], ast.Constant):
        return given[0].value
    return None
