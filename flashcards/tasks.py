"""What the background worker does for cards: checkpoints and embeddings."""

from uuid import UUID

from procrastinate.contrib.django import app

from flashcards import embedding, jobs
from flashcards.store import checkpoint


@app.periodic(cron="* * * * *")
@app.task(name=jobs.CHECKPOINT)
def run_checkpoint(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Move the journal into LanceDB: each minute, and when part of it grows long."""
    checkpoint.run_until_empty()


@app.task(name=jobs.EMBED_CARDS)
def embed_cards_of(owner_id: str) -> None:
    """Embed what one owner's cards lack, then have it moved into LanceDB."""
    while embedding.embed_cards(owner_id=UUID(owner_id)):
        continue
    jobs.request_checkpoint()
