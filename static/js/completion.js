/* The search goes on with names: a list below it, chosen with the arrow keys. */
"use strict";

(() => {
  const input = document.querySelector("[data-complete]");
  if (!input) return;
  const list = document.getElementById("completions");
  const WAIT_MS = 100;
  let timer = 0;
  let asked = 0;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const selected = () => options().find((each) => each.getAttribute("aria-selected") === "true");

  function select(option) {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function close() {
    clearTimeout(timer);
    asked += 1;
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    select(null);
  }

  async function ask() {
    const turn = ++asked;
    const query = new URLSearchParams({ q: input.value, at: String(input.selectionStart) });
    const response = await fetch(`${input.dataset.complete}?${query}`, {
      headers: { "HX-Request": "true" },
    }).catch(() => null);
    if (turn !== asked || !response?.ok || document.activeElement !== input) return;
    list.innerHTML = await response.text();
    if (turn !== asked) return;
    list.hidden = options().length === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    select(null);
  }

  function take(option) {
    const { text, start, end } = option.dataset;
    const whole = text.endsWith(":") ? text : `${text} `;
    const rest = input.value.slice(Number(end));
    input.value = input.value.slice(0, Number(start)) + whole + rest.replace(/^ /, "");
    const at = Number(start) + whole.length;
    input.setSelectionRange(at, at);
    close();
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT_MS);
  });
  input.addEventListener("blur", close);
  list.addEventListener("pointerdown", (event) => {
    const option = event.target.closest("[role=option]");
    // Before the field loses the focus, which would close the list.
    event.preventDefault();
    if (option) take(option);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const all = options();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      event.stopPropagation();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = all.indexOf(selected());
      select(all[at < 0 && step < 0 ? all.length - 1 : (at + step + all.length) % all.length]);
    } else if ((event.key === "Enter" || event.key === "Tab") && selected()) {
      event.preventDefault();
      take(selected());
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
})();
