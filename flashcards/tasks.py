"""What the background worker does for cards: checkpoints and embeddings."""

from uuid import UUID

from django.utils import timezone
from procrastinate.contrib.django import app

from flashcards import store
from flashcards.cards import bulk_actions, embedding, jobs, media, trash
from flashcards.drafting import documents
from flashcards.duplicates import collection_search
from flashcards.exchange import export_job, import_job, uploads
from flashcards.review import backlog


@app.periodic(cron="* * * * *")
@app.task(name=jobs.CHECKPOINT)
def run_checkpoint(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Move the journal into LanceDB: each minute, and when part of it grows long."""
    store.checkpoint_all()
    store.optimize_if_due()


@app.task(name=jobs.EMBED_CARDS)
def embed_cards_of(owner_id: str) -> None:
    """Embed what one owner's cards lack, then have it moved into LanceDB."""
    embedding.embed_all(owner_id=UUID(owner_id))
    jobs.request_checkpoint()


@app.task(name=jobs.BULK)
def change_cards(change_id: str) -> None:
    """Change many cards, or undo that."""
    bulk_actions.run(change_id=UUID(change_id), clock=timezone.now)


@app.periodic(cron="* * * * *")
@app.task(name="flashcards.resume_bulk")
def resume_bulk(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with what a worker left half done when it ended."""
    bulk_actions.resume()


@app.periodic(cron="*/10 * * * *")
@app.task(name="flashcards.end_plans")
def end_plans(timestamp: int) -> None:  # noqa: ARG001 - as above
    """End the plans of learners who have caught up: what they had set before comes back."""
    backlog.end_those_caught_up(timezone.now())


@app.task(name=jobs.IMPORT)
def import_cards(import_id: str) -> None:
    """Import what is in a file, or undo that."""
    import_job.run(import_id=UUID(import_id), clock=timezone.now)


@app.task(name=jobs.EXPORT)
def export_cards(export_id: str) -> None:
    """Make a file of cards."""
    export_job.run(export_id=UUID(export_id), clock=timezone.now)


@app.periodic(cron="*/5 * * * *")
@app.task(name="flashcards.resume_exchange")
def resume_exchange(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with imports and exports that a worker left half done when it ended."""
    import_job.resume(timezone.now())
    export_job.resume(timezone.now())


@app.task(name=jobs.FIND_DUPLICATES)
def find_duplicates(owner_id: str, search_id: str) -> None:
    """Look through an owner's whole collection for cards that say the same."""
    collection_search.run(owner_id=UUID(owner_id), search_id=UUID(search_id))


@app.periodic(cron="23 * * * *")
@app.task(name=jobs.PURGE_BIN)
def purge_bin(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Delete for good what has been in the bin for thirty days."""
    trash.purge(now=timezone.now())


@app.periodic(cron="41 3 * * *")
@app.task(name="flashcards.purge_files")
def purge_files(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Remove documents deleted long ago, and images that no card has shown for long."""
    documents.purge(timezone.now())
    uploads.purge(timezone.now())
    export_job.purge(timezone.now())
    media.purge(timezone.now())
