"""What the person should know before an adapter is trained: which photos, and what it needs."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.core.changes import count_images
from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Done, Failed
from catstudio.jobs.requests import Lane, PersonaliseRequest
from catstudio.studio.personalising import Chosen
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.thumbnails import Thumbnails
from catstudio.ui.mark import Mark
from catstudio.ui.strip import ThumbnailStrip
from catstudio.ui.theme import S
from catstudio.ui.widgets import Card, SectionHeader, WrappedLabel, label

_MOST = 24
_ENOUGH = 5
_FEW = "Few photos are learned by heart. Five or more show what stays the same and what changes."
_REFUSALS = ("NotPossibleError", "BadInputError", "ModelFileError", "ImageRefusedError")
"""Reasons that a person can mend; whatever else ends an estimate says nothing of the training."""
_LOOK_AGAIN_MS = 500


class PhotosCard(Card):
    """The photos that are learned from, and why not from the others."""

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = Thumbnails(bridge, parent=self)
        self._title = label("", "heading")
        self._few = label(_FEW, "small", wrap=True)
        self.strip = ThumbnailStrip(self._thumbnails, _MOST)
        self.left_out = label("", "small", wrap=True)
        self.column.addWidget(SectionHeader("PHOTOS"))
        for widget in (self._title, self.strip, self._few, self.left_out):
            self.column.addWidget(widget)

    @property
    def text(self) -> str:
        return self._title.text()

    def show_chosen(self, of: str, chosen: Chosen) -> None:
        """Show what was chosen of the label ``of``."""
        n = len(chosen.photos)
        if n:
            self._title.setText("One photo" if n == 1 else f"{n:,} photos of {of}")
        else:
            self._title.setText(f"No photo of {of} to learn from yet")
        self._few.setVisible(0 < n < _ENOUGH)
        self.strip.show_records(list(chosen.photos))
        lines = [f"{count_images(count)} {why}" for count, why in chosen.left_out]
        self.left_out.setText("Left out: " + "; ".join(lines) + "." if lines else "")
        self.left_out.setVisible(bool(lines))


class NeedsCard(Card):
    """What the training would need, as the worker finds it. ``settled`` says that it is known."""

    settled = Signal()

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._job_id = ""
        self.refusal = ""
        self._mark = Mark(18)
        self._text = WrappedLabel("", "", longest=40)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._again = QTimer(self, interval=_LOOK_AGAIN_MS, singleShot=True)
        self._again.timeout.connect(self._start)
        self._wanted: PersonaliseRequest | None = None
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._text, 1)
        self.column.addWidget(SectionHeader("WHAT IT NEEDS"))
        self.column.addLayout(row)

    @property
    def text(self) -> str:
        return self._text.text()

    def estimate(self, request: PersonaliseRequest) -> None:
        """Ask the worker what ``request`` would need; an older question is dropped."""
        self.forget()
        self._wanted = request
        self._start()

    def say(self, text: str, refusal: str = "") -> None:
        """Show ``text``; with a ``refusal`` the training cannot start."""
        self.refusal = refusal
        self._text.setText(text)
        self._show_mark("problem" if refusal else "")
        self.settled.emit()

    def _show_mark(self, level: str) -> None:
        self._mark.setVisible(bool(level))
        if level:
            self._mark.show_icon(level, level)

    def forget(self) -> None:
        """Stop asking; what was being found out is no longer wanted."""
        self._again.stop()
        self._wanted = None
        if self._job_id:
            self._bridge.studio.cancel(self._job_id)
            self._job_id = ""

    def _start(self) -> None:
        if self._wanted is None:
            return
        if self._bridge.studio.jobs(Lane.WORKER):
            # It would only stand in line, and be cancelled with the next change.
            self.say("What it needs is found out when the running job is done.")
            self._again.start()
            return
        request, self._wanted = self._wanted, None
        self.say("Finding out what it needs…")
        self._job_id = request.job_id
        try:
            self._bridge.follow(request, self._hear)
        except CatStudioError as error:
            self._job_id = ""
            self.say(str(error))

    def _hear(self, event: AnyEvent) -> None:
        if event.job_id != self._job_id or not isinstance(event, TERMINAL):
            return
        self._job_id = ""
        if isinstance(event, Done):
            self.say(str(event.result["text"]))
            self._show_mark("ok")
        elif isinstance(event, Failed):
            text = f"{event.message} {event.hint}".strip()
            self.say(text, text if event.error in _REFUSALS else "")
