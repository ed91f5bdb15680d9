/* Prefetching: when the typing pauses, the server looks up what bears on the text in the composer,
   so that the answer begins sooner once it is sent. */
"use strict";

(() => {
  const PAUSE_MS = 250;
  let timer = 0;

  function prefetch(form) {
    const content = form.elements.content.value;
    if (!content.trim()) return;
    const body = new URLSearchParams({
      csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value,
      content,
      conversation: form.dataset.conversation,
    });
    // If the request fails, the text is looked up when it is sent.
    fetch(form.dataset.prefetch, { method: "POST", redirect: "manual", body }).catch(() => {});
  }

  document.addEventListener("input", ({ target }) => {
    if (!target.form?.dataset.prefetch) return;
    clearTimeout(timer);
    timer = setTimeout(prefetch, PAUSE_MS, target.form);
  });
  document.addEventListener("submit", () => clearTimeout(timer), true);
})();
