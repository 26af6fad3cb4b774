"""What an outsider may write, and that it gets nothing by it."""
