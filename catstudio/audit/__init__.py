"""One module a question about the data."""
