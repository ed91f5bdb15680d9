/* What every page does: toasts, dialogs, keys, copying, waiting, and losing the connection. */
"use strict";

(() => {
  const TOAST_MS = 6000;
  const toasts = document.getElementById("toasts");

  /* Toasts: gone after a while, but never while the pointer or the focus is on them. */

  function dismiss(toast) {
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    if (hadFocus) window.shortcuts.focusHome();
  }

  function armToast(toast) {
    if (toast.dataset.armed) return;
    toast.dataset.armed = "yes";
    // What can be undone, or went wrong, stays longer; what keeps being true stays.
    let timer = 0;
    const length = toast.querySelector("form, a") || toast.matches(".toast--error") ? 2 : 1;
    const start = () => {
      if (toast.dataset.sticky) return;
      clearTimeout(timer);
      timer = setTimeout(() => dismiss(toast), TOAST_MS * length);
    };
    const hold = () => clearTimeout(timer);
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("focusout", start);
    const close = toast.querySelector("[data-dismiss]");
    if (close) {
      close.hidden = false;
      close.addEventListener("click", () => dismiss(toast));
    }
    start();
  }

  function showToast({ text, level = "info", id = "", sticky = false, action = null }) {
    if (id) document.getElementById(id)?.remove();
    const toast = document.createElement("div");
    toast.className = `toast toast--${level}`;
    toast.id = id;
    toast.dataset.toast = "";
    if (sticky) toast.dataset.sticky = "yes";
    const words = document.createElement("p");
    words.textContent = text;
    toast.append(words);
    if (action) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button--small";
      button.textContent = action.label;
      button.addEventListener("click", () => {
        dismiss(toast);
        action.run();
      });
      toast.append(button);
    }
    toasts.append(toast);
    armToast(toast);
  }

  new MutationObserver(() => toasts.querySelectorAll("[data-toast]").forEach(armToast)).observe(
    toasts,
    { childList: true, subtree: true },
  );
  toasts.querySelectorAll("[data-toast]").forEach(armToast);
  document.addEventListener("toast", (event) => showToast(event.detail));

  /* Dialogs */

  function openDialog(id) {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    dialog.showModal();
    dialog.dispatchEvent(new CustomEvent("dialog-open"));
  }

  document.querySelectorAll("[data-open]").forEach((button) => {
    button.hidden = !document.getElementById(button.dataset.open);
  });

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open], a[href='#keys']");
    if (opener) {
      // From the palette: one dialog at a time.
      if (opener.hash === "#keys") event.preventDefault();
      opener.closest("dialog")?.close();
      openDialog(opener.dataset.open ?? "keys");
    }
    // A click on the backdrop is a click on the dialog itself.
    if (event.target.matches("dialog.dialog[open]")) event.target.close();
    document.querySelectorAll("details.menu[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  document.addEventListener("open-dialog", (event) => openDialog(event.detail));

  /* Keys that are heard in fields, too; single keys are in keys.js. */

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      if (!document.getElementById("palette")) return;
      event.preventDefault();
      openDialog("palette");
      return;
    }
    if (event.key === "Escape") {
      const menu = document.querySelector("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    }
  });

  /* Copying */

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const source = document.querySelector(button.dataset.copy);
    if (!source) return;
    try {
      await navigator.clipboard.writeText(source.value ?? source.innerText);
      showToast({ text: "Copied." });
    } catch {
      showToast({ text: "The browser did not allow copying. Select the text and copy it by hand.", level: "error" });
    }
  });

  /* Waiting: the line appears only past 300 ms (the delay is in overlays.css). */

  let waiting = 0;
  const setWaiting = (change) => {
    waiting = Math.max(0, waiting + change);
    document.documentElement.classList.toggle("is-waiting", waiting > 0);
  };
  document.addEventListener("htmx:beforeRequest", () => setWaiting(1));
  document.addEventListener("htmx:afterRequest", () => setWaiting(-1));

  /* A page, once sent, is not sent again by an impatient second click. */

  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") === "dialog") return;
    if (form.hasAttribute("hx-post")) return;
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    // Not for good: a page that never came can be asked for again.
    setTimeout(() => sent.delete(form), 8000);
    setWaiting(1);
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.forms) sent.delete(form);
    setWaiting(-waiting);
  });

  /* When the server cannot be reached, or says no. */

  const ASK_AGAIN_MS = 3000;
  let asking = 0;
  // A request that a change of page cuts off has not failed.
  let leaving = false;
  window.addEventListener("beforeunload", () => {
    leaving = true;
    setTimeout(() => {
      leaving = false;
    }, 3000);
  });

  function retryable(detail) {
    const { elt, requestConfig } = detail;
    return {
      label: "Retry",
      run: () => {
        if (elt.isConnected && requestConfig?.triggeringEvent) {
          const { type } = requestConfig.triggeringEvent;
          if (type === "submit") elt.closest("form").requestSubmit();
          else if (type === "click") elt.click();
          else window.htmx.trigger(elt, type);
        } else location.reload();
      },
    };
  }

  document.addEventListener("htmx:sendError", (event) => {
    if (leaving) return;
    document.getElementById("toast-offline")?.remove();
    const text = navigator.onLine
      ? "The server cannot be reached. Nothing is lost; try again in a moment."
      : "You’re offline. Nothing is lost; try again when you’re back.";
    showToast({ id: "toast-unsent", text, level: "error", sticky: true, action: retryable(event.detail) });
    clearTimeout(asking);
    asking = setTimeout(ask, ASK_AGAIN_MS);
  });
  // What says so goes by itself once the server answers again.
  async function ask() {
    if (!document.getElementById("toast-unsent")) return;
    const answers = await fetch("/healthz", { cache: "no-store" }).then(({ ok }) => ok, () => false);
    if (answers) document.getElementById("toast-unsent")?.remove();
    else asking = setTimeout(ask, ASK_AGAIN_MS);
  }
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr } = event.detail;
    const { status } = xhr;
    // What the server says of an outage: the database is away, the disk is full.
    const said = status >= 500 && xhr.getResponseHeader("Content-Type")?.startsWith("text/plain") ? xhr.responseText : "";
    const text = said
      ? `${said} What you typed is still here.`
      : status === 403
        ? "This page is too old to send. Reload it and try again."
        : status === 404
          ? "That is no longer there. Reload the page to see what is."
          : "The server could not do that. Nothing you typed is lost; try again in a moment.";
    showToast({ text, level: "error", action: status < 500 ? { label: "Reload", run: () => location.reload() } : retryable(event.detail) });
  });
  window.addEventListener("offline", () =>
    showToast({ id: "toast-offline", text: "You’re offline. Nothing is lost.", level: "error", sticky: true }),
  );
  window.addEventListener("online", () => document.getElementById("toast-offline")?.remove());

  // A line of tabs that scrolls begins where the present one is seen.
  document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  /* A session that has ended answers a fragment with the log-in page: go there instead. */

  document.addEventListener("htmx:beforeSwap", (event) => {
    const url = event.detail.xhr.responseURL;
    if (url && /^\/accounts\/(login|log-in)\//.test(new URL(url).pathname)) {
      event.detail.shouldSwap = false;
      const here = encodeURIComponent(location.pathname + location.search);
      location.assign(`${new URL(url).pathname}?next=${here}`);
    }
  });
})();
