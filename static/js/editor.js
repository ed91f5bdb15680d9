/* Writing a note: gaps by a key, images pasted or dropped, and Ctrl+Enter to save. */
"use strict";

(() => {
  const form = document.querySelector("[data-editor]");
  if (!form) return;
  const tools = form.querySelector("[data-editor-tools]");
  const status = form.querySelector("[data-editor-status]");
  const question = form.elements.question;
  const picker = form.querySelector("[data-image]");
  let last = question;
  tools.hidden = false;
  if (document.activeElement === question) question.setSelectionRange(question.value.length, question.value.length);

  const fields = () => Array.from(form.querySelectorAll("textarea"));
  const tell = (text) => {
    status.textContent = text;
  };

  // Typed text keeps its own undo, so words are put in as if typed.
  function insert(field, text) {
    field.focus();
    if (!document.execCommand("insertText", false, text)) {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function numbers() {
    return Array.from(question.value.matchAll(/\{\{c(\d+)::/g), (match) => Number(match[1]));
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
    tell("The image is being stored…");
    const body = new FormData();
    body.append("image", file);
    const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
    try {
      const response = await fetch("/media/", {
        method: "POST",
        headers: { "X-CSRFToken": token },
        body,
      });
      const answer = await response.json();
      if (!response.ok) {
        tell(answer.error);
        return;
      }
      insert(field, answer.markdown);
      tell("The image is in the text.");
    } catch {
      tell("The image did not reach the server. Try again when you’re online.");
    }
  }

  const imageIn = (list) => Array.from(list || []).find((file) => file.type.startsWith("image/"));

  for (const field of fields()) {
    field.addEventListener("focus", () => {
      last = field;
    });
    field.addEventListener("paste", (event) => {
      const file = imageIn(event.clipboardData?.files);
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
      const file = imageIn(event.dataTransfer?.files);
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
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.code === "KeyC" && (event.ctrlKey || event.metaKey) && (event.shiftKey || event.altKey)) {
      event.preventDefault();
      makeGap(event.altKey);
    }
  });
})();
