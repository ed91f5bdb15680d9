"""Draft cards from a text by rules alone, for learners without a model."""

from flashcards.drafting.rules.drafts import LABEL, draft

__all__ = ["LABEL", "draft"]
