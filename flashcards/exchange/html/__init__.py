"""Conversion of the HTML of Anki's fields to Markdown."""
