"""What an outsider can write, and that it cannot use the middleware."""
