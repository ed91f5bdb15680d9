"""Draft cards from a text by rules alone, for learners without a model."""

from flashcards.making.rules.drafts import LABEL, draft

__all__ = ["LABEL", "draft"]
