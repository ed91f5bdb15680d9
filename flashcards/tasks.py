"""Background tasks of flashcards. Their names stay: jobs in the queue refer to them.

A task that may take long does a slice and asks for the next: see memoryloop/server/queues.py.
"""

from uuid import UUID

from django.utils import timezone
from procrastinate import JobContext, RetryDecision, RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.jobs import Job

from flashcards import store
from flashcards.cards import bulk_actions, embedding, folding, jobs, media, model_switch, trash
from flashcards.drafting import documents
from flashcards.duplicates import collection_search
from flashcards.exchange import export_job, import_job, uploads
from flashcards.insight import card_map, goals, memory_fit, plan_job, weekly_mail
from flashcards.maintenance import scheduled_backup
from flashcards.review import backlog
from flashcards.web.pages import week_mail
from memoryloop.server import queues

# How often cards are looked for that were left without a vector.
SWEEP_MINUTES = 10


class _OnOtherEngine(RetryStrategy):
    """Do a job again that met a switch of engines: it goes on with the one that serves."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, store.EngineChanged):
            # Queries raise it without having this process look up the engine anew.
            store.forget_engine()
        return super().get_retry_decision(exception=exception, job=job)


SWITCHED = _OnOtherEngine(max_attempts=3, retry_exceptions=[store.EngineChanged])


@app.periodic(cron="* * * * *")
@app.task(name=jobs.CHECKPOINT, queue=queues.CHECKPOINT, retry=SWITCHED)
def run_checkpoint(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Move what is pending to where it stays: each minute, and when much is pending."""
    store.checkpoint_all()
    store.optimize_if_due()


@app.task(name=jobs.EMBED_CARDS, queue=queues.UNSEEN, retry=SWITCHED)
def embed_cards_of(owner_id: str) -> None:
    """Embed the cards of one owner that have no vector, then ask for a checkpoint."""
    if embedding.embed_all(owner_id=UUID(owner_id), seconds=queues.SLICE_SECONDS):
        jobs.request_embedding(UUID(owner_id))
    jobs.request_checkpoint()


