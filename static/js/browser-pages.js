/* A hundred thousand lines, of which only those near the window are there: each page of the table
   is a tbody, as high as its lines while it is empty. Without this script there are links. */
"use strict";

(() => {
  const NEAR_PX = 600;
  // So long a page must stay near before it is asked for: scrolling past it is free.
  const WAIT_MS = 60;
  const KEPT_PAGES = 24;
  let observer = null;
  let state = null;

  const isDesk = () => matchMedia("(min-width: 48rem)").matches;

  function gap(lines) {
    const row = document.createElement("tr");
    row.className = "browser-gap";
    row.setAttribute("aria-hidden", "true");
    row.style.height = `${lines * state.lineHeight}px`;
    // One cell: one across columns that a narrow window leaves out would give them room again.
    row.append(document.createElement("td"));
    return row;
  }

  const linesOf = (page) => Math.min(state.size, state.found - (page - 1) * state.size);

  function empty(body) {
    body.replaceChildren(gap(linesOf(Number(body.dataset.page))));
    delete body.dataset.loaded;
  }

  async function load(body) {
    if (body.dataset.loaded || !body.isConnected) return;
    body.dataset.loaded = "coming";
    const form = document.getElementById("change-form");
    const query = new URLSearchParams({ page: body.dataset.page, lines: "" });
    for (const name of ["q", "order"]) if (form.elements[name].value) query.set(name, form.elements[name].value);
    const response = await fetch(`${location.pathname}?${query}`, {
      headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (!body.isConnected) return;
    if (!response?.ok || response.redirected) {
      delete body.dataset.loaded;
      return;
    }
    body.innerHTML = await response.text();
    body.dataset.loaded = "yes";
    body.dispatchEvent(new CustomEvent("browser-lines", { bubbles: true }));
    spare(body);
  }

  /* Empty the pages farthest from this one once there are many. */
  function spare(near) {
    const loaded = [...document.querySelectorAll("#browser-scroll tbody[data-loaded=yes]")];
    const distance = (body) => Math.abs(body.dataset.page - near.dataset.page);
    loaded
      .sort((one, other) => distance(other) - distance(one))
      .slice(0, Math.max(0, loaded.length - KEPT_PAGES))
      .filter((body) => !body.contains(document.activeElement))
      .forEach(empty);
  }

  function watch(entries) {
    for (const { target, isIntersecting } of entries) {
      clearTimeout(Number(target.dataset.timer));
      if (isIntersecting && !target.dataset.loaded) {
        target.dataset.timer = String(setTimeout(() => load(target), WAIT_MS));
      }
    }
  }

  function setUp() {
    observer?.disconnect();
    const form = document.getElementById("change-form");
    if (!form) return;
    const scroll = document.getElementById("browser-scroll");
    const first = scroll.querySelector("tbody");
    state = {
      found: Number(form.dataset.found),
      size: Number(form.dataset.pageSize),
      lineHeight: first.rows[0].getBoundingClientRect().height,
    };
    first.dataset.loaded = "yes";
    const pages = Math.ceil(state.found / state.size);
    if (pages < 2) return;
    form.classList.add("has-pages");
    scroll.classList.add("is-paged");
    const here = Number(first.dataset.page);
    const [before, after] = [document.createDocumentFragment(), document.createDocumentFragment()];
    for (let page = 1; page <= pages; page += 1) {
      if (page === here) continue;
      const body = document.createElement("tbody");
      body.dataset.page = String(page);
      empty(body);
      (page < here ? before : after).append(body);
    }
    first.before(before);
    first.after(after);
    if (here > 1) first.scrollIntoView({ block: "start" });
    observer = new IntersectionObserver(watch, {
      root: isDesk() ? scroll : null,
      rootMargin: `${NEAR_PX}px 0px`,
    });
    for (const body of scroll.querySelectorAll("tbody")) observer.observe(body);
  }

  window.browserPages = {
    setUp,
    count: () => state?.found ?? 0,

    /* Return the line at a place, once its page is there; null if there is none. */
    async lineAt(at) {
      const form = document.getElementById("change-form");
      if (!form || at < 0 || at >= state.found) return null;
      const page = Math.floor(at / state.size) + 1;
      const body = document.querySelector(`#browser-scroll tbody[data-page="${page}"]`);
      if (!body) return null;
      if (body.dataset.loaded === "coming") {
        await new Promise((resolve) => {
          body.addEventListener("browser-lines", resolve, { once: true });
        });
      } else await load(body);
      return body.querySelector(`[data-at="${at}"]`);
    },
  };
})();
