"""The camera room: photographs taken here. Loads QtMultimedia, and so is imported when entered."""

from PySide6.QtCore import QLoggingCategory

# Set before any module loads QtMultimedia, which warns of every library of sound and of video
# hardware that a computer does not have: no sound is recorded here, and without video hardware
# the processor does.
QLoggingCategory.setFilterRules(
    "qt.multimedia.symbolsresolver=false\nqt.multimedia.playbackengine.codec=false"
)
