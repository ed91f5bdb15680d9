"""Background tasks of flashcards. Their names stay: jobs in the queue refer to them."""

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
    """Embed the cards of one owner that have no vector, then ask for a checkpoint."""
    embedding.embed_all(owner_id=UUID(owner_id))
    jobs.request_checkpoint()


@app.task(name=jobs.BULK)
def change_cards(change_id: str) -> None:
    """Do a bulk action, or undo it."""
    bulk_actions.run(change_id=UUID(change_id), clock=timezone.now)


@app.periodic(cron="* * * * *")
@app.task(name="flashcards.resume_bulk")
def resume_bulk(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with bulk actions that a worker left unfinished."""
    bulk_actions.resume()


@app.periodic(cron="*/10 * * * *")
@app.task(name="flashcards.end_plans")
def end_plans(timestamp: int) -> None:  # noqa: ARG001 - as above
    """End the plans of learners who have caught up, which restores their settings."""
    backlog.end_those_caught_up(timezone.now())


@app.task(name=jobs.IMPORT)
def import_cards(import_id: str) -> None:
    """Import a file, or undo an import."""
    import_job.run(import_id=UUID(import_id), clock=timezone.now)


@app.task(name=jobs.EXPORT)
def export_cards(export_id: str) -> None:
    """Write cards to a file."""
    export_job.run(export_id=UUID(export_id), clock=timezone.now)


@app.periodic(cron="*/5 * * * *")
@app.task(name="flashcards.resume_exchange")
def resume_exchange(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with imports and exports that a worker left unfinished."""
    import_job.resume(timezone.now())
    export_job.resume(timezone.now())


@app.task(name=jobs.FIND_DUPLICATES)
def find_duplicates(owner_id: str, search_id: str) -> None:
    """Search an owner's whole collection for duplicates."""
    collection_search.run(owner_id=UUID(owner_id), search_id=UUID(search_id))


@app.periodic(cron="23 * * * *")
@app.task(name=jobs.PURGE_BIN)
def purge_bin(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Erase the cards that have been in the trash for thirty days."""
    trash.purge(now=timezone.now())


@app.periodic(cron="41 3 * * *")
@app.task(name="flashcards.purge_files")
def purge_files(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Delete old documents, uploads and exports, and images that no card has used for long."""
    documents.purge(timezone.now())
    uploads.purge(timezone.now())
    export_job.purge(timezone.now())
    media.purge(timezone.now())
