"""Cards from other programs and for them: Anki's packages, and text files with columns."""
