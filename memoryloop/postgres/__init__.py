"""The embedded PostgreSQL server, and how the database is asked."""
