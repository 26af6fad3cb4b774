"""What an outsider can write into a page or a request, and what must not come of it."""
