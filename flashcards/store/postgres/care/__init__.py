"""What keeps the tables in PostgreSQL sound: their state, checks, indexes, backups, upgrades."""
