/* The map of cards: points drawn by WebGL, or on a plain canvas where there is none; names of regions
   and what is picked are drawn over them. The points come from the server as `MapCards.packed` has
   them. Nothing is drawn unless something has changed. */
"use strict";

(() => {
  const map = document.getElementById("map");
  if (!map) return;

  const HIDDEN = 255;
  const LOW = 0.8;
  const HIGH = 400;
  const REACH = 14;
  const CELLS = 128;
  const SHOWN_AFTER = 90;
  const TYPED_AFTER = 250;
  const NORMAL = 0;
  const DIMMED = 1;
  const FOUND = 2;
  const AWAY = 3;

  const canvas = map.querySelector("canvas.map-points");
  const over = map.querySelector("canvas.map-names");
  const stage = map.querySelector(".map-stage");
  const card = map.querySelector(".map-card");
  const said = map.querySelector(".map-said");
  const search = map.querySelector("input[type=search]");
  const labels = JSON.parse(document.getElementById("map-labels").textContent);
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const paper = over.getContext("2d");

  let points = null;
  let gl = null;
  let colours = [];
  let mode = "chance";
  let only = null;
  let found = null;
  let picked = -1;
  let pinned = false;
  let grid = null;
  // The middle of what is seen, and how many times larger it is than the whole map.
  const view = { x: 0, y: 0, zoom: 1 };
  let width = 0;
  let height = 0;
  let waiting = 0;

  // Where things are

  const scale = () => (Math.min(width, height) / 2) * 0.92 * view.zoom;
  const toScreen = (x, y) => [width / 2 + (x - view.x) * scale(), height / 2 - (y - view.y) * scale()];
  const toMap = (x, y) => [view.x + (x - width / 2) / scale(), view.y - (y - height / 2) / scale()];
  const xOf = (at) => points.x[at] / 32767.5 - 1;
  const yOf = (at) => points.y[at] / 32767.5 - 1;

  function unpack(buffer) {
    const [version, count] = new Uint32Array(buffer, 0, 2);
    let at = 8;
    const take = (kind) => {
      const part = new kind(buffer, at, count);
      at += part.byteLength;
      return part;
    };
    const x = take(Uint16Array);
    const y = take(Uint16Array);
    return { version, count, x, y, chance: take(Uint8Array), deck: take(Uint8Array), age: take(Uint8Array) };
  }

  const cellOf = (value) => Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));

  /* Sort the shown points into cells, so that the one under the pointer is found at once. */
  function sortIntoCells() {
    const starts = new Uint32Array(CELLS * CELLS + 1);
    const cells = new Int32Array(points.count).fill(-1);
    for (let at = 0; at < points.count; at += 1) {
      if (points.chance[at] === HIDDEN) continue;
      cells[at] = cellOf(yOf(at)) * CELLS + cellOf(xOf(at));
      starts[cells[at] + 1] += 1;
    }
    for (let cell = 0; cell < CELLS * CELLS; cell += 1) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    const order = new Uint32Array(starts[CELLS * CELLS]);
    for (let at = 0; at < points.count; at += 1) if (cells[at] >= 0) order[next[cells[at]]++] = at;
    grid = { starts, order };
  }

  function nearest(screenX, screenY, reach) {
    const [x, y] = toMap(screenX, screenY);
    const far = reach / scale();
    let best = -1;
    let least = far * far;
    for (let row = cellOf(y - far); row <= cellOf(y + far); row += 1) {
      for (let column = cellOf(x - far); column <= cellOf(x + far); column += 1) {
        const cell = row * CELLS + column;
        for (let place = grid.starts[cell]; place < grid.starts[cell + 1]; place += 1) {
          const at = grid.order[place];
          const distance = (xOf(at) - x) ** 2 + (yOf(at) - y) ** 2;
          if (distance < least && markOf(at) !== DIMMED) [best, least] = [at, distance];
        }
      }
    }
    return best;
  }

  // Drawing

  const VERTEX = `
    attribute float x; attribute float y; attribute float kind; attribute float mark;
    uniform vec2 middle; uniform vec2 zoom; uniform float size; uniform vec3 colours[10];
    varying vec4 colour;
    void main() {
      vec2 spot = (vec2(x, y) * 2.0 - 1.0 - middle) * zoom;
      gl_Position = vec4(spot, mark == 2.0 ? -0.5 : mark == 1.0 ? 0.5 : 0.0, 1.0);
      if (mark == 3.0) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
      gl_PointSize = mark == 2.0 ? size * 1.6 : size;
      vec3 own = colours[0];
      for (int n = 1; n < 10; n++) if (float(n) == kind) own = colours[n];
      colour = vec4(own, mark == 1.0 ? 0.13 : 0.92);
    }`;
  const FRAGMENT = `
    precision mediump float; varying vec4 colour;
    void main() {
      if (length(gl_PointCoord - 0.5) > 0.5) discard;
      gl_FragColor = vec4(colour.rgb * colour.a, colour.a);
    }`;

  function startDrawing() {
    gl = canvas.getContext("webgl", { antialias: false, powerPreference: "low-power" });
    if (!gl) return;
    const program = gl.createProgram();
    for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
      const shader = gl.createShader(kind);
      gl.shaderSource(shader, source);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      gl = null;
      return;
    }
    gl.useProgram(program);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.enable(gl.DEPTH_TEST);
    gl.depthFunc(gl.LEQUAL);
    gl.program = program;
    gl.buffers = {};
    give("x", points.x, gl.UNSIGNED_SHORT, true);
    give("y", points.y, gl.UNSIGNED_SHORT, true);
  }

  function give(name, values, kind, normal) {
    gl.buffers[name] ??= gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.buffers[name]);
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.STATIC_DRAW);
    const at = gl.getAttribLocation(gl.program, name);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 1, kind, normal, 0, 0);
  }

  function markOf(at) {
    if (points.chance[at] === HIDDEN) return AWAY;
    if (only !== null && points[mode][at] !== only) return DIMMED;
    if (found === null) return NORMAL;
    return found.has(at) ? FOUND : DIMMED;
  }

  /* What the colours are, and which points stand out, has changed. */
  function paintPoints() {
    colours = [];
    for (const swatch of map.querySelectorAll(`[data-legend="${mode}"] [data-class]`)) {
      const [red, green, blue] = getComputedStyle(swatch.querySelector(".map-swatch"))
        .backgroundColor.match(/[\d.]+/g).map(Number);
      colours[Number(swatch.dataset.class)] = [red, green, blue];
    }
    if (gl) {
      give("kind", points[mode], gl.UNSIGNED_BYTE, false);
      give("mark", Uint8Array.from({ length: points.count }, (_, at) => markOf(at)), gl.UNSIGNED_BYTE, false);
    }
    redraw();
  }

  function redraw() {
    if (!waiting) waiting = requestAnimationFrame(draw);
  }

  const size = () => Math.min(9, Math.max(2.5, 14 / Math.log10(points.count + 10)) * (1 + Math.log2(Math.max(1, view.zoom)) / 6));

  function draw() {
    waiting = 0;
    const dense = window.devicePixelRatio || 1;
    paper.setTransform(dense, 0, 0, dense, 0, 0);
    paper.clearRect(0, 0, width, height);
    if (gl) drawPoints(dense);
    else drawPlainly();
    drawNames();
    if (picked >= 0) ring(...toScreen(xOf(picked), yOf(picked)));
  }

  function drawPoints(dense) {
    const set = (name) => gl.getUniformLocation(gl.program, name);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform2f(set("middle"), view.x, view.y);
    gl.uniform2f(set("zoom"), (scale() * 2) / width, (scale() * 2) / height);
    gl.uniform1f(set("size"), size() * dense);
    const flat = new Float32Array(30);
    for (const [number, rgb] of colours.entries()) {
      if (rgb) flat.set(rgb.map((each) => each / 255), number * 3);
    }
    gl.uniform3fv(set("colours"), flat);
    gl.drawArrays(gl.POINTS, 0, points.count);
  }

  function drawPlainly() {
    const side = size();
    const [left, bottom] = toMap(0, height);
    const [right, top] = toMap(width, 0);
    for (let number = 0; number < colours.length; number += 1) {
      if (!colours[number]) continue;
      paper.fillStyle = `rgb(${colours[number].join(" ")})`;
      for (let at = 0; at < points.count; at += 1) {
        if (points[mode][at] !== number) continue;
        const x = xOf(at);
        const y = yOf(at);
        if (x < left || x > right || y < bottom || y > top) continue;
        const mark = markOf(at);
        if (mark === AWAY) continue;
        paper.globalAlpha = mark === DIMMED ? 0.13 : 0.92;
        const [across, down] = toScreen(x, y);
        paper.fillRect(across - side / 2, down - side / 2, side, side);
      }
    }
    paper.globalAlpha = 1;
  }

  function drawNames() {
    const style = getComputedStyle(map);
    const taken = [];
    paper.textAlign = "center";
    paper.textBaseline = "middle";
    paper.lineJoin = "round";
    for (const label of labels) {
      if (label.level !== (view.zoom < 2.2 ? 0 : 1)) continue;
      paper.font = `600 ${label.level ? 13 : 15}px ${style.fontFamily}`;
      const wide = paper.measureText(label.name).width / 2 + 6;
      let [x, y] = toScreen(label.x, label.y);
      if (x < 0 || x > width || y < 0 || y > height) continue;
      x = Math.min(Math.max(x, wide), width - wide);
      y = Math.min(Math.max(y, 14), height - 14);
      if (taken.some((box) => Math.abs(box.x - x) < box.wide + wide && Math.abs(box.y - y) < 24)) continue;
      taken.push({ x, y, wide });
      paper.strokeStyle = style.getPropertyValue("--surface");
      paper.lineWidth = 4;
      paper.strokeText(label.name, x, y);
      paper.fillStyle = style.getPropertyValue("--ink");
      paper.fillText(label.name, x, y);
    }
  }

  function ring(x, y) {
    const style = getComputedStyle(map);
    paper.beginPath();
    paper.arc(x, y, size() / 2 + 5, 0, 2 * Math.PI);
    paper.lineWidth = 5;
    paper.strokeStyle = style.getPropertyValue("--surface");
    paper.stroke();
    paper.lineWidth = 2.5;
    paper.strokeStyle = style.getPropertyValue("--ink");
    paper.stroke();
  }

  function resize() {
    const dense = window.devicePixelRatio || 1;
    width = stage.clientWidth;
    height = stage.clientHeight;
    for (const each of [canvas, over]) {
      each.width = Math.round(width * dense);
      each.height = Math.round(height * dense);
    }
    if (points) redraw();
  }

  // Moving

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
      zoomAt(width / 2, height / 2, times);
      return;
    }
    const steps = 8;
    let left = steps;
    const step = () => {
      zoomAt(width / 2, height / 2, times ** (1 / steps));
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

  // What is pointed at

  const known = new Map();

  async function read(at) {
    if (!known.has(at)) {
      const address = new URL(map.dataset.card, location.href);
      address.searchParams.set("at", at);
      address.searchParams.set("version", points.version);
      const answer = await fetch(address);
      if (!answer.ok) return null;
      known.set(at, await answer.text());
    }
    return known.get(at);
  }

  async function pick(at, pin = false) {
    pinned = pin && at >= 0;
    if (at === picked) return;
    picked = at;
    redraw();
    card.hidden = at < 0;
    if (at < 0) return;
    const words = await read(at).catch(() => null);
    if (at !== picked) return;
    card.hidden = words === null;
    // Rendered and escaped on the server.
    if (words !== null) card.innerHTML = words;
  }

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
      if (points && !pinned) resting = setTimeout(() => pick(nearest(x, y, REACH)), SHOWN_AFTER);
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
      if (was && !dragged && name === "pointerup" && points) {
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
    Enter: () => points && pick(nearest(width / 2, height / 2, Math.max(width, height)), true),
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

  // Colours and search

  for (const choice of map.querySelectorAll("input[name=colour]")) {
    choice.addEventListener("change", () => {
      mode = choice.value;
      highlight(null);
      for (const legend of map.querySelectorAll("[data-legend]")) legend.hidden = legend.dataset.legend !== mode;
      if (points) paintPoints();
    });
  }

  function highlight(number) {
    only = number;
    for (const button of map.querySelectorAll("[data-class]")) {
      button.setAttribute("aria-pressed", String(number !== null && Number(button.dataset.class) === number));
    }
  }

  for (const button of map.querySelectorAll("[data-class]")) {
    button.addEventListener("click", () => {
      highlight(button.getAttribute("aria-pressed") === "true" ? null : Number(button.dataset.class));
      if (points) paintPoints();
    });
  }

  let typed = 0;

  async function find() {
    const words = search.value.trim();
    typed += 1;
    const turn = typed;
    if (!words) {
      found = null;
      said.textContent = "";
    } else {
      const address = new URL(map.dataset.found, location.href);
      address.searchParams.set("q", words);
      address.searchParams.set("version", points.version);
      const answer = await fetch(address).catch(() => null);
      if (turn !== typed) return;
      if (!answer || !answer.ok) {
        said.textContent = answer && answer.status === 422 ? await answer.text() : "The search did not work. Try again.";
        return;
      }
      const places = new Uint32Array(await answer.arrayBuffer());
      if (turn !== typed) return;
      found = new Set(places);
      said.textContent = places.length === 1 ? "1 card found" : `${places.length.toLocaleString("en")} cards found`;
    }
    paintPoints();
  }

  let pause = 0;
  search.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(() => points && find(), TYPED_AFTER);
  });
  search.form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(pause);
    if (points) find();
  });

  // Beginning

  async function start() {
    map.hidden = false;
    resize();
    const answer = await fetch(map.dataset.points).catch(() => null);
    if (!answer || !answer.ok) {
      said.textContent = "The map could not be read. Reload the page.";
      return;
    }
    points = unpack(await answer.arrayBuffer());
    sortIntoCells();
    startDrawing();
    paintPoints();
    map.dataset.drawn = points.count;
  }

  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    gl = null;
    redraw();
  });
  canvas.addEventListener("webglcontextrestored", () => {
    startDrawing();
    paintPoints();
  });
  new ResizeObserver(resize).observe(stage);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => points && paintPoints());
  const of = document.getElementById("insight-of");
  if (of) of.addEventListener("change", () => of.value !== "search" && of.form.requestSubmit());
  start();
})();
