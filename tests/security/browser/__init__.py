"""The same in Chromium."""
