"""Anki packages: reading and writing them."""
