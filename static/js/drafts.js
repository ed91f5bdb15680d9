/* The tray of drafts: keys, the words a draft rests on, and nothing typed lost. */
"use strict";

(() => {
  const start = document.querySelector("[data-start='now']");
  if (start) {
    start.requestSubmit();
    return;
  }
  const list = document.getElementById("drafts");
  const source = document.getElementById("source-text");
  if (!source) return;
  const narrow = matchMedia("(max-width: 63.99rem)");
  const details = source.closest("details");
  if (narrow.matches && list) details.open = false;

  // Offsets count characters as the server does, which are not always one unit here.
  const text = source.textContent;
  const characters = Array.from(text);
  const same = characters.length === text.length;
  // Of a long text only a part is here.
  const offset = Number(source.dataset.offset ?? 0);
  const cut = (from, to) => (same ? text.slice(from, to) : characters.slice(from, to).join(""));
  let current = null;
  if (!list) {
    showWords(null);
    return;
  }

  function drafts() {
    return Array.from(list.querySelectorAll("[data-draft]"));
  }

  function showWords(draft) {
    const from = Number(draft?.dataset.start ?? source.dataset.from ?? -1) - offset;
    const to = Number(draft?.dataset.end ?? source.dataset.to ?? -1) - offset;
    if (from < 0 || to <= from || to > characters.length) {
      source.replaceChildren(text);
      return;
    }
    const mark = document.createElement("mark");
    mark.textContent = cut(from, to);
    source.replaceChildren(cut(0, from), mark, cut(to));
    // Only the text's own box scrolls, never the page under a finger.
    const box = source.getBoundingClientRect();
    const place = mark.getBoundingClientRect();
    if (place.top < box.top || place.bottom > box.bottom) {
      source.scrollTop += place.top - box.top - box.height / 3;
    }
  }

  function choose(draft) {
    if (!draft) return;
    if (current !== draft) {
      current?.classList.remove("is-current");
      current = draft;
      draft.classList.add("is-current");
    }
    showWords(draft);
  }

  function move(step) {
    const all = drafts();
    if (!all.length) return;
    const at = all.indexOf(current);
    const next = all[Math.min(all.length - 1, Math.max(0, at + step))];
    // The first key shows where one is.
    const target = list.contains(document.activeElement) ? next : current || all[0];
    choose(target);
    target.focus({ preventScroll: true });
    target.scrollIntoView({ block: "nearest" });
  }

  function toggle(draft) {
    draft?.querySelector("input[type=checkbox]")?.click();
  }

  function showSource() {
    details.open = true;
    showWords(current);
    if (narrow.matches) source.scrollIntoView({ block: "nearest" });
  }

  list.addEventListener("focusin", (event) => choose(event.target.closest("[data-draft]")));
  list.addEventListener("pointerover", (event) => {
    if (event.pointerType === "mouse" && !list.contains(document.activeElement)) {
      choose(event.target.closest("[data-draft]"));
    }
  });
  list.addEventListener("click", (event) => {
    const draft = event.target.closest("[data-draft]");
    if (!draft) return;
    choose(draft);
    if (!event.target.closest("a, button, input, textarea, label, summary")) draft.focus({ preventScroll: true });
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      const form = typing?.form?.matches(".draft-form") ? typing.form : document.getElementById("accept");
      form?.requestSubmit();
      return;
    }
    if (event.key === "Escape" && typing?.form?.matches(".draft-form")) {
      typing.form.querySelector("[data-cancel]").click();
      return;
    }
  });

  window.shortcuts.add((event) => {
    const { key, target } = event;
    const inSource = source.contains(target);
    const steps = { j: 1, k: -1, ...(inSource ? {} : { ArrowDown: 1, ArrowUp: -1 }) };
    if (key in steps) return { atOnce: true, repeats: true, run: () => move(steps[key]) };
    if ((key === " " || key === "Enter") && !inSource && current) {
      return { atOnce: true, run: () => toggle(current) };
    }
    if (key === "h" && current) return { run: () => showSource() };
    return key === "e" && current ? { run: () => current.querySelector("[data-edit]")?.click() } : null;
  });

  // Adding while a draft is being edited would lose what is typed there.
  document.getElementById("accept")?.addEventListener("submit", (event) => {
    const open = list.querySelector(".draft-form textarea");
    if (!open) return;
    event.preventDefault();
    open.focus();
    document.dispatchEvent(
      new CustomEvent("toast", { detail: { text: "Save or cancel the draft you are editing first." } }),
    );
  });

  // A choice that did not reach the server is shown as it is there.
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    list.addEventListener(name, (event) => {
      const box = event.target;
      if (box.matches("input[type=checkbox]")) box.checked = !box.checked;
    });
  }

  // A draft that was swapped takes the place, and the focus, of the one it was. Once settled:
  // before that htmx itself gives the focus to what has the same id.
  list.addEventListener("htmx:afterSettle", (event) => {
    const draft = event.target.closest("[data-draft]");
    if (!draft || event.target !== draft || current?.id !== draft.id) return;
    choose(draft);
    // One that changed by itself takes no focus from elsewhere.
    const focused = document.activeElement;
    if (focused !== document.body && !list.contains(focused)) return;
    const field = draft.querySelector("[aria-invalid=true]") || draft.querySelector("textarea");
    (field || draft).focus({ preventScroll: true });
    draft.scrollIntoView({ block: "nearest" });
  });
  document.body.addEventListener("htmx:oobAfterSwap", () => {
    if (!current) choose(drafts()[0]);
  });
  choose(drafts()[0]);
})();
