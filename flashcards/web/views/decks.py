"""The decks: the deck tree, one deck, saved searches, and a deck made from a topic."""

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import bulk_actions, decks
from flashcards.cards.card_actions import Verb
from flashcards.domain import durations
from flashcards.domain.query.syntax import BadQuery
from flashcards.domain.study_day import zone_of
from flashcards.domain.validation import CardError
from flashcards.models import Deck, RemovedDecks
from flashcards.review import deck_tree
from flashcards.tutor import deck_about
from flashcards.web.forms.decks import DeckForm
from flashcards.web.forms.ids import ids_in
from memoryloop.web.address import next_url
from memoryloop.web.toasts import toast

# Rows of the tree. A thousand decks, each inside decks of its own, are 60,000 rows.
PAGE_SIZE = 500


@require_safe
@login_required
def deck_list(request: HtmxHttpRequest) -> HttpResponse:
    """Show the deck tree with the cards that wait in each deck."""
    now, zone = timezone.now(), zone_of(request.user)
    lines = deck_tree.tree(owner_id=request.user.id, now=now, zone=zone)
    page = Paginator(lines, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "flashcards/decks/decks.html", {"lines": page, "form": DeckForm()})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_deck(request: HtmxHttpRequest) -> HttpResponse:
    """Create a deck, or save a search as one."""
    initial = {"search": request.GET.get("search", "").replace("\x00", "")}
    form = DeckForm(request.POST or None, initial=initial)
    if request.method != "POST":
        return render(request, "flashcards/decks/deck_form.html", {"form": form})
    if form.is_valid():
        try:
            deck = decks.create_deck(
                owner_id=request.user.id, now=timezone.now(), **form.cleaned_data
            )
        except (CardError, BadQuery) as error:
            form.refuse(error)
        else:
            toast(request, f"Deck “{deck.name}” created.")
            return redirect("flashcards:decks")
    return render(request, "flashcards/decks/deck_form.html", {"form": form}, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_deck(request: HtmxHttpRequest, deck_id: uuid.UUID) -> HttpResponse:
    """Rename a deck and the decks inside it; change the search of a smart deck."""
    deck = get_object_or_404(Deck, id=deck_id, owner=request.user)
    form = DeckForm(request.POST or None, initial={"name": deck.name, "search": deck.search})
    if not deck.is_smart:
        del form.fields["search"]
    context = {"form": form, "deck": deck}
    if request.method != "POST":
        return render(request, "flashcards/decks/deck_form.html", context)
    if form.is_valid():
        try:
            if deck.is_smart:
                decks.change_search(deck=deck, search=form.cleaned_data["search"])
            name = form.cleaned_data["name"]
            deck = decks.rename_deck(owner_id=request.user.id, deck=deck, name=name)
        except (CardError, BadQuery) as error:
            form.refuse(error)
        else:
            toast(request, f"Deck “{deck.name}” saved.")
            return redirect("flashcards:decks")
    return render(request, "flashcards/decks/deck_form.html", context, status=422)


@require_POST
@login_required
def delete_deck(request: HtmxHttpRequest, deck_id: uuid.UUID) -> HttpResponse:
    """Delete a deck and the decks inside it; the cards stay."""
    return _deleted(request, get_object_or_404(Deck, id=deck_id, owner=request.user))


@require_POST
@login_required
def edit_parent(request: HtmxHttpRequest) -> HttpResponse:
    """Make a deck of a name above decks, as an import may leave it, and open it for editing."""
    try:
        deck = _parent(request)
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
        return redirect("flashcards:decks")
    return redirect("flashcards:edit_deck", deck.id)


@require_POST
@login_required
def delete_parent(request: HtmxHttpRequest) -> HttpResponse:
    """Delete the decks inside a name that is no deck itself; the cards stay."""
    try:
        deck = _parent(request)
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
        return redirect("flashcards:decks")
    return _deleted(request, deck)


def _parent(request: HtmxHttpRequest) -> Deck:
    name = request.POST.get("name", "").replace("\x00", "")
    try:
        return decks.parent_named(owner_id=request.user.id, name=name, now=timezone.now())
    except Deck.DoesNotExist:
        raise Http404 from None


def _deleted(request: HtmxHttpRequest, deck: Deck) -> HttpResponse:
    removed = decks.delete_deck(owner_id=request.user.id, deck=deck, now=timezone.now())
    inside = len(removed.decks) - 1
    more = f" and {inside} inside it" if inside else ""
    undo = reverse("flashcards:restore_decks", args=[removed.id])
    toast(request, f"“{deck.name}”{more} deleted. The cards are kept.", undo_url=undo)
    return redirect("flashcards:decks")


@require_POST
@login_required
def restore_decks(request: HtmxHttpRequest, removed_id: uuid.UUID) -> HttpResponse:
    """Restore deleted decks."""
    removed = get_object_or_404(RemovedDecks, id=removed_id, owner=request.user)
    try:
        decks.restore_decks(owner_id=request.user.id, removed=removed)
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
    else:
        toast(request, "Deck restored, with its cards.")
    return redirect(next_url(request, reverse("flashcards:decks")))


@require_safe
@login_required
def about(request: HtmxHttpRequest) -> HttpResponse:
    """Propose the cards for a deck about `?topic=`; a model ranks them in a second request."""
    topic = request.GET.get("topic", "").replace("\x00", "").strip()
    topic = topic[: deck_about.TOPIC_MAX_CHARACTERS]
    context: dict[str, Any] = {"topic": topic}
    provider = deck_about.model_of(request.user) if topic else None
    if provider is not None and not request.htmx and "now" not in request.GET:
        context["waiting_for"] = provider.label
    elif topic:
        try:
            asked = None if "now" in request.GET else provider
            context["proposed"] = deck_about.propose(request.user, topic, provider=asked)
        except CardError as error:
            context["problem"] = error.sentence
    fragment, whole = "flashcards/decks/_deck_proposal.html", "flashcards/decks/deck_about.html"
    return render(request, fragment if request.htmx else whole, context)


@require_POST
@login_required
def create_about(request: HtmxHttpRequest) -> HttpResponse:
    """Create the deck with the cards that were selected."""
    topic = request.POST.get("topic", "")[: deck_about.TOPIC_MAX_CHARACTERS]
    ids = ids_in(request.POST.getlist("ids"))
    now, owner_id = timezone.now(), request.user.id
    try:
        if not ids:
            raise bulk_actions.NothingSelected("Select at least one card.")
        deck = decks.deck_named(owner_id=owner_id, name=request.POST.get("name", ""), now=now)
        argument = {"deck": str(deck.id), "name": deck.name}
        change = bulk_actions.start(
            owner_id=owner_id,
            verb=Verb.PUT_IN,
            argument=argument,
            card_ids=ids[: deck_about.NEAREST],
            clock=timezone.now,
        )
    except CardError as error:
        toast(request, error.sentence, level=messages.ERROR)
        return redirect(f"{reverse('flashcards:deck_about')}?{urlencode({'topic': topic})}")
    undo = reverse("flashcards:undo_change", args=[change.id]) if change.changed else ""
    count = durations.count(change.changed, "card")
    toast(request, f"Deck “{deck.name}” created with {count}.", undo_url=undo)
    return redirect("flashcards:decks")
