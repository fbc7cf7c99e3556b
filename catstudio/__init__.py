"""CatStudio: from one photo to a classifier you can trust, on your own laptop."""

__version__ = "0.1.0"
