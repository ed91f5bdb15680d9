"""The tutor: cards in prompts for models, and decks proposed by a model."""
