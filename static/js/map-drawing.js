/* The map of cards, drawn: points by WebGL, or on a plain canvas where there is none; names of regions
   and what is picked are drawn over them. The points come from the server as `MapCards.packed` has
   them. Nothing is drawn unless something has changed. What moves the map (map-moving.js) and what is
   picked and found on it (map-picking.js) share `window.cardMap` with this. */
"use strict";

(() => {
  const map = document.getElementById("map");
  if (!map) return;

  const HIDDEN = 255;
  const NORMAL = 0;
  const DIMMED = 1;
  const FOUND = 2;
  const AWAY = 3;

  const canvas = map.querySelector("canvas.map-points");
  const over = map.querySelector("canvas.map-names");
  const stage = map.querySelector(".map-stage");
  const said = map.querySelector(".map-said");
  const labels = JSON.parse(document.getElementById("map-labels").textContent);
  const paper = over.getContext("2d");

  // `mode` is what the points are coloured by, `only` the class of it that stands out, `found` a Set
  // of places, `picked` a place or -1, which is `pinned` if it was clicked.
  const shown = { points: null, mode: "chance", only: null, found: null, picked: -1, pinned: false };
  // The middle of what is seen, how many times larger it is than the whole map, and its size in pixels.
  const view = { x: 0, y: 0, zoom: 1, width: 0, height: 0 };
  let gl = null;
  let colours = [];
  let waiting = 0;

  // Where things are

  const scale = () => (Math.min(view.width, view.height) / 2) * 0.92 * view.zoom;
  const toScreen = (x, y) => [view.width / 2 + (x - view.x) * scale(), view.height / 2 - (y - view.y) * scale()];
  const toMap = (x, y) => [view.x + (x - view.width / 2) / scale(), view.y - (y - view.height / 2) / scale()];
  const xOf = (at) => shown.points.x[at] / 32767.5 - 1;
  const yOf = (at) => shown.points.y[at] / 32767.5 - 1;

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
    give("x", shown.points.x, gl.UNSIGNED_SHORT, true);
    give("y", shown.points.y, gl.UNSIGNED_SHORT, true);
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
    if (shown.points.chance[at] === HIDDEN) return AWAY;
    if (shown.only !== null && shown.points[shown.mode][at] !== shown.only) return DIMMED;
    if (shown.found === null) return NORMAL;
    return shown.found.has(at) ? FOUND : DIMMED;
  }

  const isDimmed = (at) => markOf(at) === DIMMED;

  /* What the colours are, and which points stand out, has changed. */
  function paintPoints() {
    colours = [];
    for (const swatch of map.querySelectorAll(`[data-legend="${shown.mode}"] [data-class]`)) {
      const [red, green, blue] = getComputedStyle(swatch.querySelector(".map-swatch"))
        .backgroundColor.match(/[\d.]+/g).map(Number);
      colours[Number(swatch.dataset.class)] = [red, green, blue];
    }
    if (gl) {
      give("kind", shown.points[shown.mode], gl.UNSIGNED_BYTE, false);
      give("mark", Uint8Array.from({ length: shown.points.count }, (_, at) => markOf(at)), gl.UNSIGNED_BYTE, false);
    }
    redraw();
  }

  function redraw() {
    if (!waiting) waiting = requestAnimationFrame(draw);
  }

  const size = () => Math.min(9, Math.max(2.5, 14 / Math.log10(shown.points.count + 10)) * (1 + Math.log2(Math.max(1, view.zoom)) / 6));

  function draw() {
    waiting = 0;
    const dense = window.devicePixelRatio || 1;
    paper.setTransform(dense, 0, 0, dense, 0, 0);
    paper.clearRect(0, 0, view.width, view.height);
    if (gl) drawPoints(dense);
    else drawPlainly();
    drawNames();
    if (shown.picked >= 0) ring(...toScreen(xOf(shown.picked), yOf(shown.picked)));
  }

  function drawPoints(dense) {
    const set = (name) => gl.getUniformLocation(gl.program, name);
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.uniform2f(set("middle"), view.x, view.y);
    gl.uniform2f(set("zoom"), (scale() * 2) / view.width, (scale() * 2) / view.height);
    gl.uniform1f(set("size"), size() * dense);
    const flat = new Float32Array(30);
    for (const [number, rgb] of colours.entries()) {
      if (rgb) flat.set(rgb.map((each) => each / 255), number * 3);
    }
    gl.uniform3fv(set("colours"), flat);
    gl.drawArrays(gl.POINTS, 0, shown.points.count);
  }

  function drawPlainly() {
    const side = size();
    const [left, bottom] = toMap(0, view.height);
    const [right, top] = toMap(view.width, 0);
    for (let number = 0; number < colours.length; number += 1) {
      if (!colours[number]) continue;
      paper.fillStyle = `rgb(${colours[number].join(" ")})`;
      for (let at = 0; at < shown.points.count; at += 1) {
        if (shown.points[shown.mode][at] !== number) continue;
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
      if (x < 0 || x > view.width || y < 0 || y > view.height) continue;
      x = Math.min(Math.max(x, wide), view.width - wide);
      y = Math.min(Math.max(y, 14), view.height - 14);
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
    view.width = stage.clientWidth;
    view.height = stage.clientHeight;
    for (const each of [canvas, over]) {
      each.width = Math.round(view.width * dense);
      each.height = Math.round(view.height * dense);
    }
    if (shown.points) redraw();
  }

  // Beginning

  async function start() {
    map.hidden = false;
    resize();
    const answer = await fetch(map.dataset.points).catch(() => null);
    if (!answer || !answer.ok) {
      said.textContent = "The map could not be read. Reload the page.";
      return;
    }
    shown.points = unpack(await answer.arrayBuffer());
    startDrawing();
    paintPoints();
    map.dataset.drawn = shown.points.count;
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
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => shown.points && paintPoints());

  window.cardMap = { map, over, stage, said, shown, view, scale, toMap, xOf, yOf, isDimmed, paintPoints, redraw };
  start();
})();
