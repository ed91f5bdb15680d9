"""Answers: sending a message, writing the answer in the background, and streaming it to pages."""
