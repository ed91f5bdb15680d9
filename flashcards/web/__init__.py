"""Pages: views, forms, and what the templates show."""
