"""Measure the card store on data of its own: one learner's cards, or many learners'."""

from flashcards.upkeep.benchmark.many_learners import ManyLearners
from flashcards.upkeep.benchmark.one_learner import OneLearner

__all__ = ["ManyLearners", "OneLearner"]
