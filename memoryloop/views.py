"""Pages that belong to no app: the front page and the palette."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from memoryloop import palette as palettes
from memoryloop.http import AnonymousHttpRequest, HtmxHttpRequest


@require_safe
def home(request: AnonymousHttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("chat:home")
    return render(request, "home.html")


@login_required
@require_safe
def palette(request: HtmxHttpRequest) -> HttpResponse:
    """Answer with the palette's results, a fragment for its dialog."""
    text = request.GET.get("q", "")[:200]
    groups = palettes.find(owner_id=request.user.id, text=text)
    return render(request, "_palette.html", {"groups": groups, "text": text})
