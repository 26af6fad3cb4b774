"""Tests of how inline scripts are read."""
