"""Pages that belong to no app: the front page and the health of the whole."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from memoryloop.http import AnonymousHttpRequest


@require_safe
def home(request: AnonymousHttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("chat:home")
    return render(request, "home.html")


@require_safe
def healthz(request: AnonymousHttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})
