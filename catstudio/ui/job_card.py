"""One job as a card: preview, progress, estimate and Cancel; in the end one line, or a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QImage, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.wording import duration
from catstudio.jobs.events import (
    TERMINAL,
    AnyEvent,
    Cancelled,
    Done,
    Failed,
    ImageAdded,
    Progress,
    Warned,
)
from catstudio.ui import icons
from catstudio.ui.mark import Mark
from catstudio.ui.refused_list import RefusedList
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import ElidedLabel, WrappedLabel, button

_PREVIEW = 48
_STEPS = 1000


def result_text(result: Mapping[str, Any]) -> str:
    """What a finished job brought: ``8 images in 12 s``, ``3 added, 1 already there``."""
    if "run" in result:
        return f"run {result['run']}"
    if "adapter" in result:
        return f"learned {result['label']} as {result['adapter']}"
    if "added" in result:
        refused = len(result.get("refused", ()))
        parts = [f"{result['added']:,} added"]
        parts += [f"{result['duplicates']:,} already there"] if result.get("duplicates") else []
        parts += [f"{refused:,} refused"] if refused else []
        places = result.get("location_removed", 0)
        parts += [f"location removed from {places:,}"] if places else []
        return ", ".join(parts)
    if "made" in result:
        n = result["made"]
        text = f"{n:,} image{'' if n == 1 else 's'}"
        return f"{text} in {duration(result['seconds'])}" if result.get("seconds") else text
    return ""


class JobCard(QFrame):
    """One job, from waiting to its end. ``cancel_asked`` carries its id, ``dismissed`` too;
    ``resized`` says that it wants another height."""

    cancel_asked = Signal(str)
    dismissed = Signal(str)
    resized = Signal()

    def __init__(self, job_id: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.job_id = job_id
        self.title = title
        self.is_over = False
        self.warnings: list[Warned] = []
        self.failure: Failed | None = None
        self.setProperty("role", "card")
        self._mark = Mark(16)
        self._mark.hide()
        self._preview = QLabel()
        self._preview.setFixedSize(_PREVIEW, _PREVIEW)
        self._preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._preview.hide()
        self._title = ElidedLabel(title)
        self._step = ElidedLabel("Waits for its turn", "small")
        self._left = ElidedLabel("", "small")
        self._left.hide()
        self._story = WrappedLabel("", "small")
        self._story.hide()
        self.refused = RefusedList()
        self.refused.resized.connect(self.resized)
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(title)
        self.cancel = QToolButton()
        self.cancel.setText("Cancel")
        self.cancel.setToolTip("Stop this; everything finished so far is kept")
        self.cancel.setAccessibleName(f"Cancel {title}")
        self.cancel.setProperty("role", "quiet")
        self.cancel.clicked.connect(self._ask_cancel)
        self._copy = button("Copy details", "link")
        self._copy.clicked.connect(self.copy_details)
        self._copy.hide()
        self._made = 0
        self._lay_out()

    @property
    def step_text(self) -> str:
        """What is said below the title."""
        if not self._story.isHidden():
            return self._story.text()
        parts = [self._step.text()] + ([] if self._left.isHidden() else [self._left.text()])
        return " · ".join(parts)

    def show_event(self, event: AnyEvent) -> None:
        """Show what the job said."""
        if isinstance(event, Progress):
            self._progress(event)
        elif isinstance(event, ImageAdded):
            self._made += 0 if event.is_duplicate else 1
        elif isinstance(event, Warned):
            self.warnings.append(event)
        elif isinstance(event, TERMINAL):
            self._end(event)

    def copy_details(self) -> None:
        """Put all that is known of the failure, and of what was refused, on the clipboard."""
        parts = [self.title]
        if self.failure is not None:
            parts += [self.failure.message, self.failure.hint, self.failure.details]
        parts += [f"{one.message} {one.hint}".strip() for one in self.warnings]
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))

    def _progress(self, event: Progress) -> None:
        share = event.done / event.total if event.total else 0.0
        self._bar.setValue(round(_STEPS * min(max(share, 0.0), 1.0)))
        self._step.setText(event.message or f"{event.done:.0f} of {event.total:.0f}")
        self._left.setVisible(event.eta is not None and event.eta >= 1)
        self._left.setText(f"about {duration(event.eta or 0)} left")
        # A preview is at most a few hundred pixels: decoding it takes less than a frame.
        if event.preview:
            image = QImage.fromData(event.preview)
            if not image.isNull():
                self._show_preview(image)

    def _show_preview(self, image: QImage) -> None:
        ratio = self.devicePixelRatioF()
        side = round(_PREVIEW * ratio)
        pixmap = QPixmap.fromImage(
            image.scaled(
                QSize(side, side),
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
        pixmap.setDevicePixelRatio(ratio)
        self._preview.setPixmap(pixmap)
        self._preview.show()

    def _end(self, event: AnyEvent) -> None:
        self.is_over = True
        self._preview.hide()
        self._bar.hide()
        self._left.hide()
        self.cancel.setText("")
        self.cancel.setIcon(icons.icon("close", "muted"))
        self.cancel.setToolTip("Take this card away")
        self.cancel.setAccessibleName("Take this card away")
        self.cancel.setEnabled(True)
        self.refused.show_warnings(self.warnings)
        self._copy.setVisible(bool(self.warnings) or isinstance(event, Failed))
        if isinstance(event, Failed):
            self.failure = event
            self._show_mark("problem")
            self._tell(f"{event.message} {event.hint}".strip())
            return
        self._show_mark("look" if self.warnings or isinstance(event, Cancelled) else "ok")
        text = f"stopped, {self._made:,} kept"
        if isinstance(event, Cancelled) and "step" in event.result:
            text = f"stopped at step {event.result['step']:,}"
        if isinstance(event, Done):
            text = result_text(event.result)
        if self.warnings:
            self._tell(f"{text[:1].upper()}{text[1:]}" or "Done")
            return
        # A finished job is one line, what it brought first: the rest may be cut.
        self._title.setText(f"{text[:1].upper()}{text[1:]} · {self.title}" if text else self.title)
        self._step.hide()
        self._row.setContentsMargins(S, 0, 0, 0)
        self._row.setAlignment(self._mark, Qt.AlignmentFlag.AlignVCenter)

    def _show_mark(self, level: str) -> None:
        self._mark.show_icon(level, level)
        self._mark.show()

    def _tell(self, text: str) -> None:
        """Say something that needs more than a line."""
        self._step.hide()
        self._story.setText(text)
        self._story.show()

    def _ask_cancel(self) -> None:
        if self.is_over:
            self.dismissed.emit(self.job_id)
            return
        self.cancel.setEnabled(False)
        self._step.setText("Stopping after this step; what is finished is kept")
        self.cancel_asked.emit(self.job_id)

    def _lay_out(self) -> None:
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(S, S, XS, S)
        row.setSpacing(S)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._preview, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(XS)
        for widget in (self._title, self._step, self._bar, self._left, self._story, self.refused):
            column.addWidget(widget)
        column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(column, 1)
        row.addWidget(self.cancel, 0, Qt.AlignmentFlag.AlignTop)
