"""The camera room: photographs taken here. Loads QtMultimedia, and so is imported when entered."""
