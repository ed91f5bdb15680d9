"""Find cards by a search, and change many of those that are found."""
