"""The contents of the pages: sentences, rows, charts and links, made from facts."""
