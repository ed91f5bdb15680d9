"""Text files with columns: read and written."""
