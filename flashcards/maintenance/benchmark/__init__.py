"""Measure the card store on data of its own: one learner's cards, or many learners'."""

from flashcards.maintenance.benchmark.many_learners import ManyLearners
from flashcards.maintenance.benchmark.one_learner import OneLearner

__all__ = ["ManyLearners", "OneLearner"]
