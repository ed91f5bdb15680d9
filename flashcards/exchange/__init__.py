"""Import and export: Anki packages, and text files with columns."""
