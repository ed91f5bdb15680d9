"""Anki's packages: read and written."""
