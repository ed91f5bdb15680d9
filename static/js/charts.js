/* Charts: a tooltip with the exact values, for the pointer and for the focus, and the arrow keys.

   What one points at or moves to is a `.chart-item`, whose <title> says what it is. Of the items of a
   figure one is a stop of the Tab key; the arrow keys, Home and End move between them. */
"use strict";

(() => {
  const MARGIN = 8;
  const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };

  const tip = document.createElement("div");
  tip.className = "chart-tip";
  tip.hidden = true;
  // The item itself has its words as its name.
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  let shown = null;
  let pointer = "mouse";

  const itemAt = (target) => (target instanceof Element ? target.closest(".chart-item") : null);
  const itemsOf = (item) => [...item.closest(".chart-figure").querySelectorAll(".chart-item")];

  /* Take the words out of the <title>: the browser would show a tooltip of its own as well. */
  function wordsOf(item) {
    const title = item.querySelector(":scope > title");
    if (title) {
      item.setAttribute("aria-label", title.textContent);
      title.remove();
    }
    return item.getAttribute("aria-label");
  }

  function show(item, how) {
    tip.replaceChildren(wordsOf(item));
    if (item.hasAttribute("href")) {
      const hint = document.createElement("small");
      hint.textContent = `${how} to see the cards`;
      tip.append(hint);
    }
    tip.hidden = false;
    shown = item;
    place(item);
  }

  function hide() {
    tip.hidden = true;
    shown = null;
  }

  function place(item) {
    // Above what is drawn, rather than above the whole height that takes the pointer.
    const drawn = [...item.children].filter((part) => !part.matches("title, .chart-hit"));
    const boxes = (drawn.length ? drawn : [item]).map((part) => part.getBoundingClientRect());
    const left = Math.min(...boxes.map((box) => box.left));
    const right = Math.max(...boxes.map((box) => box.right));
    const top = Math.min(...boxes.map((box) => box.top));
    const bottom = Math.max(...boxes.map((box) => box.bottom));
    const { width, height } = tip.getBoundingClientRect();
    const most = document.documentElement.clientWidth - width - MARGIN;
    const x = Math.max(MARGIN, Math.min((left + right - width) / 2, most));
    const y = top - height - MARGIN;
    tip.style.left = `${x}px`;
    tip.style.top = `${y >= MARGIN ? y : bottom + MARGIN}px`;
  }

  function stopAt(item, items) {
    for (const each of items) each.setAttribute("tabindex", each === item ? "0" : "-1");
  }

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const item = itemAt(event.target);
    if (item) show(item, "Click");
    else if (shown && shown !== document.activeElement) hide();
  });

  document.addEventListener("pointerdown", (event) => {
    pointer = event.pointerType;
    if (!itemAt(event.target)) hide();
  });

  // Under a finger the first tap says what it is, and the second one goes there.
  document.addEventListener("click", (event) => {
    const item = itemAt(event.target);
    if (!item || pointer !== "touch" || shown === item) return;
    event.preventDefault();
    show(item, "Tap again");
  });

  document.addEventListener("focusin", (event) => {
    const item = itemAt(event.target);
    if (!item) return;
    stopAt(item, itemsOf(item));
    if (item.matches(":focus-visible")) show(item, "Enter");
  });

  document.addEventListener("focusout", (event) => {
    if (event.target === shown) hide();
  });

  document.addEventListener("keydown", (event) => {
    const item = itemAt(event.target);
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      hide();
      return;
    }
    const items = itemsOf(item);
    const at = items.indexOf(item);
    const next = { Home: items[0], End: items.at(-1) }[event.key] ?? items[at + (STEPS[event.key] ?? NaN)];
    if (next) next.focus();
    // At an end, too, the page does not scroll away under who moves along a chart.
    if (next || event.key in STEPS) event.preventDefault();
  });

  const follow = () => {
    if (shown?.isConnected) place(shown);
    else if (shown) hide();
  };
  document.addEventListener("scroll", follow, { capture: true, passive: true });
  window.addEventListener("resize", follow);
  document.addEventListener("htmx:afterSwap", follow);
})();
