"""What was rendered is kept, so that a page of fifty messages renders the new ones only."""

import threading
from collections import OrderedDict
from collections.abc import Callable

from django.utils.safestring import SafeString

# Of the texts and their HTML together: some 30 MB in each process.
MAX_CHARACTERS = 16_000_000


class Kept:
    """The texts that were rendered last, with their HTML. Threads share one."""

    def __init__(self, most: int = MAX_CHARACTERS) -> None:
        self._most = most
        self._found: OrderedDict[str, SafeString] = OrderedDict()
        self._characters = 0
        self._lock = threading.Lock()

    def get(self, text: str, render: Callable[[str], SafeString]) -> SafeString:
        """Return the HTML of a text; renders it unless it was rendered lately."""
        with self._lock:
            if text in self._found:
                self._found.move_to_end(text)
                return self._found[text]
        html = render(text)
        with self._lock:
            if text not in self._found:
                self._found[text] = html
                self._characters += len(text) + len(html)
            while self._characters > self._most:
                old, old_html = self._found.popitem(last=False)
                self._characters -= len(old) + len(old_html)
        return html
