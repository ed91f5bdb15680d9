"""The wheel: built, installed where there is no checkout, and run as `memoryloop`."""

import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import REPOSITORY, LiveMemoryLoop, environment, free_port


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Install the wheel into an environment of its own, and return the program `memoryloop`.

    What the wheel needs is in the tests' own environment, which the new one reads too.
    """
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder)]
    build.append(str(REPOSITORY))
    subprocess.run([*pip, *build], check=True, cwd=folder)
    (wheel,) = folder.glob("memoryloop-*.whl")
    made = folder / "environment"
    venv.create(made)
    python = made / "bin" / "python"
    install = [
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--ignore-installed",
        "--no-compile",
    ]
    subprocess.run([*pip, *install, str(wheel)], check=True, cwd=folder)
    (packages,) = (made / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    yield made / "bin" / "memoryloop"
    shutil.rmtree(folder)


def run(
    program: Path, *words: str, home: Path, expect: int = 0, **extra: str
) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [program, *words],
        env={**_home(home), **extra},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == expect, done.stdout + done.stderr
    return done


def _home(home: Path) -> dict[str, str]:
    """Return an environment without a data folder of its own: that of the person's is used."""
    kept = {name: value for name, value in environment(home).items() if name != "MEMORYLOOP_DATA"}
    kept = {name: value for name, value in kept.items() if not name.startswith("XDG_")}
    return {**kept, "HOME": str(home), "DJANGO_SETTINGS_MODULE": "memoryloop.settings"}


def test_it_serves_from_the_persons_own_data_folder(program: Path, tmp_path: Path) -> None:
    live = LiveMemoryLoop({"HOME": str(tmp_path)}, data=tmp_path / "log")
    live.environment = {**_home(tmp_path), "PORT": str(live.port)}
    live._command = [str(program)]
    with live:
        page = urllib.request.urlopen(f"{live.url}/", timeout=60).read().decode()
        assert "MemoryLoop" in page
        for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
            assert urllib.request.urlopen(live.url + address, timeout=60).status == 200
        assert f"Your data   {tmp_path}" in live.log
        assert not list((tmp_path / "log").glob("postgres"))
    found = [path.parent for path in tmp_path.rglob("secret-key")]
    assert [path.is_relative_to(tmp_path) for path in found] == [True]
    assert not (program.parent.parent / "data").exists()


def test_its_commands_are_those_of_manage(program: Path, tmp_path: Path) -> None:
    assert re.fullmatch(
        r"MemoryLoop \d+\.\d+\.\d+\n", run(program, "--version", home=tmp_path).stdout
    )
    # A folder of the same name where it is called is not taken for the program.
    (tmp_path / "memoryloop").mkdir()
    (tmp_path / "memoryloop" / "__init__.py").write_text("raise SystemExit('another')")
    assert "no issues" in run(program, "manage", "check", home=tmp_path).stdout


def test_the_doctor_finds_a_healthy_machine_healthy(program: Path, tmp_path: Path) -> None:
    said = run(program, "doctor", home=tmp_path, PORT=str(free_port())).stdout
    assert "!!" not in said
    assert "Nothing is wrong here. `memoryloop` starts MemoryLoop." in said
    # It has looked and left nothing.
    assert not [path for path in tmp_path.rglob("postgres") if path.is_dir()]


def test_a_home_that_cannot_be_written_is_one_sentence(program: Path, tmp_path: Path) -> None:
    # A file where the folder would be: that stops root as well.
    (tmp_path / ".local").write_text("")
    done = run(program, "check", home=tmp_path, expect=1)
    assert "set MEMORYLOOP_DATA to a folder that can" in done.stderr
    assert "Traceback" not in done.stderr
