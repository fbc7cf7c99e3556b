"""While something is dragged over the window: one large zone a label, and "decide later"."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFont,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from catstudio.ui import icons
from catstudio.ui.clipboard import can_take, read
from catstudio.ui.theme import BODY, RADIUS, TITLE, XL, M, current

_LATER = "Decide later"
_LATER_TEXT = "they wait in review"
_COLUMNS = 3
_STUCK_MS = 150


class DropOverlay(QWidget):
    """Covers its parent. ``dropped`` carries the :class:`Incoming` and the zone's label or None.

    The parent passes its own drag events to :meth:`begin` and :meth:`finish`: which widget is
    told of a drag differs between platforms while the overlay appears.
    """

    dropped = Signal(object, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self.setAccessibleName("Drop zones")
        self._labels: tuple[str, ...] = ()
        self._active: int | None = None
        # The parent is left when the overlay comes under the cursor, and also when the drag
        # leaves the window: only the overlay's own silence tells the two apart.
        self._stuck = QTimer(self)
        self._stuck.setSingleShot(True)
        self._stuck.setInterval(_STUCK_MS)
        self._stuck.timeout.connect(self.hide)
        self.hide()

    # -- from the parent ---------------------------------------------------------------------

    def begin(self, labels: tuple[str, ...]) -> None:
        """Cover the parent with a zone for each of ``labels``."""
        self._labels = labels
        self._active = None
        self._stuck.stop()
        self.setGeometry(self._parent().rect())
        self.raise_()
        self.show()

    def left(self) -> None:
        """The drag left the parent: go, unless it comes back over the overlay."""
        if self.isVisible():
            self._stuck.start()

    def finish(self, event: QDropEvent, at: QPoint) -> None:
        """Take a drop at ``at`` (in the overlay's coordinates)."""
        self._stuck.stop()
        zone = self._zone_at(at)
        self.hide()
        if not can_take(event.mimeData()):
            return
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        label = self._labels[zone] if zone is not None and zone < len(self._labels) else None
        self.dropped.emit(read(event.mimeData()), label)

    def zones(self) -> list[tuple[str | None, QRect]]:
        """Each zone's label (None: decide later) and its place."""
        area = self.rect().adjusted(XL, XL, -XL, -XL)
        later = QRect(area.left(), area.bottom() - area.height() // 5, area.width(), 0)
        later.setBottom(area.bottom())
        n = len(self._labels)
        if n == 0:
            return [(None, area)]
        columns = min(n, _COLUMNS)
        rows = -(-n // columns)
        width = (area.width() - (columns - 1) * M) // columns
        height = (later.top() - area.top() - rows * M) // rows
        places = [
            QRect(
                area.left() + (at % columns) * (width + M),
                area.top() + (at // columns) * (height + M),
                width,
                height,
            )
            for at in range(n)
        ]
        return [*zip(self._labels, places, strict=True), (None, later)]

    # -- Qt ----------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._stuck.stop()
        if can_take(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._stuck.stop()
        active = self._zone_at(event.position().toPoint())
        if active != self._active:
            self._active = active
            self.update()
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self.finish(event, event.position().toPoint())

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(theme.window)
        veil.setAlphaF(0.94)
        painter.fillRect(self.rect(), veil)
        for at, (label, place) in enumerate(self.zones()):
            self._paint_zone(painter, place, label, is_active=at == self._active)

    def _paint_zone(
        self, painter: QPainter, place: QRect, label: str | None, is_active: bool
    ) -> None:
        theme = current()
        edge = QPen(QColor(theme.accent if is_active else theme.muted), 2)
        if not is_active:
            edge.setDashPattern([4, 3])
        painter.setPen(edge)
        painter.setBrush(QColor(theme.selected if is_active else theme.surface))
        painter.drawRoundedRect(QRectF(place).adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        is_low = place.height() < 140
        middle = place.center()
        if not is_low:
            color = theme.accent if is_active else theme.muted
            name = "label" if label is not None else "review"
            picture = icons.pixmap(name, 40, color, self.devicePixelRatioF())
            painter.drawPixmap(QPoint(middle.x() - 20, middle.y() - 60), picture)
        font = QFont(self.font())
        font.setPixelSize(TITLE)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        line = QRect(
            place.left() + M, middle.y() - (22 if is_low else 10), place.width() - 2 * M, 28
        )
        text = _LATER if label is None else label
        cut = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, cut)
        font.setPixelSize(BODY)
        font.setWeight(QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(theme.muted))
        below = _LATER_TEXT if label is None else f"drop to label them {label}"
        below = painter.fontMetrics().elidedText(below, Qt.TextElideMode.ElideRight, line.width())
        painter.drawText(line.translated(0, 26), Qt.AlignmentFlag.AlignCenter, below)

    def _zone_at(self, at: QPoint) -> int | None:
        return next((i for i, (_, place) in enumerate(self.zones()) if place.contains(at)), None)

    def _parent(self) -> QWidget:
        parent = self.parentWidget()
        if parent is None:
            raise RuntimeError("the drop overlay covers a widget, and has none")
        return parent
