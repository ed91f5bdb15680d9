/* The theme that somebody chose, on this device: light or dark, whatever the system's is.

   Loaded before the page is drawn. The stylesheets ask for the system's scheme in media queries, and
   those are answered here: nothing else of the look knows of a choice. */
"use strict";

(() => {
  const KEY = "memoryloop.theme";
  const QUERY = /\(prefers-color-scheme:\s*(dark|light)\)/;
  const asked = new Map();

  function chosen() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  const answer = (scheme, theme) => (theme ? (scheme === theme ? "all" : "not all") : `(prefers-color-scheme: ${scheme})`);

  /* Answer the media list of a rule or an element that asks for a scheme, now or before. */
  function set(media, of, theme) {
    const scheme = asked.get(of) ?? QUERY.exec(media.mediaText)?.[1];
    if (!scheme) return;
    asked.set(of, scheme);
    media.mediaText = answer(scheme, theme);
  }

  function apply() {
    const theme = ["dark", "light"].includes(chosen()) ? chosen() : null;
    for (const sheet of document.styleSheets) {
      for (const rule of sheet.cssRules) if (rule instanceof CSSMediaRule) set(rule.media, rule, theme);
    }
    for (const meta of document.querySelectorAll("meta[name=theme-color]")) {
      meta.dataset.scheme ||= QUERY.exec(meta.media)?.[1] ?? "";
      if (meta.dataset.scheme) meta.media = answer(meta.dataset.scheme, theme);
    }
    document.documentElement.style.colorScheme = theme ?? "";
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#theme-']");
    if (!link) return;
    event.preventDefault();
    const theme = link.hash.replace("#theme-", "");
    try {
      if (theme === "system") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // No storage: the choice would not outlast the page.
    }
    apply();
    link.closest("dialog")?.close();
  });
  window.addEventListener("storage", (event) => event.key === KEY && apply());
  // What is linked in the body comes later.
  if (chosen()) document.addEventListener("DOMContentLoaded", apply);
  apply();
})();
