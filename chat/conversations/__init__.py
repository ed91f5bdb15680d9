"""Conversations and their messages: storing, branching, archiving and exporting them."""
