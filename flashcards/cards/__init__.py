"""Cards, notes, decks and images: what a learner can do with them."""
