"""Export of a conversation as a file."""

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from accounts.http import HtmxHttpRequest
from chat.conversations import export
from chat.web.views.access import get_conversation


@require_safe
@login_required
def as_markdown(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    return _file(export.as_markdown(found), "text/markdown", export.file_name(found, "md"))


@require_safe
@login_required
def as_json(request: HtmxHttpRequest, conversation_id: UUID) -> HttpResponse:
    found = get_conversation(request.user, conversation_id)
    return _file(export.as_json(found), "application/json", export.file_name(found, "json"))


def _file(text: str, kind: str, name: str) -> HttpResponse:
    # The name is made of ASCII letters, digits and hyphens.
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type=f"{kind}; charset=utf-8", headers=disposition)
