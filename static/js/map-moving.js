/* The map of cards, moved: by pointer, by wheel, by keys and by buttons. */
"use strict";

(() => {
  if (!window.cardMap) return;
  const { map, over, stage, shown, view, scale, toMap, redraw, nearest, pick } = window.cardMap;

  const LOW = 0.8;
  const HIGH = 400;
  const REACH = 14;
  const SHOWN_AFTER = 90;

  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");

  function keepInside() {
    view.zoom = Math.min(HIGH, Math.max(LOW, view.zoom));
    view.x = Math.min(1.1, Math.max(-1.1, view.x));
    view.y = Math.min(1.1, Math.max(-1.1, view.y));
    redraw();
  }

  function zoomAt(screenX, screenY, times) {
    const [x, y] = toMap(screenX, screenY);
    view.zoom = Math.min(HIGH, Math.max(LOW, view.zoom * times));
    const [nowX, nowY] = toMap(screenX, screenY);
    view.x += x - nowX;
    view.y += y - nowY;
    keepInside();
  }

  /* Zoom by a button or a key: over a moment, unless motion is not wanted. */
  function zoomSlowly(times) {
    if (calm.matches) {
      zoomAt(view.width / 2, view.height / 2, times);
      return;
    }
    const steps = 8;
    let left = steps;
    const step = () => {
      zoomAt(view.width / 2, view.height / 2, times ** (1 / steps));
      left -= 1;
      if (left) requestAnimationFrame(step);
    };
    step();
  }

  function showAll() {
    Object.assign(view, { x: 0, y: 0, zoom: 1 });
    redraw();
  }

  function moveBy(across, down) {
    view.x -= across / scale();
    view.y += down / scale();
    keepInside();
  }

  // What the pointers do

  const held = new Map();
  let dragged = false;
  let resting = 0;

  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  over.addEventListener("pointerdown", (event) => {
    over.setPointerCapture(event.pointerId);
    held.set(event.pointerId, place(event));
    dragged = false;
  });

  over.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const before = held.get(event.pointerId);
    if (!before) {
      clearTimeout(resting);
      if (shown.points && !shown.pinned) resting = setTimeout(() => pick(nearest(x, y, REACH)), SHOWN_AFTER);
      return;
    }
    if (Math.hypot(x - before[0], y - before[1]) > 3) dragged = true;
    if (!dragged) return;
    if (held.size === 2) {
      const [other] = [...held].filter(([id]) => id !== event.pointerId).map(([, spot]) => spot);
      const was = Math.hypot(before[0] - other[0], before[1] - other[1]);
      const is = Math.hypot(x - other[0], y - other[1]);
      zoomAt((x + other[0]) / 2, (y + other[1]) / 2, is / Math.max(was, 1));
      moveBy((x - before[0]) / 2, (y - before[1]) / 2);
    } else {
      moveBy(x - before[0], y - before[1]);
    }
    held.set(event.pointerId, [x, y]);
  });

  for (const name of ["pointerup", "pointercancel"]) {
    over.addEventListener(name, (event) => {
      const was = held.delete(event.pointerId);
      if (was && !dragged && name === "pointerup" && shown.points) {
        const [x, y] = place(event);
        pick(nearest(x, y, event.pointerType === "touch" ? 2 * REACH : REACH), true);
      }
    });
  }

  over.addEventListener("pointerleave", () => clearTimeout(resting));
  over.addEventListener("dblclick", (event) => zoomAt(...place(event), 2));
  over.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomAt(...place(event), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0016)));
  }, { passive: false });

  const KEYS = {
    ArrowLeft: () => moveBy(60, 0),
    ArrowRight: () => moveBy(-60, 0),
    ArrowUp: () => moveBy(0, 60),
    ArrowDown: () => moveBy(0, -60),
    "+": () => zoomSlowly(1.6),
    "=": () => zoomSlowly(1.6),
    "-": () => zoomSlowly(1 / 1.6),
    0: showAll,
    Enter: () => shown.points && pick(nearest(view.width / 2, view.height / 2, Math.max(view.width, view.height)), true),
    Escape: () => pick(-1),
  };

  over.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key]();
  });

  map.querySelector("[data-zoom=in]").addEventListener("click", () => zoomSlowly(1.6));
  map.querySelector("[data-zoom=out]").addEventListener("click", () => zoomSlowly(1 / 1.6));
  map.querySelector("[data-zoom=all]").addEventListener("click", showAll);
})();
