"""The card browser: a search language, and what a search finds among a learner's cards."""

from flashcards.browsing.finding import Found, Order, find
from flashcards.browsing.syntax import BadQuery

__all__ = ["BadQuery", "Found", "Order", "find"]
