"""What every page has: toasts, the palette, security headers, the front page."""
