"""Learners with a thousand cards each, stored quickly: what `scaling` grows a store by.

All have the same histories, folded by FSRS once; ids, words and vectors are each learner's own.
"""

import time
import uuid
from dataclasses import replace
from typing import Any

CARDS_EACH = 1_000
REVIEWS_A_CARD = 5
# Learners between two checkpoints.
AT_ONCE = 10


def grow(learners: int) -> dict[str, float]:
    """Store learners until there are so many, and return what that took, optimization apart."""
    from accounts.models import User
    from flashcards import store
    from flashcards.models import MovedEntry

    there = User.objects.filter(email__startswith="scale").count()
    maker = _Maker(there)
    begun, processor = time.perf_counter(), time.process_time()
    for start in range(there, learners, AT_ONCE):
        for number in range(start, min(start + AT_ONCE, learners)):
            maker.add(f"scale{number}@example.org")
        store.checkpoint_all()
        # What was moved is kept for a day: a store that was filled in a week has none of it.
        MovedEntry.objects.all().delete()
        store.optimize_if_due()
    stored = time.perf_counter()
    store.optimize()
    return {
        "cards_added": (learners - there) * CARDS_EACH,
        "store_s": round(stored - begun, 2),
        "optimize_s": round(time.perf_counter() - stored, 2),
        "processor_s": round(time.process_time() - processor, 2),
    }


class _Maker:
    """Makes learners out of one, whose histories were folded."""

    def __init__(self, seed: int) -> None:
        from accounts.models import User
        from flashcards.maintenance.benchmark.data import Data
        from memoryloop.embeddings import get_embedder
        from tests.benchmarks import filled

        nobody = User(id=uuid.uuid4())
        self.studied = list(filled.studied(nobody, CARDS_EACH, REVIEWS_A_CARD, due_every=2))
        self.embedder = get_embedder()
        self.data = Data(seed)

    def add(self, email: str) -> None:
        """Store one more learner, whose day has no limits: they would end a measurement."""
        import numpy as np
        from django.db import transaction
        from django.utils import timezone

        from accounts.models import User
        from flashcards import store, study_settings

        user = User.objects.create_user(email)
        no_limits = {"new_per_day": 9_999, "reviews_per_day": 9_999}
        study_settings.save(owner_id=user.pk, deck=None, values=no_limits, now=timezone.now())
        cards, logs = list[Any](), list[Any]()
        for card, history in self.studied:
            mine = self._card_of(user, card)
            cards.append(mine)
            logs.extend(
                replace(log, id=uuid.uuid4(), owner_id=user.pk, flashcard_id=mine.id)
                for log in history
            )
        shape = len(cards), self.embedder.dimensions
        vectors = self.data.numbers.standard_normal(shape, dtype=np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with transaction.atomic():
            store.lock_owner(user.pk)
            store.write_many(user.pk, cards, logs, list(vectors))

    def _card_of(self, user: Any, card: Any) -> Any:
        return replace(
            card,
            id=uuid.uuid4(),
            owner_id=user.pk,
            note_id=uuid.uuid4(),
            question=f"{self.data.text(9)}?",
            answer=self.data.text(12),
            embedding_model=self.embedder.name,
        )
