"""Images of the gallery that something is made from: the selection, or those that were kept or dropped."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError, NotPossibleError
from catstudio.core.types import ImageRecord, Split
from catstudio.studio import Studio
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.gallery.carrying import IDS
from catstudio.ui.gallery.thumbnails import decode_thumbnail
from catstudio.ui.theme import RADIUS, XS, S, current
from catstudio.ui.widgets import ElidedLabel, PictureView, button, icon_button, label

_SIDE = 84
_TINT, _TINT_SHARE = QColor("#e5484d"), 0.55  # As the mask is painted.


class _Shown(NamedTuple):
    """What was read in the background."""

    records: tuple[ImageRecord, ...]
    picture: QImage


class ImageField(QWidget):
    """A thumbnail with its name. ``changed`` when other images are chosen, or became known.

    It follows the gallery's selection (:meth:`set_follows`) until images are kept: by the pin, by
    a drop from the gallery, or from elsewhere (:meth:`keep`).

    Parameters
    ----------
    title : what the images are for ("Start image").
    empty : what is said while there is none.
    """

    changed = Signal()

    def __init__(
        self, bridge: StudioBridge, title: str, empty: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._title, self._empty = title, empty
        self._selected: tuple[str, ...] = ()
        self._kept: tuple[str, ...] | None = None
        self._follows = True
        self._is_one = False
        self._mask = b""
        self._known: tuple[tuple[str, ...], bytes] = ((), b"")
        self._records: tuple[ImageRecord, ...] = ()
        self._reading: Fetch | None = None
        self._is_target = False
        self.setAcceptDrops(True)
        self.setAccessibleName(title)
        self._lay_out()
        self._show()

    # -- what is chosen ----------------------------------------------------------------------

    def ids(self) -> tuple[str, ...]:
        """The chosen images, in order."""
        ids = self._kept if self._kept is not None else self._selected if self._follows else ()
        return ids[:1] if self._is_one else ids

    def record(self) -> ImageRecord | None:
        """The first of the chosen images, once it has been read."""
        ids = self.ids()
        first = self._records[0] if self._records else None
        return first if first is not None and ids and first.id == ids[0] else None

    def why_not(self) -> str:
        """Why nothing may be made from a chosen image, with what to do; "" when it may."""
        chosen = set(self.ids())
        for record in self._records:
            if record.id in chosen and record.split in (Split.VAL, Split.TEST):
                return (
                    f"{record.name} is in the {record.split} split: what is made from it could not "
                    "be trained on. Choose another image."
                )
        return ""

    def set_selected(self, ids: tuple[str, ...]) -> None:
        """The gallery's selection."""
        self._selected = ids
        self._show()

    def set_follows(self, follows: bool, empty: str) -> None:
        """Take what is selected, or only what is put here; ``empty`` is said while there is none."""
        self._follows, self._empty = follows, empty
        self._show()

    def set_one(self, is_one: bool) -> None:
        """Only the first of several images counts."""
        if is_one != self._is_one:
            self._is_one = is_one
            self._show()

    def keep(self, ids: tuple[str, ...]) -> None:
        """Choose ``ids``, whatever is selected."""
        self._kept = ids
        self._show()
        self.changed.emit()

    def let_go(self) -> None:
        """Follow the selection again, or have none."""
        if self._kept is not None:
            self._kept = None
            self._show()
            self.changed.emit()

    def show_mask(self, mask: bytes) -> None:
        """Tint what ``mask``, a PNG, selects."""
        self._mask = mask
        self._show()

    # -- dropping ----------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        # Files from elsewhere are for the window's drop zones.
        if event.mimeData().hasFormat(IDS):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._mark_target(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark_target(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark_target(False)
        ids = bytes(event.mimeData().data(IDS).data()).decode().split("\n")
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.keep(tuple(id_ for id_ in ids if id_))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._is_target:
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(current().selected))
            painter.drawRoundedRect(self.rect(), RADIUS, RADIUS)

    def _mark_target(self, is_target: bool) -> None:
        self._is_target = is_target
        self.update()

    # -- showing -----------------------------------------------------------------------------

    def _show(self) -> None:
        ids = self.ids()
        self._pin.setVisible(self._follows and bool(ids))
        self._pin.blockSignals(True)
        self._pin.setChecked(self._kept is not None)
        self._pin.blockSignals(False)
        self.take.setVisible(not self._follows and not ids)
        self.take.setEnabled(bool(self._selected))
        self.clear.setVisible(self._kept is not None)
        if not ids:
            self._known, self._records = ((), b""), ()
            self._picture.clear()
            self._name.hide()
            self._note.setText(self._empty)
            self._note.show()
        elif self._known != (ids, self._mask):
            self._known = (ids, self._mask)
            self._read()
        else:
            self._describe()

    def _read(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        studio, (ids, mask) = self._bridge.studio, self._known
        side = round(_SIDE * self.devicePixelRatioF())
        self._reading = self._bridge.fetch(
            lambda: _read(studio, ids, mask, side), self._came, self._failed, self
        )

    def _came(self, shown: _Shown) -> None:
        self._records = shown.records
        shown.picture.setDevicePixelRatio(self.devicePixelRatioF())
        self._picture.set_image(shown.picture)
        self._describe()
        self.changed.emit()

    def _failed(self, error: CatStudioError) -> None:
        self._records = ()
        self._picture.clear()
        self._name.hide()
        self._note.setText(f"{error.message} {error.hint}".strip())
        self._note.show()
        self.changed.emit()

    def _describe(self) -> None:
        ids, record = self.ids(), self.record()
        if record is None:
            return
        self._name.setText(record.name)
        self._name.show()
        n = len(ids)
        notes = [f"and {n - 1:,} more, in turn"] if n > 1 else []
        if self._kept is None:
            notes.append("selected")
        self._note.setText(", ".join(notes).capitalize())
        self._note.setVisible(bool(notes))
        self._picture.setAccessibleName(f"{self._title}: {record.name}")

    def _pinned(self, is_kept: bool) -> None:
        if is_kept:
            self.keep(self.ids())
        else:
            self.let_go()

    def _lay_out(self) -> None:
        self._picture = PictureView()
        self._picture.setFixedSize(_SIDE, _SIDE)
        self._name = ElidedLabel("", "", Qt.TextElideMode.ElideMiddle)
        self._note = label("", "small", wrap=True)
        self.take = button(
            "Use the selection", "link", tooltip="Take what the gallery has selected"
        )
        self.take.clicked.connect(lambda: self.keep(self._selected))
        self._pin = icon_button("push-pin", "Keep this image, whatever is selected", checkable=True)
        self._pin.toggled.connect(self._pinned)
        self.clear = icon_button("clear", "Take this image out")
        self.clear.clicked.connect(self.let_go)
        buttons = QHBoxLayout()
        buttons.setSpacing(XS)
        buttons.addWidget(self.take)
        buttons.addWidget(self._pin)
        buttons.addWidget(self.clear)
        buttons.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label(self._title, "section"))
        words.addWidget(self._name)
        words.addWidget(self._note)
        words.addLayout(buttons)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)


def _read(studio: Studio, ids: tuple[str, ...], mask: bytes, side: int) -> _Shown:
    """The records of ``ids``, and the first one's picture. Slow."""
    records = tuple(studio.images_by_id(ids))
    if not records:
        raise NotPossibleError("The image is no longer in this project.", "Choose another one.")
    picture = decode_thumbnail(studio, records[0], side)
    return _Shown(records, _tinted(picture, mask) if mask else picture)


def _tinted(picture: QImage, mask: bytes) -> QImage:
    grey = QImage.fromData(mask).convertToFormat(QImage.Format.Format_Grayscale8)
    grey = grey.scaled(
        picture.size(),
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    tint = QImage(picture.size(), QImage.Format.Format_ARGB32_Premultiplied)
    tint.fill(_TINT)
    tint.setAlphaChannel(grey)
    painter = QPainter(picture)
    painter.setOpacity(_TINT_SHARE)
    painter.drawImage(QPoint(0, 0), tint)
    painter.end()
    return picture
