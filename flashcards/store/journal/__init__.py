"""The journal in PostgreSQL: changes that are not in LanceDB yet."""
