"""Drafting by rules, without a model."""

from flashcards.drafting.rules.drafts import LABEL, draft

__all__ = ["LABEL", "draft"]
