/* Below a field that holds images or sounds: each small, its name, and a button to take it out. */
"use strict";

(() => {
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const FILE = /!\[([^\]\n]*)\]\((\/media\/[0-9a-f]+\.([a-z0-9]+))\)/g;
  const SOUNDS = ["mp3", "ogg", "wav", "m4a", "aac", "flac", "webm"];

  /* Take a file out as if somebody had deleted its text, so that undo brings it back. */
  function remove(field, text) {
    const at = field.value.indexOf(text);
    if (at < 0) return;
    field.focus();
    field.setSelectionRange(at, at + text.length);
    if (document.execCommand("delete")) return;
    field.setRangeText("");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function item(field, [text, words, address, extension], number) {
    const isSound = SOUNDS.includes(extension);
    const line = document.createElement("li");
    const shown = document.createElement(isSound ? "audio" : "img");
    const name = document.createElement("span");
    const button = document.createElement("button");
    Object.assign(shown, isSound ? { controls: true, preload: "none" } : { alt: "", loading: "lazy" });
    shown.src = address;
    line.className = isSound ? "editor-sound" : "";
    name.textContent = words.trim() || `${isSound ? "Sound" : "Image"} ${number}`;
    button.type = "button";
    button.className = "button button--quiet button--small";
    button.textContent = "Remove";
    button.setAttribute("aria-label", `Remove ${name.textContent}`);
    button.addEventListener("click", () => remove(field, text));
    line.append(shown, name, button);
    return line;
  }

  for (const field of form.querySelectorAll("textarea")) {
    const list = document.createElement("ul");
    list.className = "editor-images";
    list.setAttribute("aria-label", "Images and sounds in this field");
    field.after(list);
    let shown = "";
    const show = () => {
      const found = Array.from(field.value.matchAll(FILE));
      const now = found.map(([text]) => text).join("\n");
      if (now === shown) return;
      shown = now;
      list.replaceChildren(...found.map((match, index) => item(field, match, index + 1)));
    };
    field.addEventListener("input", show);
    show();
  }
})();
