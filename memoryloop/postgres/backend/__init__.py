"""Django's PostgreSQL backend on the embedded server, which runs as soon as it is wanted."""
