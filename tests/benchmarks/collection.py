"""One learner with very many cards, with vectors: what the card browser and duplicates work on.

Benchmarks only; see filled.py for where it is stored, and how it is kept for the next run.
"""

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.benchmarks import filled
from tests.benchmarks.texts import read_rows

if TYPE_CHECKING:
    from accounts.models import User

BATCH = 5_000
TAGS = ["verbs", "leech", "bio::cells", "bio::dna", "hist"]
WORDS = ["cell", "membrane", "energy", "light", "verb", "noun", "river", "castle"]


def learner(number: int) -> "User":
    """Return the learner with so many cards of words and vectors, made now or in an earlier run.

    They stand in 50 decks, four in five were reviewed before, and as far as they go the first are
    the labelled pairs that say the same (side a); the vectors of the others lie near theirs.
    """
    from accounts.models import User
    from flashcards.models import Deck
    from flashcards.store import cards
    from flashcards.store.maintenance import optimize

    email = f"bench-{number}@example.org"
    known = User.objects.filter(email=email).first()
    if known is not None:
        if cards.for_owner(known).count() == number:
            return known
        raise SystemExit(f"The kept store has not {number} cards of {email}: remove the folder.")
    user: User = filled.learner(email)
    decks = [Deck.objects.create(owner=user, name=f"Deck {n // 5}::{n}") for n in range(50)]
    _fill(user, decks, number)
    optimize.optimize()
    return user


def _fill(user: "User", decks: list[Any], number: int) -> None:
    import numpy as np
    from django.utils import timezone

    from flashcards.maintenance import bulk_load
    from memoryloop.embeddings import get_embedder
    from tests.factories import flashcard

    now, draw, noise = timezone.now(), random.Random(1), np.random.default_rng(5)
    pairs = read_rows("duplicate_pairs")
    sides = [row["first"] for row in pairs if row["verdict"] == "same"]
    said = {
        word.strip("?.,:;()\"'") for row in pairs for text in row["first"] for word in text.split()
    }
    words = [*WORDS, *sorted(said - {""}), *(f"w{n}" for n in range(2_000))]
    embedder = get_embedder()
    base = embedder.embed([f"{question}\n{answer}".strip() for question, answer in sides])
    for start in range(0, number, BATCH):
        vectors = base[noise.integers(len(base), size=min(BATCH, number - start))]
        vectors = vectors + 0.06 * noise.standard_normal(vectors.shape).astype(np.float32)
        cards, logs = [], []
        for at in range(len(vectors)):
            text = {
                "question": " ".join(draw.choices(words, k=9)) + "?",
                "answer": " ".join(draw.choices(words, k=14)),
            }
            if start + at < len(sides):
                question, answer = sides[start + at]
                vectors[at] = base[start + at]
                text = {"question": question, "answer": answer}
                text["kind"] = "cloze" if "{{c" in question else "basic"
            card = flashcard(
                user,
                embedding_model=embedder.name,
                tags=tuple(draw.sample(TAGS, draw.randint(0, 2))),
                deck_ids=(draw.choice(decks).pk,),
                flag=draw.choice([0, 0, 0, 1, 4]),
                created_at=now - timedelta(days=draw.random() * 700),
                **text,
                **_learnt(draw, now),
            )
            cards.append(card)
            if card.last_review is not None:
                logs.append(_log(draw, card))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        bulk_load.load_cards(owner_id=user.pk, cards=cards, logs=logs, vectors=list(vectors))


def _learnt(draw: random.Random, now: Any) -> dict[str, Any]:
    """Return the schedule of a card that was reviewed before; one in five is new."""
    from flashcards.domain.records import State

    if draw.random() < 0.2:
        return {}
    last = now - timedelta(days=draw.random() * 40)
    return {
        "state": draw.choice([State.REVIEW] * 8 + [State.LEARNING, State.RELEARNING]),
        "stability": draw.random() * 100 + 1,
        "difficulty": draw.random() * 9 + 1,
        "reps": draw.randint(1, 12),
        "lapses": draw.randint(0, 4),
        "last_review": last,
        "due": last + timedelta(days=draw.random() * 60),
        "suspended": draw.random() < 0.05,
        "buried_until": now + timedelta(days=900) if draw.random() < 0.02 else None,
    }


def _log(draw: random.Random, card: Any) -> Any:
    from flashcards.domain.records import LogKind, Rating, State
    from tests.factories import review_log

    return review_log(
        card,
        reviewed_at=card.last_review,
        rating=draw.choice([Rating.AGAIN, Rating.GOOD, Rating.GOOD]),
        kind=LogKind.REVIEW,
        state_before=State.REVIEW,
        state_after=State.REVIEW,
    )
