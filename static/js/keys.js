/* Single-key shortcuts: the one place where the keys of a page are heard.

   A page names its keys with `shortcuts.add(find)`. `find(event)` returns what a key would do here,
   without doing it: `{ run }`, `{ run, atOnce: true }`, or null.

   A sentence that is typed while no field has the focus is no row of shortcuts:
   - what changes something or leaves the page waits for HOLD_MS, and is dropped if another letter
     comes in that time;
   - a letter that follows one that did nothing, or was dropped, within PAUSE_MS does nothing.
   `atOnce` is for what cannot wait or does no harm: to show an answer and rate it, to move, to select,
   to open a field. These follow one another as fast as they are pressed. */
"use strict";

(() => {
  const HOLD_MS = 350;
  const PAUSE_MS = 800;
  const GO_TO_WITHIN_MS = 1500;
  const FIELDS = "input:not([type=checkbox], [type=radio], [type=file]), textarea, select, [contenteditable]";
  const CONTROLS = "a, audio, button, summary, input, label";

  const finders = [];
  // When the last letter came that was typing and no shortcut.
  let typedAt = -Infinity;
  let goToUntil = 0;
  // The shortcut that waits to see whether a letter follows: { key, run, times, timer }.
  let held = null;

  const isLetter = (event) =>
    [...event.key].length === 1 || event.isComposing || ["Dead", "Process"].includes(event.key);

  function drop() {
    clearTimeout(held?.timer);
    held = null;
  }

  function act() {
    const { run, times } = held;
    drop();
    for (let time = 0; time < times; time += 1) run();
  }

  function hold(key, run) {
    // The same key again is the same shortcut again.
    const times = held ? held.times + 1 : 1;
    drop();
    held = { key, run, times, timer: setTimeout(act, HOLD_MS) };
  }

  /* Return what a key does here; null if nothing. The second key of "g r" is one of the list of keys. */
  function find(event) {
    if (Date.now() < goToUntil) {
      goToUntil = 0;
      const link = document.querySelector(`[data-go="${CSS.escape(event.key)}"]`);
      return link && { run: () => location.assign(link.href) };
    }
    if (event.key === "g") {
      return { atOnce: true, run: () => { goToUntil = Date.now() + GO_TO_WITHIN_MS; } };
    }
    for (const each of finders) {
      const action = each(event);
      if (action) return action;
    }
    return null;
  }

  document.addEventListener("keydown", (event) => {
    const { target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (!["Control", "Meta", "Alt", "AltGraph"].includes(event.key)) drop();
      return;
    }
    if (["Shift", "CapsLock"].includes(event.key)) return;
    const now = event.timeStamp;
    if (target.closest(FIELDS) || document.querySelector("dialog[open]")) {
      drop();
      // Who is torn out of a field in the middle of a word goes on typing.
      typedAt = isLetter(event) && !document.querySelector("dialog[open]") ? now : -Infinity;
      return;
    }
    const isTyping = now - typedAt < PAUSE_MS;
    if (!isLetter(event)) {
      // Enter at the end of a sentence, or Delete in it, is part of it.
      if ((isTyping || held) && ["Enter", "Delete", "Backspace"].includes(event.key)) {
        if (event.key === "Enter") typedAt = -Infinity;
        drop();
        event.preventDefault();
        return;
      }
      if (event.key === "Escape") {
        drop();
        typedAt = -Infinity;
      }
    } else if (isTyping || (held && held.key !== event.key)) {
      drop();
      goToUntil = 0;
      typedAt = now;
      // Space would scroll the page or press a button, a slash would search in it.
      event.preventDefault();
      return;
    }
    if (event.defaultPrevented || event.isComposing) return;
    // A control that has the focus keeps its own keys.
    if ([" ", "Enter"].includes(event.key) && target.closest(CONTROLS)) return;
    const action = find(event);
    if (!action) {
      if (isLetter(event)) typedAt = now;
      return;
    }
    if (event.repeat && !action.repeats) {
      event.preventDefault();
      return;
    }
    event.preventDefault();
    if (action.atOnce || !isLetter(event)) action.run();
    else hold(event.key, action.run);
  });

  function focusHome() {
    let home = document.querySelector("[data-focus-home]");
    // Where a field that has the focus brings up a keyboard on the screen, nothing is typed unasked.
    if (!home || matchMedia("(pointer: coarse)").matches) home = document.getElementById("main");
    home.focus({ preventScroll: true });
  }

  window.shortcuts = {
    add: (finder) => finders.push(finder),
    /* Press a control whose key (data-key) is written on it. */
    press: (control) => control && { run: () => control.isConnected && control.click() },
    focusHome,
  };

  window.shortcuts.add((event) => {
    if (event.key !== "?") return null;
    const list = document.getElementById("keys");
    return list && { run: () => document.dispatchEvent(new CustomEvent("open-dialog", { detail: "keys" })) };
  });

  /* Focus: what is replaced takes the focus with it. It goes to where the page is typed or pressed next:
     to what is marked `data-focus-home`, else to the control of the same name in what came instead. */

  let lost = null;
  const hasFocus = () => document.activeElement && document.activeElement !== document.body;
  const nameOf = (control) => control.getAttribute("aria-label") || control.name || control.textContent.trim();

  function focusAgain({ name, region }) {
    const box = region && document.getElementById(region);
    const controls = box ? [...box.querySelectorAll("a[href], button, summary, input, textarea, select")] : [];
    const same = controls.find((control) => nameOf(control) === name && control.checkVisibility());
    if (same && !document.querySelector("[data-focus-home]")) same.focus({ preventScroll: true });
    else focusHome();
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const at = document.activeElement;
    if (hasFocus() && event.detail.target) lost = { name: nameOf(at), region: event.detail.target.id };
  });
  // After the scripts of the page, which know better.
  document.addEventListener("htmx:afterSettle", () => setTimeout(() => {
    const was = lost;
    lost = null;
    if (was && !hasFocus() && !document.querySelector("dialog[open]")) focusAgain(was);
  }));
})();
