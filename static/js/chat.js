/* The chat: the composer, streaming answers, and the scroll position. */
"use strict";

(() => {
  const COUNT_FROM = 45000;
  const NEAR_END = 80;
  const narrow = matchMedia("(max-width: 47.99rem)");
  const status = document.getElementById("answer-status");

  /* Scrolling: the page follows the answer while its end is in view; else it stays where it is. */

  const root = document.scrollingElement;
  const toEnd = document.querySelector("[data-to-end]");
  let pinned = true;

  const isAtEnd = () => root.scrollHeight - root.clientHeight - root.scrollTop < NEAR_END;
  const showEnd = () => {
    root.scrollTop = root.scrollHeight;
    pinned = true;
  };
  const keepPlace = () => {
    if (toEnd && pinned) showEnd();
    if (toEnd) toEnd.hidden = isAtEnd();
  };
  if (toEnd) {
    // Only scrolling up stops following the answer; its growth does not.
    let lastTop = root.scrollTop;
    addEventListener(
      "scroll",
      () => {
        if (root.scrollTop < lastTop - 2) pinned = isAtEnd();
        else if (isAtEnd()) pinned = true;
        lastTop = root.scrollTop;
        toEnd.hidden = isAtEnd();
      },
      { passive: true },
    );
    toEnd.addEventListener("click", showEnd);
    if (!location.hash && !new URLSearchParams(location.search).has("upto")) showEnd();
    else pinned = isAtEnd();
    addEventListener("resize", keepPlace, { passive: true });
  }

  /* The composer */

  const drafts = {
    key: (form) => `draft:${form.dataset.draft}`,
    read(form) {
      try {
        return localStorage.getItem(this.key(form)) || "";
      } catch {
        return "";
      }
    },
    write(form, text) {
      try {
        if (text.trim()) localStorage.setItem(this.key(form), text);
        else localStorage.removeItem(this.key(form));
      } catch {
        // No storage, or none left: the text is still in the field.
      }
    },
  };

  const growsByItself = CSS.supports("field-sizing", "content");

  function fit(field) {
    if (!growsByItself) {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight}px`;
    }
    const count = field.form.querySelector("[data-count]");
    const limit = Number(field.dataset.limit);
    // As the server counts: characters, not UTF-16 units.
    const length = field.value.length < COUNT_FROM ? 0 : [...field.value].length;
    count.textContent =
      length >= COUNT_FROM ? `${length.toLocaleString("en")} of ${limit.toLocaleString("en")}` : "";
    count.classList.toggle("composer-count--over", length > limit);
  }

  function armComposer(form) {
    const field = form.elements.namedItem("content");
    if (!field || form.dataset.armed) return;
    form.dataset.armed = "yes";
    if (!field.value) field.value = drafts.read(form);
    fit(field);
    let timer = 0;
    field.addEventListener("input", () => {
      fit(field);
      clearTimeout(timer);
      timer = setTimeout(() => drafts.write(form, field.value), 300);
    });
    addEventListener("pagehide", () => {
      if (field.isConnected && !form.dataset.sent) drafts.write(form, field.value);
    });
    field.addEventListener("keydown", (event) => {
      // 229 is a key that an input method is still composing with, in browsers that say so late.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) {
        return;
      }
      // On a phone Enter is the only way to a new line.
      if (narrow.matches && matchMedia("(pointer: coarse)").matches) return;
      event.preventDefault();
      const ask = form.querySelector(".composer-ask");
      if (ask) form.requestSubmit(ask);
    });
    form.addEventListener("submit", (event) => {
      if (event.submitter?.hasAttribute("data-stop")) return;
      clearTimeout(timer);
      if (form.hasAttribute("hx-post")) return;
      // A page of its own follows. If it does not come, the text is still in the field.
      if (form.dataset.sent) {
        event.preventDefault();
        return;
      }
      form.dataset.sent = "yes";
      drafts.write(form, "");
    });
    if (document.activeElement === field) field.setSelectionRange(field.value.length, field.value.length);
  }

  // After the browser's Back button the form can be sent again.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("[data-composer]")) delete form.dataset.sent;
  });

  window.shortcuts.add((event) => {
    const field = event.key === "/" && document.getElementById("composer-content");
    return field ? { atOnce: true, run: () => field.focus() } : null;
  });

  /* Requests of htmx */

  document.addEventListener("htmx:beforeRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches?.("[data-composer]")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches?.("[data-composer]")) return;
    delete form.dataset.sent;
    if (!event.detail.successful) return;
    const field = form.elements.namedItem("content");
    field.value = "";
    drafts.write(form, "");
    fit(field);
    pinned = true;
  });

  let before = null;
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Earlier messages are inserted above: keep the scroll position.
    before = event.detail.target?.id === "earlier" ? root.scrollHeight - root.scrollTop : null;
  });

  document.addEventListener("htmx:afterSettle", () => {
    if (before !== null) root.scrollTop = root.scrollHeight - before;
    before = null;
    arm();
    keepPlace();
  });

  /* The answer */

  const followed = new WeakSet();
  // After this time without text the page says that the answer is slow.
  const SLOW_MS = 10000;
  const RETRY_MS = [1000, 2000, 4000, 8000, 15000];

  function follow(message) {
    if (followed.has(message)) return;
    followed.add(message);
    say("The answer is being written.");
    setTimeout(() => {
      if (!message.isConnected || message.classList.contains("has-words")) return;
      message.classList.add("is-slow");
      say("No text has come yet.");
    }, SLOW_MS);
    connect(message, 0);
  }

  function connect(message, attempt) {
    if (!message.isConnected) return;
    const body = message.querySelector("[data-body]");
    const tail = body.querySelector("[data-tail]");
    const source = new EventSource(message.dataset.stream);
    // A browser reconnects by itself, but not after an error response of a restarting server.
    source.addEventListener("error", () => {
      if (source.readyState !== EventSource.CLOSED || !message.isConnected) return;
      if (attempt < RETRY_MS.length) {
        setTimeout(() => connect(message, attempt + 1), RETRY_MS[attempt]);
        return;
      }
      toast("Connection lost. Your message is saved; reload the page to continue.", "warning", {
        sticky: true,
        action: { label: "Reload", run: () => location.reload() },
      });
    });

    const on = (name, show) =>
      source.addEventListener(name, (event) => {
        if (!message.isConnected) {
          source.close();
          return;
        }
        show(JSON.parse(event.data));
        keepPlace();
      });

    on("reset", ({ html, tail: open }) => {
      attempt = 0;
      body.replaceChildren(tail);
      tail.insertAdjacentHTML("beforebegin", html);
      tail.innerHTML = open;
      message.classList.toggle("has-words", Boolean(html || open));
    });
    on("append", ({ html }) => {
      tail.insertAdjacentHTML("beforebegin", html);
      tail.replaceChildren();
    });
    on("tail", ({ html }) => {
      tail.innerHTML = html;
      message.classList.add("has-words");
    });
    on("text", ({ text }) => {
      endOf(tail).append(text);
      message.classList.add("has-words");
    });
    on("done", (data) => end(data, "The answer is finished."));
    on("failed", (data) => end(data, "The answer was not finished."));
    on("gone", () => source.close());

    function end({ html, actions }, words) {
      source.close();
      const held = document.createElement("template");
      held.innerHTML = html;
      const whole = held.content.firstElementChild;
      const buttons = document.getElementById("composer-actions");
      const hadFocus = [message, buttons].some((each) => each.contains(document.activeElement));
      message.replaceWith(whole);
      held.innerHTML = actions;
      const fresh = held.content.firstElementChild;
      buttons.replaceWith(fresh);
      if (hadFocus) window.shortcuts.focusHome();
      htmx.process(whole);
      htmx.process(fresh);
      fit(document.getElementById("composer-content"));
      say(words);
      document.dispatchEvent(new CustomEvent("answer-ended", { detail: { message: whole } }));
    }
  }

  // The last block of a rendered text, where the next words are added. Not an emphasis or a link in
  // it: those are complete.
  const BLOCKS = "p, li, ul, ol, blockquote, h1, h2, h3, h4, h5, h6, pre, pre > code, table, tbody, tr, td";

  function endOf(element) {
    const shown = [...element.childNodes].filter((node) => node.nodeType === 1 || node.data?.trim());
    const last = shown.at(-1);
    return last?.nodeType === 1 && last.matches(BLOCKS) ? endOf(last) : element;
  }

  function say(words) {
    if (status) status.textContent = words;
  }

  /* Copying an answer as Markdown */

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-copy-from]");
    if (!link || !navigator.clipboard || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      const response = await fetch(link.href, { credentials: "same-origin" });
      if (!response.ok) throw new Error(response.statusText);
      await navigator.clipboard.writeText(await response.text());
      toast("Copied as Markdown.");
    } catch {
      toast("Copying failed. The link now opens the text instead.", "warning");
      link.removeAttribute("data-copy-from");
    }
  });

  const toast = (text, level = "success", more = {}) =>
    document.dispatchEvent(new CustomEvent("toast", { detail: { text, level, ...more } }));

  function arm() {
    document.querySelectorAll("[data-composer]").forEach(armComposer);
    document.querySelectorAll("[data-stream]").forEach(follow);
  }

  arm();
})();
