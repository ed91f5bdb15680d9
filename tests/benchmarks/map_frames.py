"""Measure the frames of the card map while it is moved and zoomed, with points that are made up.

    .venv/bin/python -m tests.benchmarks.map_frames [--points 100000]

A MemoryLoop with a map of 40 cards is opened in headless Chromium, and the points that it is sent
are replaced by so many of sixty clusters. Prints what draws them, and of 60 steps the median, the
95th percentile and the longest time between two frames, in milliseconds.
"""

import argparse
import statistics
import struct
import sys

import numpy as np
from playwright.sync_api import sync_playwright

from tests.e2e.conftest import CHROMIUM_OPTIONS, chromium
from tests.e2e.visit import Visit
from tests.live import LiveMemoryLoop

_CLUSTERS = 60
_FILL = """
from django.utils import timezone
from accounts.models import User
from flashcards.cards import embedding
from flashcards.cards.cards import create_cards
from flashcards.domain.records import NewCard
alice = User.objects.get(email={email!r})
questions = ("What is the capital of land {{}}?", "Which enzyme breaks bond {{}}?")
create_cards(
    owner_id=alice.pk,
    cards=[NewCard(question=questions[n % 2].format(n), answer="Yes") for n in range(40)],
    now=timezone.now(),
)
embedding.embed_all(owner_id=alice.pk)
"""
_RENDERER = """() => {
  const gl = document.createElement("canvas").getContext("webgl");
  const names = gl && gl.getExtension("WEBGL_debug_renderer_info");
  return names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : "no WebGL";
}"""
_MOVE = """async (how) => {
  const canvas = document.querySelector("canvas.map-names");
  const box = canvas.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const point = (kind, by) => canvas.dispatchEvent(new PointerEvent(kind, {
    clientX: x + 3 * by, clientY: y + 2 * by, pointerId: 1, buttons: 1, bubbles: true }));
  const frame = () => new Promise((go) => requestAnimationFrame(go));
  const times = [];
  let last = await frame();
  if (how === "move") point("pointerdown", 0);
  for (let step = 0; step < 60; step++) {
    if (how === "move") point("pointermove", step);
    if (how === "zoom") canvas.dispatchEvent(new WheelEvent("wheel", {
      clientX: x, clientY: y, deltaY: step < 30 ? -60 : 60, bubbles: true, cancelable: true }));
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  if (how === "move") point("pointerup", 60);
  return times;
}"""


def points(number: int) -> bytes:
    """Return points as `MapCards.packed` has them."""
    draw = np.random.default_rng(1)
    middles = draw.random((_CLUSTERS, 2)) * 60_000
    spots = middles[draw.integers(_CLUSTERS, size=number)] + draw.normal(size=(number, 2)) * 1_500
    places = spots.clip(0, 65_535).astype("<u2")
    classes = draw.integers(0, 5, (3, number)).astype(np.uint8)
    classes[1] = 0
    head = struct.pack("<II", 1, number)
    return head + places[:, 0].tobytes() + places[:, 1].tobytes() + classes.tobytes()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--points", type=int, default=100_000)
    body = points(parser.parse_args().points)
    with LiveMemoryLoop() as live, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_OPTIONS)
        visit = Visit(browser, live)
        live.call("shell", "-c", _FILL.format(email=visit.sign_up()))
        page = visit.page
        page.route(
            "**/insight/map/points/**",
            lambda route: route.fulfill(body=body, content_type="application/octet-stream"),
        )
        page.goto("/insight/map/")
        page.wait_for_selector("#map:not([hidden])", timeout=60_000)
        sys.stdout.write(f"{page.evaluate(_RENDERER)}\n")
        for how in ("rest", "move", "zoom"):
            times = sorted(page.evaluate(_MOVE, how))
            most = times[int(0.95 * len(times)) - 1]
            median = statistics.median(times)
            sys.stdout.write(
                f"{how}: median {median:.1f}, 95th {most:.1f}, longest {times[-1]:.1f} ms\n"
            )
        browser.close()


if __name__ == "__main__":
    main()
