/* Cards from a passage: select words in an answer or a text, and a button offers itself. */
"use strict";

(() => {
  const form = document.querySelector("[data-selection]");
  if (!form) return;
  const BEFORE = 200;
  const wide = matchMedia("(min-width: 48rem)");
  const nobody = "00000000-0000-0000-0000-000000000000";

  function place(element) {
    const text = element?.closest("[data-select], .message--answer:not([data-stream]) .prose");
    if (!text) return null;
    const message = text.closest(".message--answer");
    const id = text.dataset.select || message?.id.replace("message-", "");
    return id ? { text, id } : null;
  }

  const elementOf = (node) => (node?.nodeType === Node.ELEMENT_NODE ? node : node?.parentElement);

  function selected() {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return null;
    const range = selection.getRangeAt(0);
    const found = place(elementOf(range.startContainer));
    const words = selection.toString().trim();
    // A selection that runs on into another text belongs to none.
    if (!found || !found.text.contains(range.endContainer) || words.split(/\s+/).length < 3) return null;
    const lead = document.createRange();
    lead.setStart(found.text, 0);
    lead.setEnd(range.startContainer, range.startOffset);
    return { ...found, words, before: lead.toString().slice(-BEFORE), range };
  }

  function show() {
    const found = selected();
    if (!found) {
      if (!form.contains(document.activeElement)) form.hidden = true;
      return;
    }
    form.action = form.dataset.url.replace(nobody, found.id);
    form.elements.words.value = found.words;
    form.elements.before.value = found.before;
    form.hidden = false;
    form.classList.toggle("is-placed", wide.matches);
    if (!wide.matches) {
      form.style.removeProperty("top");
      form.style.removeProperty("left");
      return;
    }
    const box = found.range.getBoundingClientRect();
    const own = form.getBoundingClientRect();
    const below = box.bottom + 8 + own.height < innerHeight;
    const top = below ? box.bottom + 8 : Math.max(8, box.top - own.height - 8);
    form.style.top = `${Math.max(8, Math.min(top, innerHeight - own.height - 8))}px`;
    form.style.left = `${Math.max(8, Math.min(box.left, innerWidth - own.width - 8))}px`;
  }

  let waiting = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 150);
  });
  document.addEventListener("scroll", () => {
    if (!form.hidden && wide.matches) show();
  }, { passive: true, capture: true });
  // By keyboard: the button is at the page's end, so a key leads to it.
  document.addEventListener("keydown", (event) => {
    if (form.hidden || event.defaultPrevented) return;
    if (event.key === "Escape") form.hidden = true;
    else if (event.key === "c" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, textarea, select")) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
})();
