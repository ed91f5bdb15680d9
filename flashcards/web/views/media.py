"""Images and sounds on cards: stored from the editor, and given to their owner."""

import re

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import media, media_kinds
from flashcards.cards.media_kinds import BadMedia

# The address names the content, so it never changes; shared caches may not keep it.
CACHED = "private, max-age=31536000, immutable"
# A file that is opened by itself runs no script and loads nothing.
POLICY = "default-src 'none'; sandbox"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@require_POST
@login_required
def upload(request: HtmxHttpRequest) -> HttpResponse:
    """Store a file that was pasted, dropped or chosen; answers with what shows it."""
    file = request.FILES.get("file")
    try:
        if file is None:
            raise BadMedia("Choose an image or a sound first.")
        if (file.size or 0) > media_kinds.MAX_BYTES:
            raise BadMedia(media_kinds.too_big(file.size or 0))
        stored = media.store(owner_id=request.user.id, content=file.read(), now=timezone.now())
    except BadMedia as refusal:
        return JsonResponse({"error": refusal.sentence}, status=422)
    shown = media.markdown(stored, file.name or "")
    return JsonResponse({"markdown": shown, "url": f"/media/{stored.name}"})


@require_safe
@login_required
def show(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """Give a learner a file of their own, or the part of it that is asked for."""
    found = media.find(owner_id=request.user.id, name=name)
    if found is None:
        raise Http404("There is no such file.")
    etag = f'"{found.sha256}"'
    headers = {
        "Cache-Control": CACHED,
        "ETag": etag,
        "Content-Security-Policy": POLICY,
        "Accept-Ranges": "bytes",
    }
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    try:
        content = media.path_of(found).read_bytes()
    except FileNotFoundError:
        raise Http404("The file is missing.") from None
    status = 200
    if part := _part(request, etag, len(content)):
        start, stop = part
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
        content, status = content[start:stop], 206
    return HttpResponse(
        content,
        status=status,
        headers={
            **headers,
            "Content-Type": media_kinds.TYPES[found.extension],
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )


def _part(request: HtmxHttpRequest, etag: str, size: int) -> tuple[int, int] | None:
    """Return the start and the stop of the part that is asked for (RFC 9110, 14.2).

    None for the whole, as for several parts or one that is not there: a server may ignore these.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if match is None or request.headers.get("If-Range", etag) != etag:
        return None
    first, last = match[1], match[2]
    if first:
        start, stop = int(first), int(last) + 1 if last else size
    elif last:
        start, stop = max(size - int(last), 0), size
    else:
        return None
    stop = min(stop, size)
    return (start, stop) if start < stop else None
