"""The database backend of the embedded server: Django's PostgreSQL backend, started on demand."""
