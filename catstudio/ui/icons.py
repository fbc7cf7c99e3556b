"""Icons of one family (Phosphor, from qtawesome), drawn in the theme's colours at any scale.

An icon looks its colour up when it is painted, so it follows a change of theme by itself.
"""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from catstudio.ui.theme import current

# The names that sources declare, and ours, to Phosphor's.
NAMES = {
    "accept": "check",
    "add": "plus",
    "adjustments": "sliders-horizontal",
    "all-done": "checks",
    "back": "arrow-left",
    "blind": "eye-slash",
    "cancel": "x",
    "children": "tree-structure",
    "clear": "x-circle",
    "close": "x",
    "dark": "moon",
    "delete": "trash",
    "down": "caret-down",
    "filter": "funnel-simple",
    "folder": "folder-open",
    "gallery": "squares-four",
    "label": "tag",
    "layers": "stack",
    "left": "caret-left",
    "light": "sun",
    "look": "warning",
    "next": "arrow-right",
    "ok": "check-circle",
    "paste": "clipboard",
    "pencil": "pencil-simple",
    "problem": "x-circle",
    "question": "question",
    "queue": "queue",
    "redo": "arrow-clockwise",
    "reject": "x",
    "review": "cards",
    "right": "caret-right",
    "save": "download-simple",
    "search": "magnifying-glass",
    "settings": "gear-six",
    "sort": "sort-ascending",
    "sparkles": "sparkle",
    "train": "chart-bar",
    "undo": "arrow-counter-clockwise",
    "up": "caret-up",
    "wand": "magic-wand",
    "zoom": "magnifying-glass-plus",
}


class MissingIconError(LookupError):
    """An icon name that the family does not have: a mistake in the program, not of a person."""


def icon(name: str, role: str = "text") -> QIcon:
    """An icon by our name, a source's name, or Phosphor's own.

    ``role`` is a colour of the theme: ``text``, ``muted``, ``accent``, ``on_accent``, ``ok``,
    ``look``, ``problem``, or ``source:ID`` for a source's colour.
    """
    return QIcon(_Glyph(_character(name), role))


def pixmap(name: str, size: int, color: QColor | str, ratio: float = 1.0) -> QPixmap:
    """An icon of ``size`` logical pixels in a fixed colour, for delegates that draw by hand."""
    return _drawn(_character(name), size, QColor(color), ratio)


def _drawn(character: str, size: int, color: QColor, ratio: float) -> QPixmap:
    side = round(size * ratio)
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    _paint(painter, QRect(0, 0, side, side), character, color)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result


def _paint(painter: QPainter, rect: QRect, character: str, color: QColor) -> None:
    font = QFont(_family())
    font.setPixelSize(max(1, min(rect.width(), rect.height())))
    font.setStyleStrategy(QFont.StyleStrategy.NoFontMerging)
    painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, character)


class _Glyph(QIconEngine):
    """One glyph of the icon font in the colour of a role."""

    def __init__(self, character: str, role: str) -> None:
        super().__init__()
        self._character = character
        self._role = role

    def _color(self, mode: QIcon.Mode) -> QColor:
        theme = current()
        if mode == QIcon.Mode.Disabled:
            return QColor(theme.disabled)
        return QColor(theme.role(self._role))

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        painter.save()
        _paint(painter, rect, self._character, self._color(mode))
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return _drawn(self._character, min(size.width(), size.height()), self._color(mode), 1.0)

    def scaledPixmap(
        self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float
    ) -> QPixmap:
        # Since Qt 6.8 the size is logical, and the scale the screen's.
        side = min(size.width(), size.height())
        return _drawn(self._character, side, self._color(mode), scale)

    def clone(self) -> QIconEngine:
        return _Glyph(self._character, self._role)


def _fonts() -> Path:
    # Found, not imported: importing it loads six other fonts and takes 0.2 s of the start.
    spec = find_spec("qtawesome")
    if spec is None or spec.origin is None:
        raise MissingIconError("qtawesome, which carries the icons, is not installed")
    return Path(spec.origin).parent / "fonts"


@lru_cache(maxsize=1)
def _characters() -> dict[str, str]:
    path = next(_fonts().glob("phosphor-charmap-*.json"))
    codes: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return {name: chr(int(code, 16)) for name, code in codes.items()}


def _character(name: str) -> str:
    known = _characters()
    try:
        return known[NAMES.get(name, name)]
    except KeyError:
        raise MissingIconError(f"there is no icon called {name!r}") from None


@lru_cache(maxsize=1)
def _family() -> str:
    """The font's family, loaded into the running application on first use."""
    path = next(_fonts().glob("phosphor-*.ttf"))
    families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
    if not families:
        raise MissingIconError(f"the icon font {path.name} cannot be loaded")
    return families[0]
