"""What outsiders write, in a real browser, beside the same page without the package."""
