"""Pages that belong to no app: the front page and the palette."""

from typing import cast
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from memoryloop.web import palette as palettes


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "home.html")


@login_required
@require_safe
def palette(request: HttpRequest) -> HttpResponse:
    """Answer with the palette's results, a fragment for its dialog."""
    # PostgreSQL holds no NUL; nobody types one.
    text = request.GET.get("q", "").replace("\0", "")[:200]
    owner_id = cast("UUID", request.user.pk)
    groups = palettes.find(owner_id=owner_id, text=text)
    return render(request, "_palette.html", {"groups": groups, "text": text})
