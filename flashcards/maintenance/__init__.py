"""What keeps the stores whole: backups, checks, bulk loading and measuring."""
