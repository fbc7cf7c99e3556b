"""The models room: what is worth having, what it allows, and bringing it here. Imports Qt."""
