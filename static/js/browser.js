/* The card browser: what is selected, the keys, and sending what is selected to the server. */
"use strict";

(() => {
  const STEP = 15;
  // All that were found but `spared`, or only `chosen`; both by id.
  let all = false;
  const chosen = new Set();
  const spared = new Set();
  let activeAt = 0;
  let anchorAt = null;
  let sentVerb = "";
  let scrolledTo = null;

  const form = () => document.getElementById("change-form");
  const lines = () => document.querySelectorAll(".browser-line");
  const idOf = (line) => line.querySelector("input").value;
  const isSelected = (id) => (all ? !spared.has(id) : chosen.has(id));
  const count = () => (all ? window.browserPages.count() - spared.size : chosen.size);

  function clear() {
    all = false;
    chosen.clear();
    spared.clear();
    anchorAt = null;
  }

  function set(id, on) {
    if (all) spared[on ? "delete" : "add"](id);
    else chosen[on ? "add" : "delete"](id);
  }

  function paint() {
    if (!form()) return;
    for (const line of lines()) {
      const on = isSelected(idOf(line));
      line.setAttribute("aria-selected", String(on));
      const box = line.querySelector("input");
      box.checked = on;
      box.tabIndex = -1;
      line.querySelector("a").tabIndex = -1;
      line.tabIndex = Number(line.dataset.at) === activeAt ? 0 : -1;
    }
    const number = count();
    form().elements.all.checked = all && !spared.size;
    document.getElementById("browser-count").textContent = number ? `${number.toLocaleString("en")} selected` : "";
    document.querySelector(".browser-bar").classList.toggle("has-selection", number > 0);
    document.querySelector("[data-clear]").hidden = false;
  }

  async function moveTo(at, { focus = true } = {}) {
    const to = Math.min(Math.max(at, 0), window.browserPages.count() - 1);
    const line = await window.browserPages.lineAt(to);
    if (!line) return null;
    activeAt = to;
    paint();
    if (focus) {
      line.scrollIntoView({ block: "nearest" });
      line.focus({ preventScroll: true });
    }
    return line;
  }

  /* Select everything from one place to another, also what the page does not have. */
  async function range(from, to, on) {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const ids = [];
    const here = [...lines()].filter((line) => line.dataset.at >= first && line.dataset.at <= last);
    if (here.length === last - first + 1) ids.push(...here.map((line) => idOf(line)));
    else {
      const query = new URLSearchParams({ from: String(first), to: String(last) });
      for (const name of ["q", "order"]) query.set(name, form().elements[name].value);
      const response = await fetch(`${form().dataset.ids}?${query}`).catch(() => null);
      if (response?.ok) ids.push(...(await response.json()).ids);
    }
    for (const id of ids) set(id, on);
    paint();
  }

  async function extend(step) {
    anchorAt ??= activeAt;
    const line = await moveTo(activeAt + step);
    if (line) await range(anchorAt, activeAt, true);
  }

  function selectAll() {
    clear();
    all = true;
    paint();
  }

  function toggle(line) {
    set(idOf(line), !isSelected(idOf(line)));
    anchorAt = Number(line.dataset.at);
    paint();
  }

  const activeLine = () => document.querySelector(`.browser-line[data-at="${activeAt}"]`);

  /* Do what a button or a menu of the bar does, to the card here if none is selected. */
  function use(control) {
    const line = activeLine();
    if (!count() && line) toggle(line);
    if (!control.matches("details")) {
      control.click();
      return;
    }
    control.open = true;
    const first = control.querySelector("input, select, .menu-list button");
    first.focus();
    // What stood there before goes with the first key.
    first.select?.();
  }

  const MOVES = {
    ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: STEP, PageUp: -STEP,
    Home: -Infinity, End: Infinity,
  };

  /* Return what a key does with the list; null if nothing. */
  function listKey({ key, shiftKey, target }) {
    const onLine = target.matches(".browser-line");
    if (key in MOVES || (shiftKey && key.toLowerCase() in MOVES)) {
      const step = MOVES[key] ?? MOVES[key.toLowerCase()];
      return { atOnce: true, repeats: true, run: () => (shiftKey ? extend(step) : moveBy(step)) };
    }
    if (key === "x" || (key === " " && onLine)) {
      return { atOnce: true, run: () => activeLine() && toggle(activeLine()) };
    }
    if (key === "Enter" && onLine) return { run: () => target.querySelector("a").click() };
    if (key === "Escape") {
      return {
        run: () => {
          clear();
          paint();
        },
      };
    }
    if (key === "z") return { run: () => [...document.querySelectorAll("#toasts form button")].pop()?.click() };
    const control = document.querySelector(`.browser-bar [data-key="${CSS.escape(key)}"]`);
    // A menu opens at once: the next letter goes into its field.
    return control && { atOnce: control.matches("details"), run: () => use(control) };
  }

  function moveBy(step) {
    anchorAt = null;
    const inList = document.activeElement.closest(".browser-line");
    return moveTo(inList ? activeAt + step : activeAt);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
    const { target } = event;
    if (target.id === "cards-q") {
      if (event.key === "ArrowDown" && form()) {
        event.preventDefault();
        moveTo(activeAt);
      }
      return;
    }
    if (target.matches(".browser-menu input") && event.key === "Enter") {
      // A form's first button is another menu's.
      event.preventDefault();
      target.closest(".menu-list").querySelector("button").click();
      return;
    }
    if (target.closest("input:not([type=checkbox]), textarea, select, .menu[open]")) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && form()) {
      event.preventDefault();
      selectAll();
    }
  });

  window.shortcuts.add((event) => {
    if (event.target.closest(".menu[open]")) return null;
    if (event.key !== "/") return form() && listKey(event);
    const search = document.getElementById("cards-q");
    return {
      atOnce: true,
      run: () => {
        search.select();
        search.focus();
      },
    };
  });

  document.addEventListener("click", (event) => {
    const line = event.target.closest(".browser-line");
    if (event.target.matches("[data-clear]")) {
      clear();
      moveTo(activeAt);
    } else if (event.target.matches("#change-form [name=all]")) {
      if (event.target.checked) selectAll();
      else {
        clear();
        paint();
      }
    } else if (line && event.target.matches("input")) {
      const at = Number(line.dataset.at);
      const on = event.target.checked;
      if (event.shiftKey && anchorAt !== null) range(anchorAt, at, on);
      else {
        set(idOf(line), on);
        anchorAt = at;
      }
      activeAt = at;
      paint();
    } else if (line && !event.target.closest("a")) moveTo(Number(line.dataset.at));
  });

  document.addEventListener("focusin", (event) => {
    if (event.target.matches(".browser-line")) activeAt = Number(event.target.dataset.at);
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, parameters } = event.detail;
    if (elt.id !== "change-form") return;
    sentVerb = parameters.verb ?? "";
    scrolledTo = [document.getElementById("browser-scroll").scrollTop, window.scrollY];
    for (const name of ["ids", "all", "except"]) delete parameters[name];
    if (all) {
      parameters.all = "1";
      parameters.except = [...spared].join(",");
    } else parameters.ids = [...chosen].join(",");
  });

  // What leads to a page of its own takes the selection along as any form does.
  document.addEventListener(
    "submit",
    (event) => {
      if (event.target.id !== "change-form" || !event.submitter?.matches("[data-plain]")) return;
      event.stopPropagation();
      const field =
        event.target.querySelector("[data-carried]") ?? document.createElement("input");
      Object.assign(field, { type: "hidden" }).dataset.carried = "";
      field.name = all ? "except" : "ids";
      field.value = [...(all ? spared : chosen)].join(",");
      event.target.append(field);
    },
    true,
  );

  function setUp({ keepSelection }) {
    if (!keepSelection) {
      clear();
      activeAt = Math.max(0, Number(document.querySelector(".browser-line")?.dataset.at ?? 0));
    }
    window.browserPages.setUp();
    if (!form()) return;
    const order = document.getElementById("search-order");
    if (order) order.value = form().elements.order.value;
    paint();
  }

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id !== "card-list" && event.detail.elt.id !== "card-list") return;
    const changed = scrolledTo !== null;
    setUp({ keepSelection: changed && sentVerb !== "delete" });
    if (!changed || !form()) return;
    document.getElementById("browser-scroll").scrollTop = scrolledTo[0];
    window.scrollTo(0, scrolledTo[1]);
    scrolledTo = null;
    if (sentVerb === "delete") activeAt = 0;
    moveTo(activeAt);
  });

  document.body.addEventListener("bulk-done", () => {
    scrolledTo ??= [document.getElementById("browser-scroll")?.scrollTop ?? 0, window.scrollY];
    window.htmx.ajax("GET", location.pathname + location.search, { target: "#card-list", swap: "outerHTML" });
  });
  document.addEventListener("browser-lines", paint);

  document.addEventListener("DOMContentLoaded", () => setUp({ keepSelection: false }));
})();
