"""HTML as Anki's fields have it, as Markdown."""
