"""How one cell of the gallery is painted: the image whole, its source, its state, its label."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import SOURCES
from catstudio.ui import icons
from catstudio.ui.gallery.model import RECORD
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.theme import RADIUS, SMALL, Theme, current, on

LABEL_HEIGHT = 24
GAP = 12
INSET = 6
"""The mat between the ground's edge and the image, in logical pixels."""
_BADGE = 20
_DOT = 8
_FADED = 0.35


class CellDelegate(QStyledItemDelegate):
    """Paints cells ``cell`` logical pixels square, with a line of text underneath."""

    def __init__(self, thumbnails: Thumbnails, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._badges: dict[tuple[str, str, float], QPixmap] = {}
        self.cell = 160
        self.grid = QSize(self.cell + GAP, self.cell + LABEL_HEIGHT + GAP)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return self.grid

    def image_side(self, ratio: float) -> int:
        """Device pixels of an image's longer side."""
        return round((self.cell - 2 * INSET) * ratio)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        record: ImageRecord | None = index.data(RECORD)
        if record is None:
            return
        theme = current()
        rect = QRectF(option.rect)
        ground = QRectF(
            rect.x() + (rect.width() - self.cell) / 2, rect.y() + GAP / 2, self.cell, self.cell
        )
        state: QStyle.StateFlag = option.state
        is_selected = bool(state & QStyle.StateFlag.State_Selected)
        is_hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter, theme, ground, is_selected, is_hovered)
        self._paint_image(painter, theme, ground, record)
        self._paint_badge(painter, theme, ground, record)
        if record.weight > 1:
            _paint_copies(painter, theme, ground, record.weight)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(QColor(theme.text), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground.adjusted(-3.5, -3.5, 3.5, 3.5), RADIUS + 3, RADIUS + 3)
        line = QRectF(ground.x(), ground.bottom(), ground.width(), LABEL_HEIGHT)
        painter.setFont(option.font)
        self._paint_line(painter, theme, line, record)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, theme: Theme, ground: QRectF, is_selected: bool, is_hovered: bool
    ) -> None:
        fill = theme.selected if is_selected else theme.hover if is_hovered else theme.ground
        painter.setBrush(QColor(fill))
        painter.setPen(QPen(QColor(theme.accent), 2) if is_selected else Qt.PenStyle.NoPen)
        painter.drawRoundedRect(
            ground.adjusted(1, 1, -1, -1) if is_selected else ground, RADIUS, RADIUS
        )

    def _paint_image(
        self, painter: QPainter, theme: Theme, ground: QRectF, record: ImageRecord
    ) -> None:
        ratio = painter.device().devicePixelRatio()
        pixmap = self._thumbnails.pixmap(record, self.image_side(ratio))
        if pixmap is None:
            if self._thumbnails.failure(record):
                painter.setPen(QColor(theme.muted))
                painter.drawText(ground, Qt.AlignmentFlag.AlignCenter, "Cannot be shown")
            return
        room = ground.adjusted(INSET, INSET, -INSET, -INSET)
        scale = min(room.width() / pixmap.width(), room.height() / pixmap.height())
        width, height = pixmap.width() * scale, pixmap.height() * scale
        target = QRectF(
            room.center().x() - width / 2, room.center().y() - height / 2, width, height
        )
        if abs(scale * ratio - 1) > 0.01:  # While the right size is being made.
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        else:  # On whole device pixels, or the copy is blurred.
            target.moveTo(round(target.x() * ratio) / ratio, round(target.y() * ratio) / ratio)
        if record.state in (State.REJECTED, State.TRASHED):
            painter.setOpacity(_FADED)
        painter.drawPixmap(target, pixmap, QRectF(pixmap.rect()))
        painter.setOpacity(1.0)

    def _paint_badge(
        self, painter: QPainter, theme: Theme, ground: QRectF, record: ImageRecord
    ) -> None:
        badge = self._badge(theme, record.source, painter.device().devicePixelRatio())
        painter.drawPixmap(QPointF(ground.x() + 5, ground.bottom() - _BADGE - 5), badge)

    def _badge(self, theme: Theme, source: str, ratio: float) -> QPixmap:
        key = (theme.name, source, ratio)
        if key not in self._badges:
            self._badges[key] = badge(theme, source, _BADGE, ratio)
        return self._badges[key]

    def _paint_line(
        self, painter: QPainter, theme: Theme, line: QRectF, record: ImageRecord
    ) -> None:
        dot = QPointF(line.x() + _DOT / 2 + 1, line.center().y() + 1)
        paint_state(painter, theme, record.state, dot, _DOT)
        text = line.adjusted(_DOT + 8, 2, 0, 0)
        notes = _notes(record)
        if notes:
            body, small = painter.font(), painter.font()
            small.setPixelSize(SMALL)
            painter.setFont(small)
            painter.setPen(QColor(theme.muted))
            painter.drawText(
                text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, notes
            )
            text.setRight(text.right() - painter.fontMetrics().horizontalAdvance(notes) - 6)
            painter.setFont(body)
        painter.setPen(QColor(theme.text if record.label else theme.muted))
        label = painter.fontMetrics().elidedText(
            record.label or "no label", Qt.TextElideMode.ElideRight, int(text.width())
        )
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, label)


