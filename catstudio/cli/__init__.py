"""One module a group of commands. Imports studio."""
