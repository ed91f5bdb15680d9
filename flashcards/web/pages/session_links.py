"""The addresses of a session: of its page, and of its page with a parameter."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode

from flashcards.review.session import StudySession


@dataclass(frozen=True)
class SessionLinks:
    """The addresses that the review page has of its session."""

    path: str
    url: str
    # Ends the session before its cards are done.
    finish_url: str
    # Shows a card in learning before it is due.
    ahead_url: str


def links(session: StudySession) -> SessionLinks:
    """Return the addresses of a session."""
    return SessionLinks(
        path(session), url(session), url(session, finish="1"), url(session, ahead="1")
    )


def url(session: StudySession, **parameters: str) -> str:
    """Return the address of a session's page, with these parameters."""
    if session.typed is not None:
        parameters = {"typed": "1" if session.typed else "0", **parameters}
    return f"{path(session)}?{urlencode(parameters)}" if parameters else path(session)


def path(session: StudySession) -> str:
    """Return the address of a session's page without parameters."""
    if session.row is not None:
        return reverse("flashcards:session", args=[session.row.id])
    if session.named.deck_id is not None:
        return reverse("flashcards:review_deck", args=[session.named.deck_id])
    return reverse("flashcards:review")
