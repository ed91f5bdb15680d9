/* A session of some minutes: how many are left. It ends at the server, after a card. */

(() => {
  "use strict";

  const EVERY_MS = 5_000;

  function show() {
    const note = document.querySelector("#review-left[data-until]");
    if (!note) return;
    const minutes = Math.round((new Date(note.dataset.until) - Date.now()) / 60_000);
    if (minutes >= 1) note.textContent = `${minutes} minute${minutes === 1 ? "" : "s"} left`;
    else note.textContent = "the last card";
  }

  setInterval(show, EVERY_MS);
})();
