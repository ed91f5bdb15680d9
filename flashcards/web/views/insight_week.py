"""/insight/week/: the last week in three sentences, and whether it comes by itself."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.insight import weekly, weekly_mail
from flashcards.models import WeeklyReport
from flashcards.web.forms.insight_week import WeekForm
from memoryloop.web.address import base_url, next_url
from memoryloop.web.toasts import toast

Wanted = WeeklyReport.Wanted
_SAID = {
    Wanted.OFF: "The weekly report is off.",
    Wanted.PAGE: "From Monday on, each week's report stands on the Insight page.",
    Wanted.MAIL: "The first report comes on Monday morning.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def week(request: HtmxHttpRequest) -> HttpResponse:
    """Show the report of the last week; POST chooses where the next ones come."""
    owner_id, now = request.user.id, timezone.now()
    row = WeeklyReport.objects.filter(owner_id=owner_id).first()
    wanted = row.wanted if row else Wanted.OFF
    posted = request.method == "POST"
    form = WeekForm(request.POST if posted else None, initial={"wanted": wanted})
    if posted and form.is_valid():
        chosen = Wanted(form.cleaned_data["wanted"])
        weekly_mail.choose(owner_id=owner_id, wanted=chosen, base_url=base_url(request), now=now)
        toast(request, _SAID[chosen])
        return redirect("flashcards:insight_week")
    context = {
        "form": form,
        "report": weekly.report_of(owner_id=owner_id, now=now),
        "can_send": weekly_mail.can_send(),
        "wants_mail": wanted == Wanted.MAIL,
    }
    status = 422 if posted else 200
    return render(request, "flashcards/insight/week.html", context, status=status)


@require_POST
@login_required
def put_away(request: HtmxHttpRequest) -> HttpResponse:
    """Show the report of the last week no longer above other pages."""
    day = study_settings.settings_for(owner_id=request.user.id).day
    WeeklyReport.objects.filter(owner=request.user).update(
        seen_week=weekly.last_week(day, timezone.now())
    )
    return redirect(next_url(request) or "flashcards:insight")


# A mail program posts without a session; the token is what lets it.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def off(request: HttpRequest, token: str) -> HttpResponse:
    """Stop the mails of whom a token names: POST does it, GET asks with one button.

    Programs that look into links before a person does open them with GET.
    """
    owner_id = weekly_mail.owner_of(token)
    if owner_id is None:
        raise Http404
    is_done = request.method == "POST"
    if is_done:
        weekly_mail.stop(owner_id)
    return render(request, "flashcards/insight/week_off.html", {"is_done": is_done})
