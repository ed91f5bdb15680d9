"""The mail of a weekly report: its words, and how a mail program stops the next ones."""

from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.crypto import salted_hmac

from flashcards.insight import weekly_mail
from flashcards.insight.weekly import Report
from flashcards.models import WeeklyReport


def written(row: WeeklyReport, report: Report) -> EmailMessage:
    """Return the mail of a report. Of the same learner and week it has the same Message-ID."""
    token = weekly_mail.token_of(row.owner_id)
    off = row.base_url + reverse("flashcards:insight_week_off", args=[token])
    context = {
        "user": row.owner,
        "report": report,
        "page": row.base_url + reverse("flashcards:insight"),
        "off": off,
    }
    text = render_to_string("flashcards/insight/week_mail.txt", context)
    subject, _, body = text.lstrip().partition("\n")
    once = salted_hmac("flashcards.week-mail", f"{row.owner_id} {report.first}").hexdigest()
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return EmailMessage(
        subject=subject.strip(),
        body=body.lstrip(),
        to=[row.owner.email],
        headers={
            "Message-ID": f"<{once}@{domain}>",
            "List-Unsubscribe": f"<{off}>",
            # RFC 8058: the mail program's own button sends a POST there.
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )
