"""Records as rows: the tables' columns, conditions on them, and the way there and back."""
