"""Reviewing: the learner's day, their settings, the session and a card's memory."""
