/* The review session: reveal, rate by key, click or swipe, and never lose a rating.

   A rating is kept in localStorage from the moment it is given until the server has answered.
   It is sent again with the same id until it has, so it counts once however often it arrives. */

(() => {
  "use strict";

  const LONGEST_MS = 60_000;
  const ANSWER_WITHIN_MS = 10_000;
  const SWIPE_PX = 90;

  let shownAt = performance.now();
  let awayMs = 0;
  let hiddenAt = null;
  let retryTimer = null;
  let retryDelayMs = 1_000;

  const stage = () => document.getElementById("review-stage");
  const card = () => document.getElementById("review-card");
  const rateForm = () => document.getElementById("review-rate");
  const answer = () => document.getElementById("review-back");
  const isRevealed = () => answer() !== null && !answer().hidden;
  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /* Showing */

  function reveal() {
    if (!answer() || isRevealed()) return;
    answer().hidden = false;
    document.getElementById("review-reveal").hidden = true;
    rateForm().hidden = false;
    card().classList.add("is-revealed");
    answer().focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("review:revealed"));
    const box = answer().getBoundingClientRect();
    const room = rateForm().getBoundingClientRect().top;
    if (box.top > room - 80) {
      answer().scrollIntoView({ block: "center", behavior: calm() ? "auto" : "smooth" });
    }
  }

  /* Where the answer is typed, showing it also sends what was typed to be compared. */
  function ask() {
    const typed = document.getElementById("review-typed");
    if (typed && !isRevealed()) typed.requestSubmit();
    else reveal();
  }

  function started() {
    shownAt = performance.now();
    awayMs = 0;
    hiddenAt = document.hidden ? shownAt : null;
    if (document.querySelector("dialog[open]")) return;
    const typed = document.getElementById("review-answer");
    const shown = typed || card() || document.querySelector(".review-end-title");
    const target = isRevealed() ? answer() : shown;
    if (target) target.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      hiddenAt = performance.now();
    } else if (hiddenAt !== null) {
      awayMs += performance.now() - hiddenAt;
      hiddenAt = null;
    }
  });

  const spentMs = () =>
    Math.round(Math.min(LONGEST_MS, Math.max(0, performance.now() - shownAt - awayMs)));

  /* Rating */

  function rate(value) {
    const form = rateForm();
    if (!form || !isRevealed() || form.classList.contains("is-sending")) return;
    const button = form.querySelector(`[name=rating][value="${value}"]`);
    // A click, not requestSubmit: htmx sends the value of the button it saw clicked.
    if (button && !button.disabled) button.click();
  }

  /* One entry a rating, so that two tabs never overwrite each other's. */
  const prefix = `memoryloop.rating.${document.getElementById("review-stage").dataset.learner}.`;

  function kept() {
    try {
      return Object.keys(localStorage)
        .filter((key) => key.startsWith(prefix))
        .map((key) => JSON.parse(localStorage.getItem(key)));
    } catch {
      return [];
    }
  }

  function keep(rating) {
    try {
      localStorage.setItem(prefix + rating.values.review_id, JSON.stringify(rating));
    } catch {
      // No room or no storage: the form on the page still holds the rating.
    }
  }

  function drop(reviewId) {
    try {
      localStorage.removeItem(prefix + reviewId);
    } catch {
      // Nothing was kept.
    }
  }

  const isRating = (event) =>
    (event.detail.requestConfig?.path || event.detail.path || "").endsWith("/rate/");
  const reviewIdOf = (event) => event.detail.requestConfig.parameters.review_id;

  document.addEventListener("htmx:configRequest", (event) => {
    if (!isRating(event)) return;
    const values = event.detail.parameters;
    if (event.target === rateForm()) {
      // Measured once: a second sending of the same rating is the same rating.
      event.target.dataset.durationMs ||= spentMs();
      values.duration_ms = event.target.dataset.durationMs;
    }
    event.detail.timeout = ANSWER_WITHIN_MS;
    const answers = Object.fromEntries(Object.entries(values));
    delete answers.csrfmiddlewaretoken;
    keep({ path: event.detail.path, values: answers });
  });

  document.addEventListener("htmx:beforeSend", (event) => {
    const form = rateForm();
    if (!isRating(event) || event.target !== form) return;
    form.classList.add("is-sending");
    for (const button of form.querySelectorAll(".rating")) {
      button.classList.toggle("is-chosen", button.value === event.detail.requestConfig.parameters.rating);
    }
  });

  document.addEventListener("htmx:afterRequest", (event) => {
    if (!isRating(event)) return;
    const { status, responseURL } = event.detail.xhr;
    // The log-in page came instead of an answer: the rating waits for the way back.
    if (responseURL && !responseURL.endsWith("/rate/")) return;
    if (status === 403 && !sessionStorage.getItem("memoryloop.reloaded")) {
      // The page is from before a log-in: a fresh one sends the kept rating.
      sessionStorage.setItem("memoryloop.reloaded", "yes");
      location.reload();
      return;
    }
    if (status < 200 || status === 429 || status >= 500) {
      later(status);
      return;
    }
    // Taken, or refused for good.
    drop(reviewIdOf(event));
    sessionStorage.removeItem("memoryloop.reloaded");
    clearTimeout(retryTimer);
    retryTimer = null;
    retryDelayMs = 1_000;
    rateForm()?.classList.remove("is-sending");
    if (status === 403 || status === 404) location.assign(location.pathname);
  });

  /* This page says so itself, beside the buttons. */
  for (const name of ["htmx:sendError", "htmx:responseError"]) {
    window.addEventListener(name, (event) => isRating(event) && event.stopPropagation(), true);
  }

  function later(status) {
    const note = document.getElementById("review-offline");
    if (note) {
      note.hidden = false;
      note.querySelector("span").textContent = status ? note.dataset.refused : note.dataset.offline;
    }
    for (const button of rateForm()?.querySelectorAll(".rating") || []) button.disabled = true;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(sendKept, retryDelayMs);
    retryDelayMs = Math.min(30_000, retryDelayMs * 2);
  }

  async function sendKept() {
    clearTimeout(retryTimer);
    retryTimer = null;
    for (const { path, values } of kept()) {
      try {
        await window.htmx.ajax("POST", path, { target: "#review-stage", swap: "outerHTML", values });
      } catch {
        // htmx:afterRequest has seen it and tries again later.
        return;
      }
    }
  }

  window.addEventListener("online", () => {
    if (retryTimer === null) return;
    retryDelayMs = 1_000;
    sendKept();
  });

  const tell = (text) =>
    document.dispatchEvent(new CustomEvent("toast", { detail: { id: "toast-review", text } }));

  /* Keys: what they do is written on the buttons (data-key). */

  window.shortcuts.add(({ key }) => {
    if (key === " " || key === "Enter") {
      if (!card()) return null;
      // Good, unless what was typed suggests another.
      return { atOnce: true, run: () => (isRevealed() ? rate(rateForm()?.dataset.suggested || 3) : ask()) };
    }
    if (key === "Escape" && document.querySelector("details.menu[open]")) return null;
    if (/^[1-4]$/.test(key)) return { atOnce: true, run: () => rate(key) };
    const control = stage()?.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (key === "h" && card() && !(control && isRevealed())) {
      const why = control ? "Show the answer first: the source is below it." : "This card has no source.";
      return { run: () => tell(why) };
    }
    return window.shortcuts.press(control);
  });

  document.addEventListener("submit", (event) => {
    if (event.target.id === "review-typed") {
      if (isRevealed()) {
        event.preventDefault();
        event.stopImmediatePropagation();
      } else reveal();
    }
    if (event.target.id !== "review-reveal") return;
    event.preventDefault();
    reveal();
  }, true);

  /* A second press on the source puts it away again. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-source]");
    const box = document.getElementById("review-source");
    if (!link || !box?.childElementCount) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    box.replaceChildren();
  }, true);

  /* Fingers: a tap shows the answer; then left is Again and right is Good. */

  document.addEventListener("click", (event) => {
    if (!event.target.closest("#review-card") || isRevealed()) return;
    if (event.target.closest("a, audio, button, summary, input, label") || String(getSelection())) return;
    ask();
  });

  let touch = null;
  const scrollsSideways = (element) => {
    for (let at = element; at && at !== card(); at = at.parentElement) {
      const scrolls = getComputedStyle(at).overflowX !== "visible";
      if (scrolls && at.scrollWidth > at.clientWidth + 1) return true;
    }
    return false;
  };

  document.addEventListener("touchstart", (event) => {
    touch = null;
    if (event.touches.length !== 1 || !isRevealed()) return;
    if (!event.target.closest("#review-card") || scrollsSideways(event.target)) return;
    touch = { x: event.touches[0].clientX, y: event.touches[0].clientY, dx: 0 };
  }, { passive: true });

  document.addEventListener("touchmove", (event) => {
    if (!touch) return;
    const dx = event.touches[0].clientX - touch.x;
    const dy = event.touches[0].clientY - touch.y;
    if (Math.abs(dy) > 40 && Math.abs(dy) > Math.abs(dx)) {
      settle();
      return;
    }
    touch.dx = dx;
    if (calm() || Math.abs(dx) < 12) return;
    card().classList.add("is-dragged");
    card().style.setProperty("--drag", `${dx / 2}px`);
  }, { passive: true });

  function settle() {
    touch = null;
    card()?.classList.remove("is-dragged");
  }

  document.addEventListener("touchcancel", settle);
  document.addEventListener("touchend", () => {
    const dx = touch?.dx || 0;
    settle();
    if (String(getSelection())) return;
    if (dx <= -SWIPE_PX) rate(1);
    if (dx >= SWIPE_PX) rate(3);
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "review-stage" || event.detail.elt?.id === "review-stage") started();
  });

  /* Coming back with a rating that was never acknowledged: it goes out before anything else. */
  started();
  sendKept();
})();
