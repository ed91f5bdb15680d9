"""UserError: the base of every error that people read; and errors of a full disk."""

import errno
from collections.abc import Iterator


class UserError(Exception):
    """Something cannot be done. `sentence` is one plain sentence for people that says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


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
    return any(_says_full(each) for each in chain(error))


def _says_full(error: BaseException) -> bool:
    return (
        getattr(error, "errno", None) in _FULL_NUMBERS
        or getattr(error, "sqlstate", None) == _FULL_STATE
        or any(words in str(error).lower() for words in _FULL_WORDS)
    )
