"""The weekly report by mail: once a week, in the morning of the learner's own Monday.

Which week was sent is written in the transaction in which it is sent, on a row that is locked: two
workers do not send it twice, and one that is killed before the mail server has it sends it again at
the next hour. Should a worker die just between the two, the second mail has the same Message-ID.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction

from flashcards import study_settings
from flashcards.cards import jobs
from flashcards.domain.study_day import Day
from flashcards.insight import weekly
from flashcards.insight.weekly import Report
from flashcards.models import WeeklyReport

logger = logging.getLogger(__name__)

Wanted = WeeklyReport.Wanted
# The mail of a learner's report.
Written = Callable[[WeeklyReport, Report], EmailMessage]
_SALT = "flashcards.weekly-report"
# After the learner's Monday has begun; and until when a report is still worth sending.
MORNING = timedelta(hours=3)
LATEST = timedelta(days=2)


def can_send() -> bool:
    """Tell whether a mail server is configured."""
    return bool(settings.EMAIL_HOST)


def choose(*, owner_id: UUID, wanted: Wanted, base_url: str, now: datetime) -> WeeklyReport:
    """Set what a learner wants. The first report by mail is that of the week that is not over."""
    day = study_settings.settings_for(owner_id=owner_id).day
    with transaction.atomic():
        row, _ = WeeklyReport.objects.select_for_update().get_or_create(owner_id=owner_id)
        if wanted == Wanted.MAIL and row.wanted != Wanted.MAIL:
            past = weekly.last_week(day, now)
            row.sent_week = max(past, row.sent_week or past)
        row.wanted, row.base_url = wanted, base_url
        row.save(update_fields=["wanted", "base_url", "sent_week"])
    return row


def request_due(now: datetime) -> None:
    """Ask for the mails that are due. One SQL query, and one for each learner who wants them."""
    if not can_send():
        return
    rows = WeeklyReport.objects.filter(wanted=Wanted.MAIL, owner__is_active=True)
    # Until the day before the next one is due where days begin first, there is nothing to ask.
    for row in rows.exclude(sent_week__gte=now.date() - timedelta(days=12)).iterator():
        if _due_week(row, study_settings.settings_for(owner_id=row.owner_id).day, now):
            jobs.request_weekly_report(row.owner_id)


def send(*, owner_id: UUID, now: datetime, written: Written) -> bool:
    """Send the report if it is due; tell whether it was sent. Raises what the mail server does.

    `written` makes the mail of a report.
    """
    if not can_send():
        return False
    with transaction.atomic():
        row = (
            WeeklyReport.objects.select_for_update(of=["self"])
            .select_related("owner")
            .filter(owner_id=owner_id, wanted=Wanted.MAIL, owner__is_active=True)
            .first()
        )
        if row is None:
            return False
        week = _due_week(row, study_settings.settings_for(owner_id=owner_id).day, now)
        if week is None:
            return False
        row.sent_week = week
        row.save(update_fields=["sent_week"])
        written(row, weekly.report_of(owner_id=owner_id, now=now)).send()
    logger.info("A weekly report was sent.")
    return True


def token_of(owner_id: UUID) -> str:
    """Return the signed token of the link that stops a learner's reports."""
    return signing.dumps(str(owner_id), salt=_SALT)


def owner_of(token: str) -> UUID | None:
    """Return whose reports a token stops; None for one that is not ours."""
    try:
        return UUID(signing.loads(token, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def stop(owner_id: UUID) -> None:
    """Send a learner no more reports."""
    rows = WeeklyReport.objects.filter(owner_id=owner_id, wanted=Wanted.MAIL)
    rows.update(wanted=Wanted.OFF)


def _due_week(row: WeeklyReport, day: Day, now: datetime) -> date | None:
    """Return the week whose report is to be sent now, as its first day."""
    week = weekly.last_week(day, now)
    if row.sent_week is not None and row.sent_week >= week:
        return None
    begins = day.start(now, days=-day.of(now).weekday()) + MORNING
    return week if begins <= now < begins + LATEST else None
