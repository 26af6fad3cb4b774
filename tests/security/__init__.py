"""What outsiders write, against the package."""
