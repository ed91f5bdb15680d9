/* A file that is dropped on the upload form, or on the composer of the chat, is read. */
"use strict";

(() => {
  const form = document.querySelector("[data-upload]");
  if (!form) return;
  const status = form.querySelector("[data-upload-status]");
  const field = form.elements.file;
  // A form may say for itself which files it takes.
  const READABLE = form.dataset.accept
    ? new RegExp(`\\.(${form.dataset.accept.replaceAll(" ", "|")})$`, "i")
    : /\.(txt|text|md|markdown|pdf)$/i;

  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  for (const target of [form, ...document.querySelectorAll("[data-composer]")]) {
    target.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      target.classList.add("is-dropping");
    });
    target.addEventListener("dragleave", () => target.classList.remove("is-dropping"));
    target.addEventListener("drop", (event) => {
      target.classList.remove("is-dropping");
      if (!hasFiles(event)) return;
      event.preventDefault();
      const [file] = event.dataTransfer.files;
      if (!file || !READABLE.test(file.name)) {
        const text = form.dataset.refused ?? "Only text, Markdown and PDF files can be uploaded.";
        document.dispatchEvent(new CustomEvent("toast", { detail: { text } }));
        return;
      }
      field.files = event.dataTransfer.files;
      form.requestSubmit();
    });
  }
  field.addEventListener("change", () => {
    if (form.dataset.upload === "now" && field.files.length) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    if (status) status.textContent = "Reading…";
  });
  addEventListener("pageshow", () => {
    if (status) status.textContent = "";
  });
})();
