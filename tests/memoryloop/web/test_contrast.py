"""The contrast that tokens.css promises, computed as WCAG 2.2 defines it."""

import re
from pathlib import Path

import pytest
from django.conf import settings

SURFACES = ("paper", "surface", "raised", "sunken")
BODY = ("ink", "ink-soft")
COLOURED = ("accent", "danger", "warning", "ok", "again", "hard", "good", "easy")


def _colours(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", css))


def _schemes() -> dict[str, dict[str, str]]:
    css = (Path(settings.BASE_DIR) / "static/css/tokens.css").read_text()
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    return {"light": _colours(light), "dark": {**_colours(light), **_colours(dark)}}


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
class TestContrast:
    def test_reading_text_has_seven_to_one_on_every_surface(self, scheme: str) -> None:
        colours = _schemes()[scheme]
        washes = [name for name in colours if name.endswith("-wash")]
        for surface in (*SURFACES, *washes):
            for text in BODY:
                assert _contrast(colours[text], colours[surface]) >= 7, (text, surface)

    def test_all_other_text_has_four_and_a_half_to_one(self, scheme: str) -> None:
        colours = _schemes()[scheme]
        for surface in SURFACES:
            for text in ("ink-muted", *COLOURED):
                assert _contrast(colours[text], colours[surface]) >= 4.5, (text, surface)
        for text in COLOURED:
            for other in (text, "ink-muted"):
                wash = colours[f"{text}-wash"]
                assert _contrast(colours[other], wash) >= 4.5, (other, f"{text}-wash")
        for button in ("accent", "accent-strong", "danger"):
            assert _contrast(colours["on-accent"], colours[button]) >= 4.5, button

    def test_the_borders_of_controls_have_three_to_one(self, scheme: str) -> None:
        colours = _schemes()[scheme]
        for surface in SURFACES:
            assert _contrast(colours["line-strong"], colours[surface]) >= 3, surface
