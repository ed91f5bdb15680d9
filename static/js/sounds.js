/* The sounds of a review: played when their side is shown, if the learner wants that, and again by r. */
"use strict";

(() => {
  const card = () => document.getElementById("review-card");
  const plays = () => card()?.hasAttribute("data-plays");
  const isRevealed = () => !document.getElementById("review-back").hidden;
  const within = (side) => Array.from(document.querySelectorAll(`#${side} audio`));
  let playing = [];

  /* Of the answer only what the question has not played: many answers repeat their question. */
  function shown() {
    const front = within("review-front");
    if (!isRevealed()) return front;
    const heard = new Set(front.map((sound) => sound.src));
    return within("review-back").filter((sound) => !heard.has(sound.src));
  }

  /* Play sounds one after another, until others are played. */
  function play(sounds) {
    const rest = Array.from(sounds);
    playing = rest;
    for (const sound of document.querySelectorAll("#review-card audio")) sound.pause();
    const next = () => {
      const sound = playing === rest && rest.shift();
      if (!sound || !sound.isConnected) return;
      sound.addEventListener("ended", next, { once: true });
      sound.currentTime = 0;
      // Refused before the learner has touched the page; or the file cannot be played.
      sound.play().catch(next);
    };
    next();
  }

  function begin() {
    if (!card()) return;
    for (const sound of card().querySelectorAll("audio")) sound.preload = "auto";
    if (plays()) play(shown());
  }

  // One at a time.
  document.addEventListener("play", (event) => {
    for (const sound of document.querySelectorAll("audio")) if (sound !== event.target) sound.pause();
  }, true);
  document.addEventListener("review:revealed", () => plays() && play(shown()));
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "review-stage" || event.detail.elt?.id === "review-stage") begin();
  });

  window.shortcuts.add(({ key }) => {
    if (key !== "r" || !card()?.querySelector("audio")) return null;
    const sounds = shown();
    return { atOnce: true, run: () => play(sounds.length ? sounds : within("review-front")) };
  });

  begin();
})();