def _notes(record: ImageRecord) -> str:
    """What stands at the right end of the line: a held-out split."""
    return record.split.value if record.split in (Split.TEST, Split.VAL) else ""


def _paint_copies(painter: QPainter, theme: Theme, ground: QRectF, weight: int) -> None:
    """How often the image counts, in the colour of copies, at the lower right."""
    font = painter.font()
    font.setPixelSize(SMALL)
    font.setWeight(QFont.Weight.DemiBold)
    text = f"×{weight:,}"
    width = QFontMetricsF(font).horizontalAdvance(text) + 10
    pill = QRectF(ground.right() - width - 5, ground.bottom() - _BADGE - 5, width, _BADGE)
    fill = theme.source("copy")
    painter.setPen(QPen(QColor(theme.surface), 1))
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(pill.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
    before = painter.font()
    painter.setFont(font)
    painter.setPen(QColor(on(fill)))
    painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, text)
    painter.setFont(before)


def badge(theme: Theme, source: str, side: int, ratio: float) -> QPixmap:
    """A source's icon on its colour, ``side`` logical pixels wide."""
    fill = theme.source(source)
    pixels = round(side * ratio)
    result = QPixmap(pixels, pixels)
    result.setDevicePixelRatio(ratio)
    result.fill(Qt.GlobalColor.transparent)
    declared = SOURCES.get(source)
    glyph = icons.pixmap(
        declared.icon if declared else "image", round(side * 0.66), on(fill), ratio
    )
    painter = QPainter(result)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    # A rim in the surface's colour keeps the badge off an image of its own colour.
    painter.setBrush(QColor(theme.surface))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(QRectF(0, 0, side, side), RADIUS, RADIUS)
    painter.setBrush(QColor(fill))
    painter.drawRoundedRect(QRectF(1, 1, side - 2, side - 2), RADIUS - 1, RADIUS - 1)
    margin = (side - round(side * 0.66)) / 2
    painter.drawPixmap(QPointF(margin, margin), glyph)
    painter.end()
    return result


def paint_state(
    painter: QPainter, theme: Theme, state: State, center: QPointF, size: float
) -> None:
    """A mark for the state, told apart by form as well as colour: ring, disc, cross, dash."""
    color = QColor(theme.state(state))
    radius = size / 2
    painter.setBrush(color if state is State.ACCEPTED else Qt.BrushStyle.NoBrush)
    pen = QPen(color, 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(Qt.PenStyle.NoPen if state is State.ACCEPTED else pen)
    if state in (State.ACCEPTED, State.PENDING):
        shrink = 0 if state is State.ACCEPTED else 1
        painter.drawEllipse(center, radius - shrink, radius - shrink)
        return
    arm = radius - 1
    x, y = center.x(), center.y()
    if state is State.REJECTED:
        painter.drawLine(QPointF(x - arm, y - arm), QPointF(x + arm, y + arm))
        painter.drawLine(QPointF(x - arm, y + arm), QPointF(x + arm, y - arm))
    else:
        painter.drawLine(QPointF(x - arm, y), QPointF(x + arm, y))
