"""Duplicates: cards that ask for the same fact, and cards that are similar."""
