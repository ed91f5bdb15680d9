"""Key queries: LanceDB's queries by the search keys of cards, in its full-text index.

LanceDB is imported when first used.
"""

from collections.abc import Iterable, Sequence
from typing import Any

_SEARCHED = "search_keys"


def any_key(keys: Iterable[str]) -> Any:
    """Return LanceDB's query for the rows with any of the search keys."""
    return _match(" ".join(keys))


def all_groups(groups: Sequence[Iterable[str]]) -> Any:
    """Return LanceDB's query for the rows with a key of each group."""
    from lancedb.query import BooleanQuery, Occur

    if len(groups) == 1:
        return any_key(groups[0])
    return BooleanQuery([(Occur.MUST, any_key(group)) for group in groups])


def spelt_like(key: str, wrong_letters: int, spellings: int) -> Any:
    """Return LanceDB's query for the rows with a key that differs in so many letters at most."""
    return _match(key, fuzziness=wrong_letters, max_expansions=spellings)


def _match(keys: str, **options: Any) -> Any:
    from lancedb import query

    # Its defaults are pydantic's, which type checkers do not see.
    make: Any = query.MatchQuery
    return make(keys, _SEARCHED, **options)
