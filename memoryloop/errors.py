"""UserError: the base of every error that people read; and errors of a full disk."""

import errno
from collections.abc import Iterator


class UserError(Exception):
    """Something cannot be done. `sentence` is one plain sentence for people that says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


# Of work that was cut off; what a page says is in memoryloop/web/outages.py.
DISK_FULL = (
    "The server’s disk is full. What was done so far is kept: try again once the person who runs "
    "this MemoryLoop has made room."
)
# PostgreSQL's SQLSTATE disk_full.
_FULL_STATE = "53100"
_FULL_NUMBERS = (errno.ENOSPC, errno.EDQUOT)
# Of programs, of PostgreSQL while it starts, and of LanceDB, whose errors have no number.
_FULL_WORDS = (
    "no space left on device",
    "storagefull",
    *(f"os error {number}" for number in _FULL_NUMBERS),
)


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and those that it comes from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def is_disk_full(error: BaseException) -> bool:
    """Tell whether an error, or one that it comes from, says that a disk is full."""
    return says_full(error) is not None


def says_full(error: BaseException) -> BaseException | None:
    """Return which of an error and those that it comes from says that a disk is full."""
    return next((each for each in chain(error) if _says_full(each)), None)


def sentence_of(error: BaseException, otherwise: str) -> str:
    """Return what a learner is told of work that failed: that a disk is full, or the other."""
    return DISK_FULL if is_disk_full(error) else otherwise


def _says_full(error: BaseException) -> bool:
    return (
        getattr(error, "errno", None) in _FULL_NUMBERS
        or getattr(error, "sqlstate", None) == _FULL_STATE
        or any(words in str(error).lower() for words in _FULL_WORDS)
    )
