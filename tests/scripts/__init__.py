"""What the package reads in scripts."""
