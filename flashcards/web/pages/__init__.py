"""What a page is put together from: sentences, lines and columns."""
