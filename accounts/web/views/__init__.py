"""Views of accounts and settings."""
