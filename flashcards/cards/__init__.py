"""What a learner can do with cards, notes, decks and images."""
