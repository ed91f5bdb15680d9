/* Writing a note: gaps by a key, images and sounds pasted or dropped, and Ctrl+Enter to save. */
"use strict";

(() => {
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const tools = form.querySelector("[data-editor-tools]");
  const status = form.querySelector("[data-editor-status]");
  const question = form.elements.question;
  const picker = form.querySelector("[data-file]");
  let last = question;
  tools.hidden = false;
  if (document.activeElement === question) question.setSelectionRange(question.value.length, question.value.length);

  const fields = () => Array.from(form.querySelectorAll("textarea"));
  // What went well is seen below the field, and told to those who do not see it.
  const tell = (text, { isError = false } = {}) => {
    status.textContent = text;
    status.classList.toggle("visually-hidden", !isError);
  };

  // Typed text keeps its own undo, so words are put in as if typed.
  function insert(field, text) {
    field.focus();
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  const isWithin = (field, before, after) => {
    const { selectionStart: from, selectionEnd: to, value } = field;
    return (
      value.slice(0, from).endsWith(before) &&
      value.slice(to).startsWith(after) &&
      // One star is also the end of two.
      !(before === "*" && value.slice(0, from).endsWith("**") && !value.slice(0, from).endsWith("***"))
    );
  };

  /* Put signs around the selected words, or take them away again; without a selection, write
     between them. */
  function wrap(field, before, after) {
    const { selectionStart: from, selectionEnd: to } = field;
    const words = field.value.slice(from, to);
    if (isWithin(field, before, after)) {
      field.setSelectionRange(from - before.length, to + after.length);
      insert(field, words);
      field.setSelectionRange(from - before.length, to - before.length);
      return;
    }
    // Spaces at the ends of a selection stay outside: signs beside a space are plain text.
    const [, lead, inner, trail] = words.match(/^(\s*)([\s\S]*?)(\s*)$/);
    insert(field, lead + before + inner + after + trail);
    const start = from + lead.length + before.length;
    field.setSelectionRange(start, start + inner.length);
  }

  const isLong = (field) => field.value.slice(field.selectionStart, field.selectionEnd).includes("\n");
  const MARKS = {
    bold: (field) => wrap(field, "**", "**"),
    italic: (field) => wrap(field, "*", "*"),
    code: (field) => (isLong(field) ? wrap(field, "```\n", "\n```") : wrap(field, "`", "`")),
    math: (field) => (isLong(field) ? wrap(field, "$$\n", "\n$$") : wrap(field, "$", "$")),
  };
  const KEYS = { b: "bold", i: "italic", e: "code", m: "math" };

  function numbers() {
    const gaps = question.value.matchAll(/\{\{c([\d,]+)::/g);
    return Array.from(gaps, (match) => match[1].split(",").map(Number)).flat();
  }

  function makeGap(same) {
    const highest = Math.max(0, ...numbers());
    const number = Math.max(1, same ? highest : highest + 1);
    const { selectionStart: from, selectionEnd: to } = question;
    const words = question.value.slice(from, to);
    const kind = form.querySelector("input[name=kind][value=cloze]");
    if (kind && !kind.checked) kind.click();
    insert(question, `{{c${number}::${words}}}`);
    if (!words) {
      const at = question.selectionStart - 2;
      question.setSelectionRange(at, at);
    }
  }

  async function upload(file, field) {
    tell("The file is being stored…");
    const body = new FormData();
    body.append("file", file);
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const response = await fetch("/media/", {
        method: "POST",
        headers: { "X-CSRFToken": token },
        body,
      });
      const answer = await response.json();
      if (!response.ok) {
        tell(answer.error, { isError: true });
        return;
      }
      insert(field, answer.markdown.replace(/(\/media\/[0-9a-f]{12})[0-9a-f]{52}/, "$1"));
      tell("The file is in the text.");
    } catch {
      tell("The file did not reach the server. Try again when you’re online.", { isError: true });
    }
  }

  const fileIn = (list) => Array.from(list || []).find((file) => /^(?:image|audio)\//.test(file.type));

  for (const field of fields()) {
    field.addEventListener("focus", () => {
      last = field;
    });
    field.addEventListener("paste", (event) => {
      const file = fileIn(event.clipboardData?.files);
      if (!file) return;
      event.preventDefault();
      upload(file, field);
    });
    field.addEventListener("dragover", (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      field.classList.add("is-dropping");
    });
    field.addEventListener("dragleave", () => field.classList.remove("is-dropping"));
    field.addEventListener("drop", (event) => {
      field.classList.remove("is-dropping");
      const file = fileIn(event.dataTransfer?.files);
      if (!file) return;
      event.preventDefault();
      upload(file, field);
    });
  }

  picker?.addEventListener("change", () => {
    if (picker.files.length) upload(picker.files[0], last);
    picker.value = "";
  });
  form.querySelector("[data-gap]").addEventListener("click", () => makeGap(false));
  for (const button of tools.querySelectorAll("[data-mark]")) {
    button.addEventListener("click", () => MARKS[button.dataset.mark](last));
  }
  // A button that is pressed leaves the focus, and on a phone the keyboard, with the field.
  tools.addEventListener("mousedown", (event) => {
    if (event.target.closest("button")) event.preventDefault();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.code === "KeyC" && (event.ctrlKey || event.metaKey) && (event.shiftKey || event.altKey)) {
      event.preventDefault();
      makeGap(event.altKey);
    } else if (event.code === "KeyI" && (event.ctrlKey || event.metaKey) && event.altKey) {
      event.preventDefault();
      picker?.click();
    } else if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      const mark = KEYS[event.key.toLowerCase()];
      if (!mark || !event.target.matches("textarea")) return;
      event.preventDefault();
      MARKS[mark](event.target);
    }
  });
})();
