"""The embedding map: all images of a project as points, those that look alike side by side.

numpy comes in with the first map, on a reading thread: ``tab``, ``feed`` and ``legend`` do not
import it.
"""
