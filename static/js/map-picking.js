/* The map of cards, asked: which card is under the pointer, what the colours say, and what is found. */
"use strict";

(() => {
  if (!window.cardMap) return;
  const { map, said, shown, scale, toMap, xOf, yOf, isDimmed, paintPoints, redraw } = window.cardMap;

  const HIDDEN = 255;
  const CELLS = 128;
  const TYPED_AFTER = 250;

  const card = map.querySelector(".map-card");
  const search = map.querySelector("input[type=search]");
  let grid = null;

  // The point under the pointer

  const cellOf = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));

  /* Sort the shown points into cells, so that the one under the pointer is found at once. */
  function sortIntoCells() {
    const starts = new Uint32Array(CELLS * CELLS + 1);
    const cells = new Int32Array(shown.points.count).fill(-1);
    for (let at = 0; at < shown.points.count; at += 1) {
      if (shown.points.chance[at] === HIDDEN) continue;
      cells[at] = cellOf(yOf(at)) * CELLS + cellOf(xOf(at));
      starts[cells[at] + 1] += 1;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell += 1) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    const order = new Uint32Array(starts[CELLS * CELLS]);
    for (let at = 0; at < shown.points.count; at += 1) if (cells[at] >= 0) order[next[cells[at]]++] = at;
    return { starts, order };
  }

  function nearest(screenX, screenY, reach) {
    const [x, y] = toMap(screenX, screenY);
    const far = reach / scale();
    grid ??= sortIntoCells();
    let best = -1;
    let least = far * far;
    for (let row = cellOf(y - far); row <= cellOf(y + far); row += 1) {
      for (let column = cellOf(x - far); column <= cellOf(x + far); column += 1) {
        const cell = row * CELLS + column;
        for (let place = grid.starts[cell]; place < grid.starts[cell + 1]; place += 1) {
          const at = grid.order[place];
          const distance = (xOf(at) - x) ** 2 + (yOf(at) - y) ** 2;
          if (distance < least && !isDimmed(at)) [best, least] = [at, distance];
        }
      }
    }
    return best;
  }

  const known = new Map();

  async function read(at) {
    if (!known.has(at)) {
      const address = new URL(map.dataset.card, location.href);
      address.searchParams.set("at", at);
      address.searchParams.set("version", shown.points.version);
      const answer = await fetch(address);
      if (!answer.ok) return null;
      known.set(at, await answer.text());
    }
    return known.get(at);
  }

  /* Show a card, or none at -1. One that is pinned stays when the pointer moves on. */
  async function pick(at, pin = false) {
    shown.pinned = pin && at >= 0;
    if (at === shown.picked) return;
    shown.picked = at;
    redraw();
    // Until the card is read, neither an empty box nor the card before.
    card.hidden = !known.has(at);
    if (at < 0) return;
    const words = await read(at).catch(() => null);
    if (at !== shown.picked) return;
    card.hidden = words === null;
    // Rendered and escaped on the server.
    if (words !== null) card.innerHTML = words;
  }

  // Colours and search

  for (const choice of map.querySelectorAll("input[name=colour]")) {
    choice.addEventListener("change", () => {
      shown.mode = choice.value;
      highlight(null);
      for (const legend of map.querySelectorAll("[data-legend]")) legend.hidden = legend.dataset.legend !== shown.mode;
      if (shown.points) paintPoints();
    });
  }

  function highlight(number) {
    shown.only = number;
    for (const button of map.querySelectorAll("[data-class]")) {
      button.setAttribute("aria-pressed", String(number !== null && Number(button.dataset.class) === number));
    }
  }

  for (const button of map.querySelectorAll("[data-class]")) {
    button.addEventListener("click", () => {
      highlight(button.getAttribute("aria-pressed") === "true" ? null : Number(button.dataset.class));
      if (shown.points) paintPoints();
    });
  }

  let typed = 0;

  async function find() {
    const words = search.value.trim();
    typed += 1;
    const turn = typed;
    if (!words) {
      shown.found = null;
      said.textContent = "";
    } else {
      const address = new URL(map.dataset.found, location.href);
      address.searchParams.set("q", words);
      address.searchParams.set("version", shown.points.version);
      const answer = await fetch(address).catch(() => null);
      if (turn !== typed) return;
      if (!answer || !answer.ok) {
        said.textContent = answer && answer.status === 422 ? await answer.text() : "The search did not work. Try again.";
        return;
      }
      const places = new Uint32Array(await answer.arrayBuffer());
      if (turn !== typed) return;
      shown.found = new Set(places);
      said.textContent = places.length === 1 ? "1 card found" : `${places.length.toLocaleString("en")} cards found`;
    }
    paintPoints();
  }

  let pause = 0;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => shown.points && find(), TYPED_AFTER);
  });
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    if (shown.points) find();
  });

  const of = document.getElementById("insight-of");
  of.addEventListener("change", () => of.value !== "search" && of.form.requestSubmit());

  Object.assign(window.cardMap, { nearest, pick });
})();
