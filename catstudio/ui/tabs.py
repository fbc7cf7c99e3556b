"""The tabs of an open project, by their place."""

GALLERY, TRAINING, MAP = 0, 1, 2
