"""How PostgreSQL makes letters small: by all letters, whatever the database's own locale is."""

import functools

from django.db import connection

# The locale may know the letters of English alone. The first follows Unicode as Python does; it is
# of PostgreSQL 18, and the second needs ICU.
_LOWERS = ("pg_unicode_fast", "und-x-icu", "pg_c_utf8")
_COLLATIONS = """
SELECT collname FROM pg_collation
WHERE collname = ANY(%s) AND collencoding IN (-1, pg_char_to_encoding(getdatabaseencoding()))
"""


@functools.cache
def lowering() -> str:
    """Return the collation, as SQL, by which letters are made small; "" for the database's own.

    One SQL query the first time in a process.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COLLATIONS, [list(_LOWERS)])
        there = {name for (name,) in cursor.fetchall()}
    best = next((name for name in _LOWERS if name in there), None)
    return f' COLLATE "{best}"' if best else ""
