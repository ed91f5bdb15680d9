"""PostgreSQL as the card store's engine: real rows, each change in one transaction."""
