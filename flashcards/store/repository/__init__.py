"""Queries that read as Django's do."""
