/* Tell the server the time zone of this browser. The server checks it; without it, UTC. */
"use strict";

for (const input of document.querySelectorAll("input[data-time-zone]")) {
  input.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
