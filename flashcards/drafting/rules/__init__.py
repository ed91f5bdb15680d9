"""Drafting by rules, without a model."""

from flashcards.drafting.rules.drafts import draft

__all__ = ["draft"]
