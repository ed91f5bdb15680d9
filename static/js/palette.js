/* The palette: one field, a list, arrow keys. Results come from the server as HTML. */
"use strict";

(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const results = document.getElementById("palette-results");
  const options = () => [...results.querySelectorAll("[role=option]")];

  function select(option) {
    for (const each of options()) each.setAttribute("aria-selected", String(each === option));
    if (option) {
      input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }

  dialog.addEventListener("dialog-open", () => {
    input.value = "";
    input.focus();
    window.htmx.trigger(input, "palette-open");
  });

  results.addEventListener("htmx:afterSwap", () => select(options()[0]));

  input.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (all.length) select(all[(at + step + all.length) % all.length]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      all[at]?.click();
    } else if (event.key === "Escape") {
      // A search field would only empty itself.
      event.preventDefault();
      dialog.close();
    }
  });
})();
