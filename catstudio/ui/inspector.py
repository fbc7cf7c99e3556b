"""The inspector: what one image is and comes from, or what many have in common."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.changes import AnyChange, Touched
from catstudio.core.types import ImageRecord, Split, State
from catstudio.sources import recipes
from catstudio.ui import provenance_text
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.edit_fields import EditFields
from catstudio.ui.family import Family, SourceMark
from catstudio.ui.gallery.filter_bar import STATE_TITLES
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.in_common import InCommon
from catstudio.ui.pictures import PictureFeed, Pictures
from catstudio.ui.slices import Slices, bit_by_bit
from catstudio.ui.strip import ThumbnailStrip
from catstudio.ui.theme import XS, L, M, S
from catstudio.ui.widgets import (
    CollapsibleSection,
    ElidedLabel,
    EmptyState,
    PictureView,
    WrappedLabel,
    button,
    label,
)

_NEW_CHILD_MS = 300


class Relatives(NamedTuple):
    """What is read in the background for one image."""

    parents: list[ImageRecord]
    children: list[ImageRecord]
    labels: tuple[str, ...]
    size_bytes: int | None


class Inspector(QWidget):
    """Shows the selection.

    Signals
    -------
    select_requested(str) : a parent or child was clicked.
    use_settings(ImageRecord) : put a generated image's settings back in the panel.
    more_asked(ImageRecord), fix_asked(ImageRecord) : make variations of it; mend it.
    preview_requested(str) : the picture was clicked.
    real_asked(ImageRecord) : make photographs after a drawing.
    """

    select_requested = Signal(str)
    use_settings = Signal(object)
    more_asked = Signal(object)
    fix_asked = Signal(object)
    preview_requested = Signal(str)
    real_asked = Signal(object)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._records: list[ImageRecord] = []
        self._names: dict[str, str] = {}
        self._reading: Fetch | None = None
        self._gathering = Slices(self)
        self._size_bytes: int | None = None
        self._pictures = Pictures(bridge, self, limit=48 << 20)
        self._thumbnails = Thumbnails(bridge, self, limit=16 << 20)
        self._build()
        self._feed = PictureFeed(self.picture, self._pictures)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_NEW_CHILD_MS)
        self._again.timeout.connect(self._read_relatives)
        bridge.image_added.connect(lambda _: self._again.start())
        bridge.touched.connect(self._touched)
        self._read_labels()

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self.setMinimumWidth(240)
        self._stack = QStackedWidget(self)
        self._empty = EmptyState(
            "cursor",
            "Nothing selected",
            "Select an image to see where it comes from and to change it. Shift or Ctrl selects "
            "several.",
        )
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(M, M, M, L)
        column.setSpacing(S)
        self._build_head(column)
        self.family = Family(self._thumbnails)
        self.family.chosen.connect(self.select_requested)
        column.addWidget(self.family)
        self.fields = EditFields()
        self.fields.change_wanted.connect(self._apply)
        column.addSpacing(XS)
        column.addWidget(self.fields)
        self._settings = CollapsibleSection("Settings", is_open=True)
        self._facts = CollapsibleSection("File", is_open=False)
        self._settings_form, self._facts_form = _form(self._settings), _form(self._facts)
        column.addWidget(self._settings)
        column.addWidget(self._facts)
        column.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(content)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._scroll)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._stack)

    def _build_head(self, column: QVBoxLayout) -> None:
        self.picture = PictureView()
        self.picture.setCursor(Qt.CursorShape.PointingHandCursor)
        self.picture.setToolTip("Preview (Space)")
        self.picture.clicked.connect(self._preview)
        self.mosaic = ThumbnailStrip(self._thumbnails, most=8)
        self.mosaic.chosen.connect(self.select_requested)
        self._mark = SourceMark()
        self.title = ElidedLabel("", "heading", Qt.TextElideMode.ElideMiddle)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self._mark)
        row.addWidget(self.title, 1)
        self.sentence = label("", wrap=True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notes = label("", "look", wrap=True)
        self.use = button("Use these settings", "", "adjustments")
        self.use.setToolTip("Puts the settings that made this image back in the panel.")
        self.use.clicked.connect(lambda: self.use_settings.emit(self._records[0]))
        column.addWidget(self.picture)
        column.addWidget(self.mosaic)
        column.addLayout(row)
        for widget in (self.sentence, self.notes):
            column.addWidget(widget)
        self.real = button("Make it real", "", "wand")
        self.real.setToolTip("Photographs after this drawing, to be reviewed")
        self.real.clicked.connect(lambda: self.real_asked.emit(self._records[0]))
        self.more = button("More like this", "", "sparkles")
        self.more.setToolTip(
            "Puts what makes variations of this image in the panel; Shift starts it at once."
        )
        self.more.clicked.connect(lambda: self.more_asked.emit(self._records[0]))
        self.fix = button("Fix this…", "", "wand")
        self.fix.setToolTip(
            "Paint over what is wrong with it; a diffusion model redraws that, or all of it a little."
        )
        self.fix.clicked.connect(lambda: self.fix_asked.emit(self._records[0]))
        for one in (self.use, self.more, self.fix, self.real):
            column.addWidget(one, alignment=Qt.AlignmentFlag.AlignLeft)

    # -- showing -----------------------------------------------------------------------------

    def show_records(self, records: list[ImageRecord]) -> None:
        """Show the selection: none, one, or what many have in common."""
        if records == self._records:
            return
        is_other = len(records) != len(self._records) or any(
            one.id != before.id for one, before in zip(records, self._records, strict=True)
        )
        self._records = list(records)
        if not records:
            self._gathering.cancel()
            self._stack.setCurrentWidget(self._empty)
            self._feed.show(None)
            return
        if is_other:
            self._size_bytes = None
            self.family.show_records([], [])
            self._scroll.verticalScrollBar().setValue(0)
        self.fields.set_records(self._records)
        self._gathering.start(self._gather(self._records))
        if len(records) == 1:
            self._show_one(records[0])
        else:
            self._show_many(self._records)
        self._stack.setCurrentWidget(self._scroll)
        if len(records) == 1 and is_other:
            self._read_relatives()

    def _gather(self, records: list[ImageRecord]) -> Iterator[None]:
        """Show what ``records`` have in common, once they have been gone through."""
        found = InCommon()
        yield from bit_by_bit(records, found.add)
        self.fields.show_common(found)
        if len(records) > 1:
            self.sentence.setText(summary(found))

    def _show_one(self, record: ImageRecord) -> None:
        self.picture.show()
        self.mosaic.hide()
        self._feed.show(record)
        self._mark.show()
        self._mark.show_source(record.source)
        self.title.setText(record.name)
        self.sentence.setText(provenance_text.sentence(record, self._names))
        noted = provenance_text.flags(record)
        self.notes.setText("Noted: " + ", ".join(noted))
        self.notes.setVisible(bool(noted))
        self.use.setVisible(recipes.read_back(record) is not None)
        is_held = record.split in (Split.VAL, Split.TEST)  # Nothing is made from these.
        self.more.setVisible(not is_held)
        self.fix.setVisible(not is_held)
        self.real.setVisible(record.source == "drawing")
        rows = provenance_text.settings(record)
        _fill(self._settings_form, rows)
        self._settings.setVisible(bool(rows))
        _fill(self._facts_form, provenance_text.facts(record, self._size_bytes))
        self._facts.show()

    def _show_many(self, records: list[ImageRecord]) -> None:
        self.picture.hide()
        self._feed.show(None)
        self.mosaic.show_records(records)
        self.mosaic.show()
        self._mark.hide()
        self.title.setText(f"{len(records):,} images")
        self.notes.hide()
        for one in (self.use, self.more, self.fix):
            one.hide()
        self.real.hide()
        self._settings.hide()
        self._facts.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.picture.setFixedHeight(round(max(160, min(0.8 * (self.width() - 2 * M), 420))))
        self._feed.refresh()

    # -- reading -----------------------------------------------------------------------------

    def _read_relatives(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
        if len(self._records) != 1:
            return
        record, studio = self._records[0], self._bridge.studio

        def read() -> Relatives:
            path = studio.image_path(record)
            return Relatives(
                studio.images_by_id(p.id for p in record.provenance.parents),
                [child for child in studio.children(record.id) if child.state is not State.TRASHED],
                studio.labels(),
                path.stat().st_size if path.exists() else None,
            )

        self._reading = self._bridge.fetch(read, self._take_relatives)

    def _take_relatives(self, found: Relatives) -> None:
        self.fields.set_labels(found.labels)
        if len(self._records) != 1:
            return
        self._size_bytes = found.size_bytes
        self._names = {parent.id: parent.name for parent in found.parents}
        self.family.show_records(found.parents, found.children)
        self._show_one(self._records[0])

    def _read_labels(self) -> None:
        self._bridge.fetch(self._bridge.studio.labels, self.fields.set_labels)

    def _touched(self, touched: Touched) -> None:
        if touched.labels_changed:
            self._read_labels()

    # -- acting ------------------------------------------------------------------------------

    def _apply(self, change: AnyChange) -> None:
        self._bridge.apply(change)

    def _preview(self) -> None:
        if len(self._records) == 1:
            self.preview_requested.emit(self._records[0].id)


def summary(found: InCommon) -> str:
    """What many images have in common, in two sentences with counts."""
    labels = _counts((label or "without a label", n) for label, n in found.labels.most_common())
    states = _counts((STATE_TITLES[state].lower(), n) for state, n in found.states.most_common())
    kinds = f"{found.real:,} real, {found.count - found.real:,} made"
    independent = f"{len(found.lineages):,} independent"
    return f"{labels}. {states.capitalize()}.\n{kinds}; {independent}."


def _counts(counted: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counted)


def _form(section: CollapsibleSection) -> QFormLayout:
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(M)
    form.setVerticalSpacing(XS)
    section.column.addLayout(form)
    return form


def _fill(form: QFormLayout, rows: list[tuple[str, str]]) -> None:
    while form.rowCount():
        form.removeRow(0)
    for title, value in rows:
        text = WrappedLabel(value)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form.addRow(label(title, "muted"), text)
