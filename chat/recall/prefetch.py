"""Prefetching: the lookup for a question is started while the question is still being typed.

Embedding a question and searching for what bears on it takes half of the time until the first
words of an answer. The page reports the text in its field when the typing pauses; if that very
text is sent, its lookup is done. The last text of each learner is kept for half a minute, in the
memory of this process alone. A question that reaches another process, or was changed, is looked up
when it is sent.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chat.recall import lookup as lookups
from chat.recall.embedding import EMBEDDED_CHARACTERS
from chat.recall.lookup import Lookup

# A card or conversation that the learner changes meanwhile is quoted as it was.
KEPT_SECONDS = 30.0
# Each holds some sixty ids and five cards.
MAX_KEPT = 256


@dataclass(frozen=True, slots=True)
class _Prefetched:
    conversation_id: UUID | None
    started: float
    lookup: Lookup

    def is_for(self, conversation_id: UUID | None, text: str) -> bool:
        return (
            self.conversation_id == conversation_id
            and self.lookup.text.strip() == text[:EMBEDDED_CHARACTERS].strip()
            and not self.lookup.has_failed
        )

    def is_old(self) -> bool:
        return time.monotonic() - self.started > KEPT_SECONDS


# By owner, the oldest first.
_kept: "OrderedDict[UUID, _Prefetched]" = OrderedDict()
_lock = threading.Lock()


def start(*, owner_id: UUID, text: str, now: datetime, conversation_id: UUID | None = None) -> bool:
    """Start the lookup for a text that may be sent. Return whether it is under way or done.

    A process runs one prefetch at a time, so that they never delay the lookup for a question that
    was sent.
    """
    with _lock:
        _remove_old()
        known = _kept.get(owner_id)
        if known is not None and known.is_for(conversation_id, text):
            return True
        if any(not each.lookup.is_done for each in _kept.values()):
            return False
        lookup = lookups.start(owner_id=owner_id, text=text, now=now)
        if lookup is None:
            return False
        _kept[owner_id] = _Prefetched(conversation_id, time.monotonic(), lookup)
        _kept.move_to_end(owner_id)
        if len(_kept) > MAX_KEPT:
            _kept.popitem(last=False)
        return True


def take(
    *, owner_id: UUID, text: str, now: datetime, conversation_id: UUID | None = None
) -> Lookup | None:
    """Return the lookup for a text that was sent: the prefetched one, or one that starts now."""
    with _lock:
        _remove_old()
        known = _kept.pop(owner_id, None)
    if known is not None and known.is_for(conversation_id, text):
        return known.lookup
    return lookups.start(owner_id=owner_id, text=text, now=now)


def clear_cache() -> None:
    """Remove everything that is kept, as a new process begins without any."""
    with _lock:
        _kept.clear()


def _remove_old() -> None:
    for owner_id in [owner_id for owner_id, each in _kept.items() if each.is_old()]:
        del _kept[owner_id]
