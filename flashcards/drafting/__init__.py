"""Drafting: cards proposed from a text, their sources, and the faults of each."""
