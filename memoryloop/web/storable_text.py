"""What is sent to a page is made storable before the page sees it."""

from typing import Any

from django.http import Http404, HttpRequest, QueryDict
from django.utils.deprecation import MiddlewareMixin

from memoryloop.storable import is_storable, storable


class StorableTextMiddleware(MiddlewareMixin):
    """Remove NUL from the values of forms and queries. An address with NUL is no page's.

    Stands after CsrfViewMiddleware, which has read the form by then.
    """

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        if not is_storable(request.path):
            raise Http404
        request.GET = _storable(request.GET)
        if request.method == "POST":
            request.POST = _storable(request.POST)


def _storable(data: QueryDict) -> Any:
    """Return the data itself, or a copy with other values."""
    if all(is_storable(name) and all(map(is_storable, values)) for name, values in data.lists()):
        return data
    cleaned = QueryDict(mutable=True, encoding=data.encoding)
    for name, values in data.lists():
        cleaned.setlist(storable(name), [storable(value) for value in values])
    cleaned._mutable = False
    return cleaned
