"""Attacks in a real browser: the same page with the middleware and without."""
