"""The tests of the README and of `docs/`: the build, the generated pages, and every block of code."""
