"""Fitting FSRS-6's parameters to a learner's own reviews, in numpy. No clock, no database."""
