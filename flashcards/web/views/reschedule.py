"""/settings/study/reschedule/: all cards rescheduled by the present settings, after a preview."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.http import HtmxHttpRequest
from flashcards import study_settings
from flashcards.cards import bulk_actions
from flashcards.cards.card_actions import Verb
from flashcards.review import rescheduling
from flashcards.web.pages import bulk_change


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def reschedule(request: HtmxHttpRequest) -> HttpResponse:
    """Show which cards rescheduling would move; POST moves them."""
    owner_id, now = request.user.id, timezone.now()
    under_way = bulk_actions.under_way(owner_id=owner_id)
    effect = None
    if not under_way:
        settings = study_settings.settings_for(owner_id=owner_id)
        effect = rescheduling.effect_of(owner_id=owner_id, settings=settings, now=now)
    if request.method != "POST":
        context = {"effect": effect, "change": under_way}
        return render(request, "flashcards/settings/reschedule.html", context)
    if effect and effect.count:
        change = bulk_actions.start(
            owner_id=owner_id,
            verb=Verb.RESCHEDULE,
            argument={},
            card_ids=effect.card_ids,
            clock=timezone.now,
        )
        bulk_change.tell(request, change)
    return redirect("flashcards:reschedule")
