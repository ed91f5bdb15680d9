"""Images on cards: stored from the editor, and shown to their owner."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.http import HtmxHttpRequest
from flashcards.cards import media

# The address names the content, so it never changes; shared caches may not keep it.
CACHED = "private, max-age=31536000, immutable"
# An image that is opened by itself runs no script and loads nothing.
POLICY = "default-src 'none'; sandbox"


@require_POST
@login_required
def upload(request: HtmxHttpRequest) -> HttpResponse:
    """Store an image that was pasted, dropped or chosen; answers with what shows it."""
    file = request.FILES.get("image")
    try:
        if file is None:
            raise media.BadImage("Choose an image first.")
        if (file.size or 0) > media.IMAGE_MAX_BYTES:
            raise media.BadImage(media.too_big(file.size or 0))
        image = media.store(owner_id=request.user.id, content=file.read(), now=timezone.now())
    except media.BadImage as refusal:
        return JsonResponse({"error": refusal.sentence}, status=422)
    shown = media.markdown(image, file.name or "")
    return JsonResponse({"markdown": shown, "url": f"/media/{image.name}"})


@require_safe
@login_required
def image(request: HtmxHttpRequest, name: str) -> HttpResponse:
    """Show a learner's own image; a stranger's is not found."""
    found = media.find(owner_id=request.user.id, name=name)
    if found is None:
        raise Http404("There is no such image.")
    etag = f'"{found.sha256}"'
    headers = {"Cache-Control": CACHED, "ETag": etag, "Content-Security-Policy": POLICY}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    try:
        content = media.path_of(found).read_bytes()
    except FileNotFoundError:
        raise Http404("The file of this image is missing.") from None
    return HttpResponse(
        content,
        headers={
            **headers,
            "Content-Type": media.TYPES[found.extension],
            "Content-Disposition": "inline",
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
        },
    )
