"""Search: find cards by a search of the query language, and complete what is typed."""
