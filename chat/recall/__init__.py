"""Recall: finding what a learner has that bears on a text, and building prompts from it."""
