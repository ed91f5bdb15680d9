"""/insight/coverage/: which ideas of a conversation or a document have cards; and the goals."""

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from accounts.models import User
from chat.conversations.conversations import conversations_for_owner
from flashcards.domain import durations
from flashcards.drafting import documents, drafting, generation, origins
from flashcards.drafting.origins import Origin
from flashcards.insight import coverage, coverage_answers, goals
from flashcards.insight.coverage import State
from flashcards.models import Document
from flashcards.web.forms import covered_answer
from flashcards.web.pages import insight_coverage as page
from flashcards.web.pages.origins import make_url
from memoryloop.web.toasts import toast

LISTED_MOST = 30
# Of one press; a model is asked for each.
MADE_MOST = 10


@require_safe
@never_cache
@login_required
def coverage_list(request: HtmxHttpRequest) -> HttpResponse:
    """List the goals, conversations and documents whose coverage can be shown, newest first."""
    talks = conversations_for_owner(request.user).filter(archived_at=None)
    context = {
        "goals": [
            (goal, len(goals.lines_of(goal.lines))) for goal in goals.for_owner(request.user.id)
        ],
        "conversations": talks.order_by("-updated_at")[:LISTED_MOST],
        "documents": documents.for_owner(request.user.id).only("id", "name")[:LISTED_MOST],
    }
    return render(request, "flashcards/insight/coverage_list.html", context)


@require_safe
@never_cache
@login_required
def coverage_page(request: HtmxHttpRequest, text_id: uuid.UUID) -> HttpResponse:
    """Show the ideas of a conversation's answers or of a document, and the cards of each."""
    title, texts = _texts_or_404(request.user, text_id)
    found = coverage.read(request.user, texts, now=timezone.now())
    context = {
        "title": title,
        "text_id": text_id,
        "is_document": bool(texts and texts[0].document),
        "coverage": found,
        "counts": {str(state): len(found.of(state)) for state in State},
        "rows": page.rows(text_id, found),
        "to_make": min(len(found.uncovered), MADE_MOST),
    }
    return render(request, "flashcards/insight/coverage.html", context)


@require_POST
@login_required
def make_uncovered(request: HtmxHttpRequest, text_id: uuid.UUID) -> HttpResponse:
    """Begin to draft cards for exactly the ideas that have none."""
    _, texts = _texts_or_404(request.user, text_id)
    found = coverage.read(request.user, texts, now=timezone.now())
    batches = []
    for idea in found.uncovered[:MADE_MOST]:
        try:
            batches.append(drafting.start_batch(request.user, idea.part))
        except (drafting.DraftingError, generation.TooLittle) as refusal:
            toast(request, refusal.sentence, level=messages.WARNING)
    if len(batches) == 1:
        return redirect(make_url(batches[0]))
    if batches:
        toast(request, f"{durations.count(len(batches), 'passage')} drafted. Choose your cards.")
    return redirect("flashcards:insight_coverage_of", text_id)


@require_POST
@login_required
def answer_covered(request: HtmxHttpRequest, text_id: uuid.UUID) -> HttpResponse:
    """Keep whether a card says an idea; if it does not, draft cards of the idea."""
    _, texts = _texts_or_404(request.user, text_id)
    ideas = {idea.digest: idea for origin in texts for idea in coverage.ideas_of(origin)}
    answer = covered_answer.read(request, ideas)
    idea = ideas[answer.digest]
    field = "message_id" if idea.origin.message else "document_id"
    kept = answer.keep({field: idea.origin.id}, now=timezone.now())
    undo = reverse("flashcards:take_back_covered", args=[text_id, kept.id])
    if answer.is_covered:
        toast(request, "Kept: this card covers it.", undo_url=undo)
        return redirect(f"{reverse('flashcards:insight_coverage_of', args=[text_id])}{answer.row}")
    toast(request, "Kept: that card does not cover it.", undo_url=undo)
    try:
        return redirect(make_url(drafting.start_batch(request.user, idea.part)))
    except (drafting.DraftingError, generation.TooLittle) as refusal:
        toast(request, refusal.sentence, level=messages.WARNING)
        return redirect(make_url(idea.part))


@require_POST
@login_required
def take_back_covered(
    request: HtmxHttpRequest, text_id: uuid.UUID, answer_id: uuid.UUID
) -> HttpResponse:
    """Forget what was said of a card and an idea."""
    _texts_or_404(request.user, text_id)
    coverage_answers.take_back(owner_id=request.user.id, answer_id=answer_id)
    toast(request, "Taken back.")
    return redirect("flashcards:insight_coverage_of", text_id)


def _texts_or_404(user: User, text_id: uuid.UUID) -> tuple[str, list[Origin]]:
    """Return the title and the texts of the learner's own conversation or document."""
    conversation = conversations_for_owner(user).filter(id=text_id).first()
    if conversation is not None:
        return conversation.title, coverage.answers_of(conversation)
    document = Document.objects.filter(owner=user, id=text_id, deleted_at=None).first()
    if document is None:
        raise Http404("There is no such text.")
    return document.name, [origins.of_document(document)]
