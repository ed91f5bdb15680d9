"""Queries that read as Django's do, whichever engine answers them."""
