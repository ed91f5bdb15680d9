"""docs/commands.md: every command of the program, with the options that its --help names."""

import re

import pytest
from django.core.management import get_commands, load_command_class

from tests.papers.markdown import ROOT, sections

OURS = sorted(
    name
    for name, app in get_commands().items()
    if app in {"accounts", "chat", "flashcards", "memoryloop"}
)
# Of Django's own, those that a deployment needs.
DJANGOS = {"createsuperuser", "migrate"}
# Runs without Django where that cannot start.
OF_MEMORYLOOP = {"doctor"}
DOCUMENTED = sections((ROOT / "docs" / "commands.md").read_text(), level=3)


def test_it_has_every_command_and_no_other() -> None:
    assert set(DOCUMENTED) == {*OURS, *DJANGOS, *OF_MEMORYLOOP}


@pytest.mark.parametrize("name", OURS)
def test_it_has_the_options_of(name: str) -> None:
    command = load_command_class(get_commands()[name], name)
    parser = command.create_parser("manage.py", name)
    common = set(command.base_stealth_options) | _options_of_every_command()
    taken = {
        option
        for action in parser._actions
        for option in action.option_strings
        if option.startswith("--") and option not in common
    }
    usage = re.search(rf"`({name}[^`]*)`", DOCUMENTED[name])
    assert usage, f"Begin with how {name} is called."
    assert set(re.findall(r"--[\w-]+", usage[1])) == taken
    assert set(re.findall(r"--[\w-]+", DOCUMENTED[name])) <= {*taken, "--help"}


def _options_of_every_command() -> set[str]:
    from django.core.management.base import BaseCommand

    parser = BaseCommand().create_parser("manage.py", "any")
    return {option for action in parser._actions for option in action.option_strings}
