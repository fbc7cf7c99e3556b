"""The legend: what each colour stands for and how many images have it; a click hides or shows it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from catstudio.ui.map.colouring import Group
from catstudio.ui.theme import XS, current
from catstudio.ui.widgets import FlowLayout, button

_SWATCH = 12


class Legend(QWidget):
    """``hidden_changed(frozenset)`` carries the keys of the groups that are switched off."""

    hidden_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups: tuple[Group, ...] = ()
        self._hidden: frozenset[Hashable] = frozenset()
        self._flow = FlowLayout(self, XS)
        self.setAccessibleName("Legend")

    @property
    def hidden(self) -> frozenset[Hashable]:
        return self._hidden

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Show ``groups``, in their order."""
        if tuple(groups) != self._groups:
            self._groups = tuple(groups)
            self._build()

    def reset(self) -> None:
        """Show all groups again, without a word."""
        self._hidden = frozenset()
        self._groups = ()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange:
            self._build()
        super().changeEvent(event)

    def _build(self) -> None:
        self._flow.clear()
        for group in self._groups:
            is_on = group.key not in self._hidden
            title = group.title.replace("&", "&&")
            entry = button(f"{title}  {group.count:,}", "quiet")
            entry.setIcon(QIcon(_swatch(group, is_on, self.devicePixelRatioF())))
            entry.setIconSize(QSize(_SWATCH, _SWATCH))
            entry.setToolTip("Hide these images on the map" if is_on else "Show these images")
            words = "shown" if is_on else "hidden"
            entry.setAccessibleName(f"{group.title}: {group.count:,} images, {words}")
            entry.clicked.connect(lambda _=False, key=group.key: self._toggle(key))
            self._flow.addWidget(entry)

    def _toggle(self, key: Hashable) -> None:
        at = next((i for i, group in enumerate(self._groups) if group.key == key), 0)
        self._hidden = self._hidden ^ {key}
        self._build()
        again = self._flow.itemAt(at)
        if again is not None and (entry := again.widget()) is not None:
            entry.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hidden_changed.emit(self._hidden)


def _swatch(group: Group, is_on: bool, ratio: float) -> QPixmap:
    """A dot or a cross in the group's colour; a ring for one that is switched off."""
    side = round(_SWATCH * ratio)
    result = QPixmap(side, side)
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    colour = QColor(current().role(group.role))
    middle, reach = QPointF(side / 2, side / 2), 0.38 * side
    painter.setPen(QPen(colour, 0.16 * side) if group.is_marked or not is_on else Qt.PenStyle.NoPen)
    if group.is_marked and is_on:
        painter.drawLine(middle - QPointF(reach, reach), middle + QPointF(reach, reach))
        painter.drawLine(middle - QPointF(reach, -reach), middle + QPointF(reach, -reach))
    else:
        if is_on:
            painter.setBrush(colour)
        painter.drawEllipse(middle, reach, reach)
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
