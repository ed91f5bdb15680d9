"""Text becomes cards: drafts, what they rest on, and whether they are any good."""