@app.periodic(cron="* * * * *")
@app.task(
    name=jobs.FOLLOW_MODEL, queue=queues.UNSEEN, queueing_lock=jobs.FOLLOW_MODEL, retry=SWITCHED
)
def follow_embedding_model(timestamp: int) -> None:
    """Go on with the switch to another embedding model; now and then, look for left cards."""
    model_switch.work(sweep=timestamp // 60 % SWEEP_MINUTES == 0)


@app.task(name=jobs.BULK, queue=queues.WAITED_FOR, retry=SWITCHED)
def change_cards(change_id: str) -> None:
    """Do a bulk action, or undo it."""
    bulk_actions.run(change_id=UUID(change_id), clock=timezone.now, seconds=queues.SLICE_SECONDS)
    bulk_actions.request_next(after=UUID(change_id))


@app.periodic(cron="* * * * *")
@app.task(name="flashcards.resume_bulk", queue=queues.WAITED_FOR, retry=SWITCHED)
def resume_bulk(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with bulk actions that a worker left unfinished."""
    bulk_actions.resume()


@app.task(name=jobs.FOLD, queue=queues.WAITED_FOR, retry=SWITCHED)
def fold_cards_of(owner_id: str) -> None:
    """Fold the cards of one owner whose memory is of other parameters than govern them."""
    if folding.fold_outdated(owner_id=UUID(owner_id), seconds=queues.SLICE_SECONDS):
        jobs.request_folding(UUID(owner_id))


@app.periodic(cron="11 * * * *")
@app.task(name=jobs.FOLD_ALL, queue=queues.UNSEEN, queueing_lock=jobs.FOLD_ALL, retry=SWITCHED)
def fold_outdated_cards(timestamp: int, after: str = "") -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with folds that a worker left unfinished, from a learner on."""
    last = folding.fold_all_outdated(
        timezone.now(), after=UUID(after) if after else None, seconds=queues.SLICE_SECONDS
    )
    if last is not None:
        jobs.request_folding_of_all(last)


@app.periodic(cron="*/10 * * * *")
@app.task(name="flashcards.end_plans", queue=queues.UNSEEN, retry=SWITCHED)
def end_plans(timestamp: int) -> None:  # noqa: ARG001 - as above
    """End the plans of learners who have caught up, which restores their settings."""
    backlog.end_those_caught_up(timezone.now())


@app.task(name=jobs.IMPORT, queue=queues.WAITED_FOR, retry=SWITCHED)
def import_cards(import_id: str) -> None:
    """Import a file, or undo an import."""
    import_job.run(import_id=UUID(import_id), clock=timezone.now, seconds=queues.SLICE_SECONDS)


@app.task(name=jobs.EXPORT, queue=queues.WHOLE, retry=SWITCHED)
def export_cards(export_id: str) -> None:
    """Write cards to a file."""
    try:
        export_job.run(export_id=UUID(export_id), clock=timezone.now)
    finally:
        export_job.request_next(after=UUID(export_id))


@app.periodic(cron="*/5 * * * *")
@app.task(name="flashcards.resume_exchange", queue=queues.WAITED_FOR, retry=SWITCHED)
def resume_exchange(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes when it was due
    """Go on with imports and exports that a worker left unfinished."""
    import_job.resume(timezone.now())
    export_job.resume(timezone.now())


@app.task(name=jobs.FIND_DUPLICATES, queue=queues.WAITED_FOR, retry=SWITCHED)
def find_duplicates(owner_id: str, search_id: str) -> None:
    """Search an owner's whole collection for duplicates."""
    collection_search.run(
        owner_id=UUID(owner_id), search_id=UUID(search_id), seconds=queues.SLICE_SECONDS
    )


@app.task(name=jobs.FIT_PARAMETERS, queue=queues.WHOLE, retry=SWITCHED)
def fit_parameters(owner_id: str) -> None:
    """Fit an owner's parameters: some seconds for 400,000 reviews."""
    memory_fit.run(owner_id=UUID(owner_id), clock=timezone.now)


@app.periodic(cron="17 * * * *")
@app.task(name="flashcards.monthly_fits", queue=queues.UNSEEN, retry=SWITCHED)
def start_monthly_fits(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Fit the parameters anew of those who wish it, a month after the last time."""
    memory_fit.start_monthly(timezone.now())


@app.task(name=jobs.MAP, queue=queues.WHOLE, retry=SWITCHED)
def make_map(owner_id: str) -> None:
    """Lay out an owner's cards by meaning, or place new ones."""
    card_map.run(owner_id=UUID(owner_id), clock=timezone.now)


@app.task(name=jobs.SIMULATE, queue=queues.WAITED_FOR, retry=SWITCHED)
def simulate_plan(owner_id: str) -> None:
    """Simulate the plans that a learner compares: some seconds, however many cards there are."""
    plan_job.run(owner_id=UUID(owner_id))


@app.periodic(cron="7 * * * *")
@app.task(name="flashcards.weekly_reports", queue=queues.UNSEEN, retry=SWITCHED)
def send_weekly_reports(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Have the weekly reports sent that are due, and those whose sending failed."""
    weekly_mail.request_due(timezone.now())


@app.task(name=jobs.WEEKLY_REPORT, queue=queues.MAIL, retry=SWITCHED)
def send_weekly_report(owner_id: str) -> None:
    """Send a learner's weekly report, once a week."""
    weekly_mail.send(owner_id=UUID(owner_id), now=timezone.now(), written=week_mail.written)


@app.periodic(cron="23 * * * *")
@app.task(name=jobs.PURGE_BIN, queue=queues.UNSEEN, retry=SWITCHED)
def purge_bin(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Erase the cards that have been in the trash for thirty days."""
    trash.purge(now=timezone.now())


@app.periodic(cron="41 3 * * *")
@app.task(name="flashcards.purge_files", queue=queues.UNSEEN, retry=SWITCHED)
def purge_files(timestamp: int) -> None:  # noqa: ARG001 - as above
    """Delete old documents, goals, uploads and exports, and images that no card uses."""
    documents.purge(timezone.now())
    goals.purge(timezone.now())
    uploads.purge(timezone.now())
    export_job.purge(timezone.now())
    media.purge(timezone.now())


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="flashcards.scheduled_backup",
    queue=queues.BACKUP,
    queueing_lock="flashcards.scheduled_backup",
    pass_context=True,
)
def make_scheduled_backup(context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - as above
    """Make the backup of this night once it is due; one of a night that was missed, soon."""
    scheduled_backup.run_if_due(timezone.now, lambda: _go_on(context))


@app.task(name=jobs.BACKUP, queue=queues.BACKUP, pass_context=True, retry=SWITCHED)
def make_backup(context: JobContext) -> None:
    """Make a backup now, because an administrator asked for it."""
    scheduled_backup.run(timezone.now, lambda: _go_on(context))


def _go_on(context: JobContext) -> None:
    if context.should_abort():
        raise scheduled_backup.Stopped
