"""Huxley's ladder in the window: the room, its rungs and its chart. Imports studio, report and Qt."""
