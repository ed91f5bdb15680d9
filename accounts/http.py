"""Request types: what the middleware adds, made visible to the type checker."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class HtmxHttpRequest(HttpRequest):
    """A request from a learner who is logged in, perhaps sent by htmx."""

    htmx: HtmxDetails
    user: User


class AnonymousHttpRequest(HttpRequest):
    """A request from anybody."""

    htmx: HtmxDetails
    user: User | AnonymousUser
