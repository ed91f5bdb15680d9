"""Which cards ask for the same thing, and which are merely near."""
