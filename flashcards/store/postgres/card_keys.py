"""The search keys of cards: which cards have a word."""

from uuid import UUID

import numpy as np
from django.db import connection

from flashcards.store.pending import Ids
from memoryloop.postgres.text_queries import has_all
from memoryloop.search_words import Term

_IDS = "SELECT card_id::text FROM flashcards_cardkeys WHERE owner_id = %s AND keys @@ %s::tsquery"


def ids_with(owner_id: UUID, term: Term) -> Ids:
    """Return the ids of an owner's cards that have a form of a word, as text of 36 bytes.

    Those in the trash are absent. One SQL query.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [owner_id, has_all(term.groups)])
        return np.array([id_ for (id_,) in cursor.fetchall()], dtype="S36")
