"""Conversations and messages: kept, branched, archived, exported."""
