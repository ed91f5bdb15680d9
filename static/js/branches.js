/* Versions of messages, editing a message, and the dialog for a refused key. */
"use strict";

(() => {
  const root = document.scrollingElement;
  let top = null;

  /* Another branch replaces this one: the message stays at its place on the screen. */

  document.addEventListener("htmx:beforeRequest", (event) => {
    const message = event.detail.elt.closest?.(".message");
    top = message ? message.getBoundingClientRect().top : null;
  });

  document.addEventListener("show-message", (event) => {
    const message = document.getElementById(event.detail.value);
    if (!message) return;
    if (top !== null) root.scrollTop += message.getBoundingClientRect().top - top;
    const versions = message.querySelector(".versions");
    // The button that had the focus was replaced: its successor gets it. While an answer is being
    // written the composer does.
    if (document.activeElement === document.body && !document.querySelector("[data-stream]")) {
      versions?.querySelector("button")?.focus({ preventScroll: true });
    }
    const status = document.getElementById("answer-status");
    if (versions && status) status.textContent = versions.getAttribute("aria-label");
  });

  /* Editing a message: what is typed is kept in the browser */

  const key = (form) => `draft:${form.dataset.draft}`;

  function saveDraft(form, text) {
    try {
      if (text === null) localStorage.removeItem(key(form));
      else localStorage.setItem(key(form), text);
    } catch {
      // No storage, or none left: the text is still in the field.
    }
  }

  function readDraft(form) {
    try {
      return localStorage.getItem(key(form));
    } catch {
      return null;
    }
  }

  function armEdit(form) {
    if (form.dataset.armed) return;
    form.dataset.armed = "yes";
    const field = form.elements.namedItem("content");
    const original = field.value;
    if (!form.querySelector("[role=alert]")) field.value = readDraft(form) ?? field.value;
    field.addEventListener("input", () => saveDraft(form, field.value === original ? null : field.value));
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        form.querySelector("[data-edit-cancel]").click();
        return;
      }
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      if (matchMedia("(max-width: 47.99rem) and (pointer: coarse)").matches) return;
      event.preventDefault();
      form.requestSubmit();
    });
    form.querySelector("[data-edit-cancel]").addEventListener("click", () => saveDraft(form, null));
    if (!form.hasAttribute("hx-post")) form.addEventListener("submit", () => saveDraft(form, null));
    field.focus();
    field.setSelectionRange(field.value.length, field.value.length);
  }

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (form.matches?.("[data-edit]") && event.detail.successful) saveDraft(form, null);
  });

  /* A refused key: the dialog opens once; the same actions stay at the answer. */

  document.addEventListener("answer-ended", (event) => {
    const dialog = event.detail.message.querySelector("[data-key-dialog]");
    if (dialog && !document.querySelector("dialog[open]")) dialog.showModal();
  });

  function countDown(label) {
    if (label.dataset.armed) return;
    label.dataset.armed = "yes";
    const words = label.textContent;
    const until = Date.parse(label.dataset.until);
    const tick = () => {
      const seconds = Math.ceil((until - Date.now()) / 1000);
      label.textContent = seconds > 0 && seconds < 3600 ? `${words} in ${seconds} s` : words;
      if (seconds > 0 && label.isConnected) setTimeout(tick, 1000);
    };
    tick();
  }

  function arm() {
    document.querySelectorAll("[data-edit]").forEach(armEdit);
    document.querySelectorAll("[data-until]").forEach(countDown);
  }

  document.addEventListener("htmx:afterSettle", arm);
  document.addEventListener("answer-ended", arm);
  arm();
})();
