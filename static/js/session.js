/* One browser, one learner: what a tab shows goes when another tab logs out, or logs somebody in. */
"use strict";

(() => {
  const KEY = "memoryloop-learner";
  const { learner } = document.documentElement.dataset;
  // An error page does not say who is logged in.
  if (learner === undefined) return;

  function remembered() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return learner;
    }
  }

  function leave() {
    document.body.replaceChildren();
    // The server says what there is to see now: the log-in page, or what the other learner may see.
    location.replace(location.pathname + location.search);
  }

  const check = () => {
    if (learner && remembered() !== learner) leave();
  };

  try {
    localStorage.setItem(KEY, learner);
  } catch {
    // No storage, no other tab that is told.
  }
  // It comes in every other tab, and not in the one that has set it.
  window.addEventListener("storage", (event) => {
    if (event.key === KEY || event.key === null) check();
  });
  // A page that the browser has kept to go back to was asleep meanwhile.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) check();
  });
})();
