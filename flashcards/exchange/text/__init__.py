"""Text files with columns: reading and writing them."""
