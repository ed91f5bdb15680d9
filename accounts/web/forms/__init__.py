"""Forms of accounts and settings."""
