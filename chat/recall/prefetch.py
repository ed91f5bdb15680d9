"""What bears on a question, looked for while the question is still being typed.

Half of what the first words of an answer wait for is that the question is embedded and what is near
it found. The page says what stands in its field when the typing pauses; who then sends that very
text waits for neither. It is kept in this process's memory alone: each learner's last text, for
half a minute. Sent to another process, or with other words, a question is looked up as ever.
"""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chat.recall import prompts
from chat.recall.embedding import EMBEDDED_CHARACTERS
from chat.recall.prompts import Recalling

# What the learner changes meanwhile, a card or a conversation, is found as it was.
KEPT_SECONDS = 30.0
# Some sixty ids and five cards each.
KEPT_MOST = 256


@dataclass(frozen=True, slots=True)
class _Ahead:
    conversation_id: UUID | None
    began: float
    recalling: Recalling

    def is_for(self, conversation_id: UUID | None, text: str) -> bool:
        return (
            self.conversation_id == conversation_id
            and self.recalling.text.strip() == text[:EMBEDDED_CHARACTERS].strip()
            and not self.recalling.has_failed
        )

    def is_old(self) -> bool:
        return time.monotonic() - self.began > KEPT_SECONDS


# By owner, the oldest first.
_kept: "OrderedDict[UUID, _Ahead]" = OrderedDict()
_lock = threading.Lock()


def begin(*, owner_id: UUID, text: str, now: datetime, conversation_id: UUID | None = None) -> bool:
    """Begin to look for what bears on a text that may be sent; return whether it is being done.

    One at a time in a process: who has sent a question waits for nobody who is typing one.
    """
    with _lock:
        _forget_old()
        known = _kept.get(owner_id)
        if known is not None and known.is_for(conversation_id, text):
            return True
        if any(not each.recalling.is_done for each in _kept.values()):
            return False
        recalling = prompts.begin_recall(
            owner_id=owner_id, text=text, now=now, conversation_id=conversation_id
        )
        if recalling is None:
            return False
        _kept[owner_id] = _Ahead(conversation_id, time.monotonic(), recalling)
        _kept.move_to_end(owner_id)
        if len(_kept) > KEPT_MOST:
            _kept.popitem(last=False)
        return True


def recall(
    *, owner_id: UUID, text: str, now: datetime, conversation_id: UUID | None = None
) -> Recalling | None:
    """Return what bears on a text that was sent, as prompts.begin_recall does: as it was begun
    while the text was typed, or begun now.
    """
    with _lock:
        _forget_old()
        known = _kept.pop(owner_id, None)
    if known is not None and known.is_for(conversation_id, text):
        return known.recalling
    return prompts.begin_recall(
        owner_id=owner_id, text=text, now=now, conversation_id=conversation_id
    )


def clear_cache() -> None:
    """Forget everything, as a new process has."""
    with _lock:
        _kept.clear()


def _forget_old() -> None:
    for owner_id in [owner_id for owner_id, each in _kept.items() if each.is_old()]:
        del _kept[owner_id]
