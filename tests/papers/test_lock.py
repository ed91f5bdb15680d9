"""The lock files: what pyproject.toml asks for, each with its hashes, and no address."""

import re
import tomllib
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
RUN = "requirements.lock"
DEVELOPMENT = "requirements-dev.lock"

_PINNED = re.compile(r"^([\w.-]+)==(\S+)(.*)$", re.MULTILINE)


def _name(requirement: str) -> str:
    """Return the package's name as the index spells it."""
    match = re.match(r"[\w.-]+", requirement)
    assert match
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def _locked(file: str) -> set[tuple[str, str]]:
    return {
        (_name(name), version) for name, version, _ in _PINNED.findall((ROOT / file).read_text())
    }


def _asked_for(*, development: bool) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = project["optional-dependencies"].values() if development else ()
    return {_name(each) for each in [*project["dependencies"], *(r for g in groups for r in g)]}


@pytest.mark.parametrize(("file", "development"), [(RUN, False), (DEVELOPMENT, True)])
def test_what_the_project_asks_for_is_locked(file: str, development: bool) -> None:
    locked = {name for name, _ in _locked(file)}
    missing = _asked_for(development=development) - locked
    assert not missing, "make lock"


def test_tests_run_with_the_versions_that_run() -> None:
    assert _locked(RUN) <= _locked(DEVELOPMENT)


@pytest.mark.parametrize("file", [RUN, DEVELOPMENT])
def test_each_release_has_hashes_and_none_an_address(file: str) -> None:
    text = (ROOT / file).read_text()
    releases = re.split(r"\n(?=\S)", re.sub(r"^#.*\n( *#.*\n)*", "", text))
    assert len(releases) > 50
    assert [each for each in releases if "--hash=sha256:" not in each] == []
    assert "://" not in text
