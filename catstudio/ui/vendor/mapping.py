"""Which label of the project each label of a data set becomes: one row each, before anything enters."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from catstudio.sources.datasets import DECIDE_LATER, LEAVE_OUT, suggested
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import ComboBox, ElidedLabel, label

MOST_ROWS = 150
"""Labels beyond these have no row of their own: what is said of all others holds for them."""
_THUMB = 36
_LABEL, _LATER, _OUT, _NEW = "label", "later", "out", "new"


class TargetBox(ComboBox):
    """What becomes of a raw label: a label of the project, a new one, later, or left out."""

    new_asked = Signal(str)

    def __init__(self, raw: str, labels: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._raw = raw
        self.setAccessibleName(f"Label for {raw}" if raw else "Label for all others")
        self.set_labels(labels)
        self.activated.connect(self._activated)

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Offer ``labels``; the choice stays where it still can."""
        before = self.currentData()
        self.blockSignals(True)
        self.clear()
        for name in labels:
            self.addItem(name, (_LABEL, name))
        self.insertSeparator(self.count())
        self.addItem("decide later", (_LATER, ""))
        self.addItem("leave out", (_OUT, ""))
        if self._raw and self._raw not in labels:
            self.addItem(f"new label “{self._raw}”", (_NEW, self._raw))
        self._choose(before or (_OUT, ""))
        self.blockSignals(False)

    def target(self) -> str | None:
        """A label, ``DECIDE_LATER`` or ``LEAVE_OUT``."""
        kind, name = self.currentData() or (_OUT, "")
        if kind == _LABEL:
            return str(name)
        return DECIDE_LATER if kind == _LATER else LEAVE_OUT

    def set_target(self, target: str | None) -> None:
        if target is DECIDE_LATER:
            self._choose((_LATER, ""))
        else:
            self._choose((_OUT, "") if target == LEAVE_OUT else (_LABEL, target))

    def _choose(self, data: tuple[str, str]) -> None:
        at = next((i for i in range(self.count()) if self.itemData(i) == data), -1)
        if at < 0:
            at = next(i for i in range(self.count()) if self.itemData(i) == (_OUT, ""))
        self.setCurrentIndex(at)

    def _activated(self) -> None:
        kind, name = self.currentData() or (_OUT, "")
        if kind == _NEW:
            self.new_asked.emit(str(name))


class MappingTable(QWidget):
    """A row for each raw label. ``changed`` follows every choice; ``new_label(str)`` asks for a
    label that the project does not have yet."""

    changed = Signal()
    new_label = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(M)
        self._grid.setVerticalSpacing(XS)
        self._grid.setColumnStretch(1, 1)
        self._boxes: dict[str, TargetBox] = {}
        self._rest: tuple[str, ...] = ()
        self._rest_box: TargetBox | None = None
        self._matches: dict[str, str] = {}
        self._wanted: str | None = None

    def show_labels(
        self,
        counts: tuple[tuple[str, int], ...],
        samples: dict[str, tuple[QImage, ...]],
        labels: tuple[str, ...],
    ) -> None:
        """Begin: raw labels with their counts, a few pictures of each, the project's labels."""
        raw = tuple(name for name, _ in counts)
        self._matches = {name: target for name, target in suggested(raw, labels).items() if target}
        rows, rest = counts[:MOST_ROWS], counts[MOST_ROWS:]
        for at, (name, n) in enumerate(rows):
            box = self._row(at, name, n, samples.get(name, ()), labels)
            box.set_target(self._matches.get(name, LEAVE_OUT))
        self._rest = tuple(name for name, _ in rest)
        if rest:
            n = sum(count for _, count in rest)
            self._rest_box = TargetBox("", labels)
            self._rest_box.currentIndexChanged.connect(self.changed)
            at = len(rows)
            self._grid.addWidget(label(f"{len(rest):,} others", "muted"), at, 1)
            self._grid.addWidget(label(f"{n:,}", "muted"), at, 2, Qt.AlignmentFlag.AlignRight)
            self._grid.addWidget(self._rest_box, at, 3)

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """The project has other labels now; one that was just asked for becomes the choice."""
        for name, box in self._boxes.items():
            box.set_labels(labels)
            if name == self._wanted and name in labels:
                box.set_target(name)
                self._wanted = None
        if self._rest_box is not None:
            self._rest_box.set_labels(labels)
        self.changed.emit()

    def mapping(self) -> dict[str, str | None]:
        """Every raw label with what becomes of it."""
        chosen = {name: box.target() for name, box in self._boxes.items()}
        if self._rest_box is not None:
            target = self._rest_box.target()
            chosen |= {name: self._matches.get(name, target) for name in self._rest}
        return chosen

    def _row(
        self, at: int, name: str, n: int, pictures: tuple[QImage, ...], labels: tuple[str, ...]
    ) -> TargetBox:
        box = TargetBox(name, labels)
        box.currentIndexChanged.connect(self.changed)
        box.new_asked.connect(self._ask_new)
        words = ElidedLabel(name)
        words.setMinimumWidth(120)
        self._grid.addWidget(_strip(pictures), at, 0)
        self._grid.addWidget(words, at, 1)
        self._grid.addWidget(label(f"{n:,}", "muted"), at, 2, Qt.AlignmentFlag.AlignRight)
        self._grid.addWidget(box, at, 3)
        self._boxes[name] = box
        return box

    def _ask_new(self, name: str) -> None:
        self._wanted = name
        self.new_label.emit(name)


def _strip(pictures: tuple[QImage, ...]) -> QWidget:
    """Small pictures side by side, in a fixed width so that the rows line up."""
    strip = QWidget()
    row = QHBoxLayout(strip)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(S // 2)
    strip.setFixedWidth(3 * _THUMB + S)
    for picture in pictures:
        shown = QLabel()
        ratio = strip.devicePixelRatioF()
        side = round(_THUMB * ratio)
        scaled = picture.scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(ratio)
        shown.setPixmap(pixmap)
        shown.setFixedSize(_THUMB, _THUMB)
        shown.setAlignment(Qt.AlignmentFlag.AlignCenter)
        row.addWidget(shown)
    row.addStretch(1)
    return strip
