"""The search language: its syntax tree and its parser."""
