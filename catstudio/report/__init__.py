"""A run's answer and its audit as words and as one HTML page. Imports learn, sources, core."""
