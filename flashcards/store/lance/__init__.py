"""LanceDB: the tables, their schema, and how records become rows."""
