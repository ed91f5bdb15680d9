"""Every template, read as a whole: it compiles, links somewhere, and keeps to the CSP."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import get_template
from django.urls import URLPattern, URLResolver, get_resolver

FOLDER = Path(settings.BASE_DIR) / "templates"
NAMES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file())
HTML = [name for name in NAMES if name.endswith(".html")]
STYLESHEETS = sorted((Path(settings.BASE_DIR) / "static/css").glob("*.css"))

_INLINE = re.compile(
    r"<style\b|\sstyle\s*=|<script(?![^>]*\ssrc=)|\son[a-z]+\s*=\s*[\"']|javascript:|hx-on|"
    r"hx-vals=[\"']js:|hx-vars",
    re.IGNORECASE,
)


def _url_names(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _url_names(pattern.url_patterns, inner)
        elif pattern.name:
            yield f"{prefix}{pattern.name}"


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles(name: str) -> None:
    assert get_template(name)


@pytest.mark.parametrize("name", HTML)
def test_it_has_nothing_inline_that_the_csp_would_stop(name: str) -> None:
    source = (FOLDER / name).read_text()
    assert not [match.group() for match in _INLINE.finditer(source)]


@pytest.mark.parametrize("name", HTML)
def test_it_names_nothing_on_another_host(name: str) -> None:
    source = (FOLDER / name).read_text()
    loaded = re.findall(r"(?:src|srcset|action|hx-get|hx-post)=[\"'](https?:)?//", source)
    stylesheets = re.findall(r"<link[^>]+href=[\"'](?:https?:)?//", source)
    assert not loaded + stylesheets


def test_every_url_name_in_a_template_exists() -> None:
    known = set(_url_names(get_resolver().url_patterns))
    unknown = {
        f"{name}: {used}"
        for name in NAMES
        for used in re.findall(r"{%\s*url\s+[\"']([^\"']+)", (FOLDER / name).read_text())
        if used not in known
    }
    assert unknown == set()


def test_every_icon_in_a_template_is_drawn() -> None:
    unknown = {
        f"{name}: {used}"
        for name in HTML
        for used in re.findall(r"{%\s*icon\s+[\"']([^\"']+)", (FOLDER / name).read_text())
        if not (FOLDER / "icons" / f"{used}.svg").is_file()
    }
    assert unknown == set()


def test_every_static_file_in_a_template_exists() -> None:
    unknown = {
        f"{name}: {used}"
        for name in HTML
        for used in re.findall(r"{%\s*static\s+[\"']([^\"']+)", (FOLDER / name).read_text())
        if finders.find(used) is None
    }
    assert unknown == set()


@pytest.mark.parametrize(
    "path",
    [path for path in STYLESHEETS if path.name != "tokens.css"],
    ids=lambda path: path.name,
)
def test_a_stylesheet_takes_colours_only_from_the_tokens(path: Path) -> None:
    css = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    screen = css.split("@media print")[0]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?![^{}]*\{)", screen) == []
    assert re.findall(r"url\(|@import", css) == []


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_a_stylesheet_uses_only_tokens_that_exist_or_gives_a_fallback(path: Path) -> None:
    defined = {
        name for sheet in STYLESHEETS for name in re.findall(r"(--[\w-]+)\s*:", sheet.read_text())
    }
    used = set(re.findall(r"var\((--[\w-]+)\)", path.read_text()))
    assert used - defined == set()
