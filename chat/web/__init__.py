"""The chat's pages: views, forms, and what the chat registers with the floors below."""
