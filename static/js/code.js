/* A copy button at each code block of a conversation. */
"use strict";

(() => {
  const messages = document.getElementById("messages");
  const drawing = document.getElementById("icon-copy");
  if (!messages || !drawing || !navigator.clipboard) return;

  function arm(pre) {
    // The open block of a streaming answer is replaced again and again.
    if (pre.closest("[data-tail], .code-block")) return;
    const block = document.createElement("div");
    block.className = "code-block";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "icon-button icon-button--small code-copy";
    button.title = "Copy the code";
    button.setAttribute("aria-label", "Copy the code");
    button.append(drawing.content.cloneNode(true));
    pre.replaceWith(block);
    block.append(pre, button);
  }

  function armWithin(node) {
    if (node.nodeType !== 1) return;
    if (node.matches("pre.code")) arm(node);
    else node.querySelectorAll("pre.code").forEach(arm);
  }

  messages.addEventListener("click", async (event) => {
    const button = event.target.closest(".code-copy");
    if (!button) return;
    const toast = (text, level) =>
      document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
    try {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      toast("Code copied.", "success");
    } catch {
      toast("The browser did not allow copying. Select the code and copy it by hand.", "error");
    }
  });

  new MutationObserver((changes) => {
    for (const change of changes) change.addedNodes.forEach(armWithin);
  }).observe(messages, { childList: true, subtree: true });
  armWithin(messages);
})();
