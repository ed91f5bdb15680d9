/* What is being typed is looked up before it is sent, so that the answer begins sooner. */
"use strict";

(() => {
  const PAUSE = 300;
  // Who ends a sentence or pastes a text may send it next.
  const SHORT_PAUSE = 40;
  // The server keeps it no longer than half a minute.
  const KEPT = 25000;
  const SENTENCE_END = /[.?!…。？！][)\]"'”’»]*\s*$/;
  let told = "";
  let timer = 0;
  let telling = false;

  async function tell(form) {
    clearTimeout(timer);
    const { elements, dataset } = form;
    const content = elements.content.value;
    if (!content.trim() || content === told) return;
    // One at a time: the last text is the one that counts.
    if (telling) return (timer = setTimeout(tell, PAUSE, form));
    telling = true;
    told = content;
    const csrfmiddlewaretoken = elements.csrfmiddlewaretoken.value;
    const conversation = dataset.draft.replace(/.*:|new/g, "");
    const body = new URLSearchParams({ csrfmiddlewaretoken, content, conversation });
    // Where the server is away the answer begins a little later.
    await fetch(dataset.ahead, { method: "POST", redirect: "manual", body }).catch(() => {});
    telling = false;
    setTimeout(() => (told = ""), KEPT);
  }

  document.addEventListener("input", ({ target, inputType }) => {
    if (!target.form?.dataset.ahead) return;
    clearTimeout(timer);
    const soon = inputType === "insertFromPaste" || SENTENCE_END.test(target.value);
    timer = setTimeout(tell, soon ? SHORT_PAUSE : PAUSE, target.form);
  });
  // A click ends a tenth of a second after it began.
  for (const name of ["pointerdown", "focusin"]) {
    document.addEventListener(name, ({ target }) => {
      const ask = target.closest?.(".composer-ask");
      if (ask) tell(ask.form);
    });
  }
  document.addEventListener("submit", () => clearTimeout(timer), true);
})();
