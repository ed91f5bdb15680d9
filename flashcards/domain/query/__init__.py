"""The search language: what a search says, as a tree."""
