"""The Dockerfile and compose.yaml: they name what is there."""

import re

import yaml

from tests.papers.markdown import ROOT

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_what_is_copied_is_there_and_is_sent() -> None:
    sent = re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    lines = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
    copied = [name for line in lines for name in line.split()]
    assert sorted(copied) == sorted(sent)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_every_setting_is_one_of_the_programs() -> None:
    documented = (ROOT / "docs" / "settings.md").read_text()
    for service in ("upgrade", "web", "worker"):
        for name in COMPOSE["services"][service]["environment"]:
            assert f"`{name}`" in documented
    for name in re.findall(r"^ENV (\w+)|^    (\w+)=", DOCKERFILE, re.MULTILINE):
        assert "".join(name) in {"PATH", "PYTHONUNBUFFERED"} or f"`{''.join(name)}`" in documented


def test_every_command_is_one_of_the_programs() -> None:
    documented = (ROOT / "docs" / "commands.md").read_text()
    commands = [
        *(COMPOSE["services"][name]["command"][0] for name in ("upgrade", "worker")),
        *re.findall(r'^CMD \["(\w+)"\]', DOCKERFILE, re.MULTILINE),
    ]
    assert [name for name in commands if f"`{name}" not in documented] == []
