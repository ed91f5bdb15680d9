"""Typed requests, with the attributes that middleware adds."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class HtmxHttpRequest(HttpRequest):
    """A request of a learner who is logged in."""

    htmx: HtmxDetails
    user: User


class AnonymousHttpRequest(HttpRequest):
    """A request of anybody, logged in or not."""

    htmx: HtmxDetails
    user: User | AnonymousUser
