"""Estimates of how many tokens a text takes: those of the model providers."""

from memoryloop.llm.tokens import cut_to_tokens, estimate_tokens

__all__ = ["cut_to_tokens", "estimate_tokens"]
