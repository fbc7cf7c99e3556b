"""Buttons: one primary style, quiet ones, icons with a name, chips that carry a count."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from catstudio.ui.icons import icon as themed_icon


def button(text: str, role: str = "", icon: str = "", tooltip: str = "") -> QPushButton:
    """A push button. ``role``: ``primary``, ``quiet``, ``danger``, ``link`` or "" (flat)."""
    result = QPushButton(text)
    result.setProperty("role", role)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.setToolTip(tooltip)
    if icon:
        ink = {"primary": "on_accent", "danger": "problem", "link": "accent"}.get(role, "text")
        result.setIcon(themed_icon(icon, ink))
        result.setIconSize(QSize(16, 16))
    return result


def icon_button(icon: str, name: str, role: str = "quiet", checkable: bool = False) -> QToolButton:
    """A button that is only an icon. ``name`` is its tooltip and its accessible name."""
    result = QToolButton()
    result.setProperty("role", role)
    result.setIcon(themed_icon(icon))
    result.setIconSize(QSize(18, 18))
    result.setToolTip(name)
    result.setAccessibleName(name)
    result.setCheckable(checkable)
    result.setCursor(Qt.CursorShape.PointingHandCursor)
    result.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return result


class ChipButton(QPushButton):
    """A rounded button that is on or off and may carry a count."""

    def __init__(self, text: str, icon: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self._text = text
        self._count: int | None = None
        self.setProperty("role", "chip")
        self.setCheckable(True)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if icon:
            self.setIcon(themed_icon(icon, "muted"))
            self.setIconSize(QSize(14, 14))

    @property
    def count(self) -> int | None:
        return self._count

    def set_text(self, text: str) -> None:
        """Change the words, keep the count."""
        self._text = text
        self._show()

    def set_count(self, count: int | None) -> None:
        """Show ``count`` behind the words; None shows none."""
        self._count = count
        self._show()

    def _show(self) -> None:
        text = self._text if self._count is None else f"{self._text}  {self._count:,}"
        self.setText(text.replace("&", "&&"))
