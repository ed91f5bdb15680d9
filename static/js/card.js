/* Keys of a card's page: what they do is written on its controls (data-key). */
"use strict";

window.shortcuts.add((event) =>
  window.shortcuts.press(document.querySelector(`main [data-key="${CSS.escape(event.key)}"]`)),
);
