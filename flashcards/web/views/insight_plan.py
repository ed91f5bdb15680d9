"""/insight/plan/: what a plan of study would bring in a year, one or two side by side."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards import store, study_settings
from flashcards.insight import plan, plan_job, use_plan
from flashcards.insight.plan import Choice
from flashcards.models import Deck, PlanSimulation
from flashcards.review import backlog
from flashcards.web.forms.insight_plan import PlanForm
from flashcards.web.pages import insight_choice
from flashcards.web.pages import insight_plan as page
from memoryloop.web.toasts import toast

Status = PlanSimulation.Status
# In the session: what "Undo" after the use of a plan sets again, and the deck it was set for.
_BEFORE = "plan_before_use"
_RESULT = "plan-result"
NO_SETTINGS = (
    "Settings belong to all cards or to a deck, so there is no plan for a search or a smart deck. "
    "This is the plan for all cards."
)


@require_safe
@never_cache
@login_required
def plan_page(request: HtmxHttpRequest) -> HttpResponse:
    """Show a plan, `?a-…` as it was typed, and with `compare` a second one, `?b-…`.

    What it brings loads by itself, or with `calculate` stands on the page at once.
    """
    now = timezone.now()
    asked = _Asked(request.user.id, request.GET)
    context = asked.context()
    if asked.is_valid:
        simulation = asked.found(now)
        fresh = simulation is None or (
            simulation.status == Status.STOPPED and "calculate" in request.GET
        )
        if fresh and "calculate" in request.GET:
            simulation = asked.started(now)
        context |= _result(asked, simulation, now)
    is_fragment = request.htmx and request.htmx.target == _RESULT
    fragment, whole = "flashcards/insight/_plan_result.html", "flashcards/insight/plan.html"
    status = 200 if asked.is_valid else 422
    return render(request, fragment if is_fragment else whole, context, status=status)


@require_POST
@login_required
def stop(request: HtmxHttpRequest) -> HttpResponse:
    """Stop what is being simulated."""
    plan_job.stop(owner_id=request.user.id, now=timezone.now())
    return redirect(_back(request))


@require_POST
@login_required
def use(request: HtmxHttpRequest) -> HttpResponse:
    """Make a plan the settings; it can be undone."""
    asked = _Asked(request.user.id, request.POST)
    which = asked.forms[-1] if request.POST.get("which") == "b" else asked.forms[0]
    if not which.is_valid():
        return render(request, "flashcards/insight/plan.html", asked.context(), status=422)
    now = timezone.now()
    before = use_plan.use(owner_id=request.user.id, deck=asked.deck, choice=which.choice(), now=now)
    request.session[_BEFORE] = {"deck": str(asked.deck.id) if asked.deck else "", "set": before}
    whose = f"for {asked.deck.name}" if asked.deck else "for all cards"
    toast(
        request,
        f"The plan is set {whose}. It applies from the next card on.",
        undo_url=reverse("flashcards:insight_plan_undo"),
    )
    return redirect(_address(asked.scope_query))


@require_POST
@login_required
def undo(request: HtmxHttpRequest) -> HttpResponse:
    """Set again what was set before a plan was used."""
    before = request.session.pop(_BEFORE, None)
    deck = None
    if before and before["deck"]:
        deck = Deck.objects.filter(owner=request.user, id=before["deck"]).first()
    if not before or (before["deck"] and deck is None):
        toast(request, "There is nothing to undo.", level=messages.INFO)
        return redirect("flashcards:insight_plan")
    use_plan.take_back(
        owner_id=request.user.id, deck=deck, before=before["set"], now=timezone.now()
    )
    toast(request, "Your earlier settings are restored.")
    return redirect("flashcards:insight_plan")


class _Asked:
    """What the page is asked for: the cards, and one or two plans."""

    def __init__(self, owner_id: UUID, given: QueryDict) -> None:
        self.owner_id, self._given = owner_id, given
        self.choice = insight_choice.read(owner_id, _plain(given))
        deck = self.choice.deck
        self.problem = self.choice.problem
        if not self.problem and self.choice.scope is not None:
            is_whole = not self.choice.cards_query
            if not is_whole and (deck is None or deck.is_smart):
                self.problem, deck = NO_SETTINGS, None
        self.deck = deck
        self.settings = study_settings.settings_for(owner_id=owner_id)
        self.present = Choice.of(plan.settings_of(self.settings, deck))
        self.is_compared = "compare" in given
        prefixes = ("a", "b") if self.is_compared else ("a",)
        # What is typed for the first plan is where the second one begins.
        self.forms = [
            PlanForm.of(self._with_first(prefix), prefix, is_deck=bool(deck), present=self.present)
            for prefix in prefixes
        ]
        # Both are looked at, so that both say what is wrong.
        self.is_valid = not [form for form in self.forms if not form.is_valid()]

    @property
    def choices(self) -> list[Choice]:
        return [form.choice() for form in self.forms]

    @property
    def scope_query(self) -> dict[str, str]:
        return {"of": self.choice.asked["of"]} if self.deck else {}

    @property
    def query(self) -> dict[str, str]:
        """Return what an address of this carries."""
        typed = {name: value for form in self.forms for name, value in form.data.items()}
        compared = {"compare": "on"} if self.is_compared else {}
        names = {form.add_prefix(name) for form in self.forms for name in form.fields}
        return self.scope_query | compared | {n: v for n, v in typed.items() if n in names}

    def context(self) -> dict[str, Any]:
        with_other = self.query | {"compare": "on"}
        without = {
            name: value
            for name, value in self.query.items()
            if name != "compare" and not name.startswith("b-")
        }
        return {
            "choice": self.choice,
            "problem": self.problem,
            "deck": self.deck,
            "preset": plan.settings_of(self.settings, self.deck).preset_name,
            "sharing": plan.sharing(self.settings, self.deck),
            "plan_forms": list(zip(page.NAMES, self.forms, strict=False)),
            "is_compared": self.is_compared,
            "compare_url": _address(with_other),
            "alone_url": _address(without),
            "query_text": urlencode(self.query),
            "is_valid": self.is_valid,
            "catching_up": backlog.plan_of(owner_id=self.owner_id),
            "has_cards": store.columns(self.owner_id).total > 0,
        }

    def found(self, now: datetime) -> PlanSimulation | None:
        return plan_job.find(
            owner_id=self.owner_id,
            choices=self.choices,
            settings=self.settings,
            deck=self.deck,
            now=now,
        )

    def started(self, now: datetime) -> PlanSimulation:
        return plan_job.start(
            owner_id=self.owner_id,
            choices=self.choices,
            settings=self.settings,
            deck=self.deck,
            now=now,
        )

    def _with_first(self, prefix: str) -> dict[str, str]:
        given = _plain(self._given)
        if prefix == "a":
            return given
        first = {
            name.replace("a-", "b-", 1): value
            for name, value in given.items()
            if name.startswith("a-")
        }
        return first | given


def _result(asked: _Asked, simulation: PlanSimulation | None, now: datetime) -> dict[str, Any]:
    """Return what the template takes of a simulation, of one under way, or of none yet."""
    calculate = _address(asked.query | {"calculate": "on"})
    context = {
        "simulation": simulation,
        "calculate_url": calculate,
        "own_url": _address(asked.query),
    }
    if simulation is None or simulation.status != Status.DONE:
        is_working = simulation is not None and simulation.status == Status.WORKING
        is_stopped = simulation is not None and simulation.status == Status.STOPPED
        return context | {"is_working": is_working, "is_stopped": is_stopped}
    today = asked.settings.day.of(now)
    retention = asked.choices[0].desired_retention
    hidden = [
        (which, name, asked.query, choice != asked.present)
        for which, name, choice in zip(("a", "b"), page.NAMES, asked.choices, strict=False)
    ]
    shown = page.shown(simulation.result or {}, today=today, retention=retention)
    return context | {"shown": shown, "uses": hidden}


def _address(query: dict[str, str]) -> str:
    plain = reverse("flashcards:insight_plan")
    return f"{plain}?{urlencode(query)}" if query else plain


def _back(request: HttpRequest) -> str:
    """Return the page that a form was on, as far as it is this one."""
    query = _plain(QueryDict(request.POST.get("query", "")[:4_000]))
    query.pop("calculate", None)
    return _address(query)


def _plain(given: QueryDict) -> dict[str, str]:
    return {name: str(value) for name, value in given.dict().items()}
