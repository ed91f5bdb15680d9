/* Below a field that holds images: a small picture of each, its name, and a button to take it out. */
"use strict";

(() => {
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const IMAGE = /!\[([^\]\n]*)\]\((\/media\/[0-9a-f]+\.(?:png|jpg|gif|webp))\)/g;

  /* Take an image out as if somebody had deleted its text, so that undo brings it back. */
  function remove(field, text) {
    const at = field.value.indexOf(text);
    if (at < 0) return;
    field.focus();
    field.setSelectionRange(at, at + text.length);
    if (document.execCommand("delete")) return;
    field.setRangeText("");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function item(field, [text, words, address], number) {
    const line = document.createElement("li");
    const picture = document.createElement("img");
    const name = document.createElement("span");
    const button = document.createElement("button");
    Object.assign(picture, { src: address, alt: "", loading: "lazy" });
    name.textContent = words.trim() || `Image ${number}`;
    button.type = "button";
    button.className = "button button--quiet button--small";
    button.textContent = "Remove";
    button.setAttribute("aria-label", `Remove ${name.textContent}`);
    button.addEventListener("click", () => remove(field, text));
    line.append(picture, name, button);
    return line;
  }

  for (const field of form.querySelectorAll("textarea")) {
    const list = document.createElement("ul");
    list.className = "editor-images";
    list.setAttribute("aria-label", "Images in this field");
    field.after(list);
    let shown = "";
    const show = () => {
      const found = Array.from(field.value.matchAll(IMAGE));
      const now = found.map(([text]) => text).join("\n");
      if (now === shown) return;
      shown = now;
      list.replaceChildren(...found.map((match, index) => item(field, match, index + 1)));
    };
    field.addEventListener("input", show);
    show();
  }
})();
