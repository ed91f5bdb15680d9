/* Typed answers: what comparing them suggests stands out among the ratings, and Enter gives it. */

(() => {
  "use strict";

  const SAYS = "review-suggests";

  function suggest(value) {
    const form = document.getElementById("review-rate");
    if (!form) return;
    form.dataset.suggested = value;
    for (const button of form.querySelectorAll(".rating")) {
      const is = button.value === value;
      button.classList.toggle("is-suggested", is);
      if (is) button.setAttribute("aria-describedby", SAYS);
      else button.removeAttribute("aria-describedby");
    }
  }

  document.addEventListener("htmx:afterSettle", () => {
    // The last one to say something knows most.
    const all = document.querySelectorAll("#review-compared [data-suggested]");
    if (all.length) suggest(all[all.length - 1].dataset.suggested);
    const typed = document.getElementById("review-answer");
    if (typed && document.querySelector(".compared")) typed.readOnly = true;
  });

  /* What is written into the field is no key of the page; leaving the field brings the keys back. */
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && event.target.id === "review-answer") {
      event.preventDefault();
      event.target.blur();
    }
  }, true);
})();
