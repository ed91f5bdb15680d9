"""Benchmarks of the card store on generated data: of one learner, or of many."""

from flashcards.maintenance.benchmark.many_learners import ManyLearners
from flashcards.maintenance.benchmark.one_learner import OneLearner

__all__ = ["ManyLearners", "OneLearner"]
