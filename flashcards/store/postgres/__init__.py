"""PostgreSQL as the engine: rows of its tables, changed in the transaction of the request."""
