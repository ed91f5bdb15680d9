"""Insight: what a learner knows, what it costs, and a schedule fitted to it."""
