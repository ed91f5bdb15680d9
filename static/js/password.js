/* Show what was typed into a password field, or hide it again. */
"use strict";

(() => {
  for (const input of document.querySelectorAll("input[type='password'][data-password]")) {
    const box = document.createElement("div");
    box.className = "password";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "password-show";
    button.setAttribute("aria-controls", input.id);
    const label = input.labels[0]?.textContent.trim() ?? "password";
    const focused = document.activeElement === input;

    const show = (visible) => {
      input.type = visible ? "text" : "password";
      button.textContent = visible ? "Hide" : "Show";
      button.setAttribute("aria-label", `${visible ? "Hide" : "Show"}: ${label}`);
    };
    button.addEventListener("click", () => {
      show(input.type === "password");
      input.focus();
    });
    // Browsers offer to remember only what is sent from a password field.
    input.form.addEventListener("submit", () => show(false));

    input.before(box);
    box.append(input, button);
    show(false);
    if (focused) input.focus();
  }
})();
