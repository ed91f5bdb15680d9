"""The stream of an answer, as server-sent events."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.http import HtmxHttpRequest
from chat.answers import event_stream, generation, stream_view
from chat.conversations.conversations import messages_for_owner
from chat.models import Message
from chat.web.views import pages
from chat.web.views.access import get_answer


@require_safe
@login_required
def stream(request: HtmxHttpRequest, message_id: UUID) -> StreamingHttpResponse:
    """Stream an answer until it ends. Holds neither a thread nor a database connection."""
    live = generation.find(message_id)
    if live is not None and live.owner.pk == request.user.pk:
        answer = live.answer
    else:
        answer = get_answer(request.user, message_id)

    def final_event(answer_id: UUID) -> bytes:
        return _final_event(request, answer_id)

    response = StreamingHttpResponse(
        event_stream.events(answer, final_event), content_type="text/event-stream"
    )
    response["Cache-Control"] = "private, no-store, no-transform"
    # Without it nginx buffers the events.
    response["X-Accel-Buffering"] = "no"
    return response


def _final_event(request: HtmxHttpRequest, answer_id: UUID) -> bytes:
    """Return the event that ends the stream. Runs in a database thread."""
    answer = messages_for_owner(request.user).filter(id=answer_id).first()
    if answer is None:  # Deleted with its conversation.
        return stream_view.event("gone")
    failed = answer.status in {Message.Status.FAILED, Message.Status.INTERRUPTED}
    return stream_view.event("failed" if failed else "done", **pages.final_data(request, answer))
