"""Review: the whole window for one image at a time, decided by single keys."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.changes import AnyChange, Touched
from catstudio.core.types import ImageRecord, State
from catstudio.ui import provenance_text
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.pictures import PictureFeed, Pictures
from catstudio.ui.review_bar import ReviewBar
from catstudio.ui.review_queue import ReviewQueue, worth_a_look_first
from catstudio.ui.theme import XL, L, M, S
from catstudio.ui.widgets import (
    ChipButton,
    ElidedLabel,
    EmptyState,
    PictureView,
    icon_button,
    label,
)

_AHEAD = 3
"""How many of the next images are decoded while one is looked at."""


class Pile(NamedTuple):
    """What is read in the background to begin with."""

    records: list[ImageRecord]
    seeds: dict[str, ImageRecord]
    labels: tuple[str, ...]


class ReviewView(QWidget):
    """Call :meth:`start` and show it over the whole window; ``left()`` says that it is over."""

    left = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._queue = ReviewQueue()
        self._seeds: dict[str, ImageRecord] = {}
        self._is_all = False
        self._is_blind = False
        self._expected: Counter[str] = Counter()
        self._pictures = Pictures(bridge, self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._build()
        self._feed = PictureFeed(self.picture, self._pictures)
        self._seed_feed = PictureFeed(self.seed_picture, self._pictures)
        self._resized = QTimer(self)
        self._resized.setSingleShot(True)
        self._resized.setInterval(100)
        self._resized.timeout.connect(self._show)
        bridge.touched.connect(self._touched)
        bridge.edit_failed.connect(self._failed)
        bridge.image_added.connect(self._added)

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        self._back = icon_button("back", "Back to the gallery (Esc)")
        self._back.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._back.clicked.connect(self.leave)
        self._title = label("Review", "heading")
        self._counts = label("", "muted")
        self.blind = ChipButton("Blind", "blind")
        self.blind.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.blind.setToolTip("Hides source, seed and provenance, so that they cannot sway you (B)")
        self.blind.clicked.connect(self.set_blind)
        top = QHBoxLayout()
        top.setContentsMargins(M, S, L, S)
        top.setSpacing(M)
        for widget in (self._back, self._title, self._counts):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self.blind)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Reviewed")
        self._stack = QStackedWidget()
        self._waiting = QWidget()
        self._done = EmptyState("all-done", "", "", "Back to the gallery", "primary")
        self._done.triggered.connect(self.leave)
        for page in (self._waiting, self._build_pictures(), self._done):
            self._stack.addWidget(page)
        self.bar = ReviewBar()
        self.bar.decided.connect(self.decide)
        self.bar.labelled.connect(self.label)
        self.bar.moved.connect(self.move_by)
        self.bar.undone.connect(self.undo)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(top)
        column.addWidget(self.progress)
        column.addWidget(self._stack, 1)
        column.addWidget(self.bar)

    def _build_pictures(self) -> QWidget:
        self._page = QWidget()
        self.seed_picture = PictureView(has_ground=False)
        self.picture = PictureView(has_ground=False)
        self._seed_caption = ElidedLabel("", "muted")
        self._caption = ElidedLabel("", "muted")
        self._notes = label("", "look")
        self._error = label("", "problem", wrap=True)
        self._error.hide()
        self._seed_side = QWidget()
        left = QVBoxLayout(self._seed_side)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(S)
        left.addWidget(self.seed_picture, 1)
        left.addWidget(self._seed_caption)
        right = QVBoxLayout()
        right.setSpacing(S)
        right.addWidget(self.picture, 1)
        line = QHBoxLayout()
        line.addWidget(self._caption, 1)
        line.addWidget(self._notes)
        right.addLayout(line)
        right.addWidget(self._error)
        row = QHBoxLayout(self._page)
        row.setContentsMargins(XL, L, XL, S)
        row.setSpacing(L)
        row.addWidget(self._seed_side, 1)
        row.addLayout(right, 2)
        return self._page

    # -- beginning and ending ----------------------------------------------------------------

    def start(self, ids: list[str] | None = None) -> None:
        """Review ``ids`` in their order, or (None) all that wait, flagged ones first."""
        self._is_all = not ids
        self._queue = ReviewQueue()
        self._expected.clear()
        self._error.hide()
        self._stack.setCurrentWidget(self._waiting)
        self.bar.setEnabled(False)
        self._counts.setText("")
        studio = self._bridge.studio

        def read() -> Pile:
            if ids:
                records = studio.images_by_id(ids)
            else:
                waiting = [r for r in studio.images() if r.state is State.PENDING]
                records = worth_a_look_first(waiting)
            parents = {r.provenance.parents[0].id for r in records if r.provenance.parents}
            seeds = {seed.id: seed for seed in studio.images_by_id(parents)}
            return Pile(records, seeds, studio.labels())

        self._bridge.fetch(read, self._take)

    def leave(self) -> None:
        """End the review; what was decided is kept."""
        self._feed.show(None)
        self._seed_feed.show(None)
        self.left.emit()

    @property
    def queue(self) -> ReviewQueue:
        return self._queue

    def _take(self, pile: Pile) -> None:
        self._queue = ReviewQueue(pile.records)
        self._seeds = pile.seeds
        self.bar.set_labels(pile.labels)
        self._show()

    # -- deciding: shown at once, written in the background ------------------------------------

    def decide(self, state: State) -> None:
        """Accept or reject the current image."""
        if self._is_deciding():
            self._write(self._queue.decide(state))
            self._show()

    def label(self, name: str) -> None:
        """Label the current image."""
        if self._is_deciding():
            self._write(self._queue.label(name))
            self._show()

    def undo(self) -> None:
        """Take back the last decision of this review and show its image again."""
        if self._queue.can_undo:
            self._write(self._queue.undo())
            self._show(is_finished=False)

    def move_by(self, step: int) -> None:
        """Look at another image without deciding."""
        if len(self._queue):
            if self._stack.currentWidget() is self._page:
                self._queue.move(step)
            self._show(is_finished=False)

    def set_blind(self, is_blind: bool) -> None:
        """Hide or show what could sway the reviewer."""
        self._is_blind = is_blind
        self.blind.setChecked(is_blind)
        self._show(is_finished=self._stack.currentWidget() is self._done)

    def _is_deciding(self) -> bool:
        return self._queue.current is not None and self._stack.currentWidget() is self._page

    def _write(self, change: AnyChange | None) -> None:
        if change is not None:
            self._error.hide()
            self._expected.update(getattr(change, "ids", ()))
            self._bridge.apply(change)

    # -- news --------------------------------------------------------------------------------

    def _touched(self, touched: Touched) -> None:
        """Read again what somebody else changed (undo in the menu, say)."""
        others: list[str] = []
        for id_ in touched.ids:
            if self._expected[id_] > 0:
                self._expected[id_] -= 1
            elif id_ in self._queue:
                others.append(id_)
        if others:
            self._bridge.fetch(lambda: self._bridge.studio.images_by_id(others), self._renew)

    def _failed(self, message: str, hint: str) -> None:
        if self.isVisible() and len(self._queue):
            self._expected.clear()
            self._error.setText(f"{message} {hint}".strip())
            self._error.show()
            ids = self._queue.ids()
            self._bridge.fetch(lambda: self._bridge.studio.images_by_id(ids), self._renew)

    def _added(self, id_: str) -> None:
        if self._is_all and self.isVisible():
            self._bridge.fetch(lambda: self._bridge.studio.images_by_id([id_]), self._renew_new)

    def _renew_new(self, records: list[ImageRecord]) -> None:
        self._renew([r for r in records if r.state is State.PENDING])

    def _renew(self, records: list[ImageRecord]) -> None:
        for record in records:
            self._queue.add(record)
        if records:
            self._show()

    # -- showing -----------------------------------------------------------------------------

    def _show(self, is_finished: bool | None = None) -> None:
        queue = self._queue
        self._show_progress()
        record = queue.current
        if is_finished is None:
            is_finished = queue.left == 0
        self.bar.setEnabled(record is not None)
        if record is None or is_finished:
            self._show_done()
            return
        self._stack.setCurrentWidget(self._page)
        seed = self._seed_of(record)
        self._seed_side.setVisible(seed is not None)
        self._seed_feed.show(seed)
        self._feed.show(record)
        if seed is not None:
            self._seed_caption.setText(f"Seed: {seed.name}")
        if self._is_blind:
            self.picture.setAccessibleName("Image under review")
        names = {id_: seed.name for id_, seed in self._seeds.items()}
        told = "" if self._is_blind else provenance_text.sentence(record, names)
        self._caption.setText(told)
        noted = () if self._is_blind else provenance_text.flags(record)
        self._notes.setText(", ".join(noted).capitalize())
        self._notes.setVisible(bool(noted))
        self.bar.show_record(record, queue.can_undo)
        self._prepare()

    def _seed_of(self, record: ImageRecord) -> ImageRecord | None:
        if self._is_blind or not record.provenance.parents:
            return None
        return self._seeds.get(record.provenance.parents[0].id)

    def _show_progress(self) -> None:
        total, left = len(self._queue), self._queue.left
        self.progress.setMaximum(max(total, 1))
        self.progress.setValue(total - left)
        self.progress.setToolTip(f"{left:,} of {total:,} left")
        self._counts.setText(
            f"{self._queue.at + 1:,} of {total:,} · {left:,} left" if total else ""
        )

    def _show_done(self) -> None:
        accepted, rejected = self._queue.count(State.ACCEPTED), self._queue.count(State.REJECTED)
        if len(self._queue):
            title = f"All reviewed: {accepted:,} accepted, {rejected:,} rejected"
            text = "Z takes the last decision back; the arrows go through them again."
        else:
            title = "Nothing to review"
            text = (
                "Generated images, and photos added without a label, wait here for your decision."
            )
        self._done.set_texts(title, text, "Back to the gallery")
        self._stack.setCurrentWidget(self._done)
        self.bar.show_record(None, self._queue.can_undo)

    def _prepare(self) -> None:
        coming = self._queue.ahead(_AHEAD)
        wanted = [(record, self._feed.side) for record in coming]
        seeds = filter(None, map(self._seed_of, coming))
        wanted += [(seed, self._seed_feed.side) for seed in seeds]
        self._pictures.prepare(wanted)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._stack.currentWidget() is self._page:
            self._resized.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    # -- keys --------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if key in steps:
            self.move_by(steps[Qt.Key(key)])
        elif event.isAutoRepeat():
            return  # A key held down must not decide a hundred images.
        elif key == Qt.Key.Key_A:
            self.decide(State.ACCEPTED)
        elif key == Qt.Key.Key_R:
            self.decide(State.REJECTED)
        elif key == Qt.Key.Key_Z:
            self.undo()
        elif key == Qt.Key.Key_B:
            self.set_blind(not self._is_blind)
        elif key == Qt.Key.Key_Escape:
            self.leave()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.bar.press_label(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)
