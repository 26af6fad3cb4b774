"""Attacks in a real browser, on the same page with the middleware and without it."""
