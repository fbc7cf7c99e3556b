"""The room of Huxley's ladder: its rungs as a list, climbed one by one, and the chart they make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.errors import CatStudioError
from catstudio.core.wording import duration
from catstudio.jobs.events import Progress
from catstudio.report.ladder_chart import WIDTH
from catstudio.report.ladder_page import what_on
from catstudio.studio.ladder import RUNGS, Amounts, Kept
from catstudio.ui.ladder.chart import LadderChart
from catstudio.ui.ladder.climber import Climber, was_stopped
from catstudio.ui.ladder.rung_row import RungRow
from catstudio.ui.theme import XL, L, M, S
from catstudio.ui.widgets import ElidedLabel, Line, WrappedLabel, button, icon_button, label

_INTRO = (
    "From one photo of a cat there are many ways to a large number of images. Each rung is one of "
    "them: a model is trained on it and asked about strangers, photos of neither a cat nor anything "
    "it was trained on. It lies in a project of its own, and needs no network."
)
_FREE = "Only the free photos: there is one cat among them, so no figure for cats can be measured."


class LadderRoom(QWidget):
    """Shown in place of the window's body until it says ``left()``; needs no open project.

    ``told(str, str)`` carries a message and a hint, ``open_asked(str)`` the ladder's project.
    """

    left = Signal()
    told = Signal(str, str)
    open_asked = Signal(str)

    def __init__(
        self, folder: Path, amounts: Amounts | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.climber = Climber(folder, amounts, self)
        self._reports: list[dict[str, Any]] = []
        self._kept: Kept | None = None
        self._photos = ""
        self._model = ""
        self._running: RungRow | None = None
        self._is_running = False
        self._is_leaving = False
        self._build()
        climber = self.climber
        climber.looked.connect(self._show_kept)
        climber.begun.connect(self._begin)
        climber.progressed.connect(self._progress)
        climber.climbed.connect(self._climbed)
        climber.ended.connect(self._ended)
        climber.look()

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        back = icon_button("back", "Leave (Esc)")
        back.clicked.connect(self.leave)
        head = QHBoxLayout()
        head.setContentsMargins(M, S, M, S)
        head.setSpacing(M)
        head.addWidget(back)
        head.addWidget(label("Huxley's ladder", "heading"), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addWidget(self._page(), 1)
        column.addWidget(Line())
        column.addLayout(self._foot())

    def _page(self) -> QScrollArea:
        self.chart = LadderChart()
        self._measured = WrappedLabel(_FREE, "muted", longest=40)
        self.choose = button("Choose a folder of your own photos…", icon="folder")
        self.choose.setToolTip(
            "With a sub-folder cat, others with what is no cat, and turkey for strangers"
        )
        self.choose.clicked.connect(self._ask_photos)
        self.free = button("Free photos only", "link")
        self.free.clicked.connect(lambda: self._use_photos(""))
        self.uses_model = QCheckBox()
        self.uses_model.setChecked(True)
        self.uses_model.hide()
        row = QHBoxLayout()
        row.setSpacing(M)
        row.addWidget(self.choose)
        row.addWidget(self.free)
        row.addWidget(self.uses_model)
        row.addStretch(1)
        content = QWidget()
        content.setMaximumWidth(WIDTH)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(label(_INTRO, "", wrap=True))
        column.addWidget(self._measured)
        column.addLayout(row)
        column.addWidget(self.chart)
        self.rows = {plan.id: RungRow(plan) for plan in RUNGS}
        for rung in self.rows.values():
            column.addWidget(Line())
            column.addWidget(rung)
        column.addStretch(1)
        holder = QWidget()
        middle = QHBoxLayout(holder)
        middle.setContentsMargins(L, L, L, XL)
        middle.addStretch(1)
        middle.addWidget(content, 100)
        middle.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(holder)
        return self._scroll

    def _foot(self) -> QHBoxLayout:
        self._status = ElidedLabel("", "muted")
        self.audit = button("What the last rung hides")
        self.audit.setToolTip("The audit of the last rung, in the browser")
        self.audit.clicked.connect(lambda: self._open_file("audit"))
        self.page = button("Open the page")
        self.page.setToolTip("The ladder as one file to read or send, in the browser")
        self.page.clicked.connect(lambda: self._open_file("page"))
        self.open = button("Open this project", icon="folder")
        self.open.clicked.connect(self._open_project)
        self.stop = button("Stop")
        self.stop.clicked.connect(self._stop)
        self.go = button("Climb", "primary")
        self.go.clicked.connect(self._climb)
        foot = QHBoxLayout()
        foot.setContentsMargins(L, S, L, M)
        foot.setSpacing(M)
        foot.addWidget(self._status, 1)
        for widget in (self.audit, self.page, self.open, self.stop, self.go):
            foot.addWidget(widget)
        self._show_foot()
        return foot

    # -- what is there -------------------------------------------------------------------------

    def _show_kept(self, found: Kept | None, model: str) -> None:
        self._kept, self._model = found, model
        self.uses_model.setText(f"Use {model} for “Generated”: it may take minutes an image")
        self.uses_model.setVisible(bool(model))
        self._reports = list(found.rungs) if found else []
        if found is not None:
            self._photos = str(found.report.get("settings", {}).get("photos", ""))
        self._show_rungs()
        self._show_photos()
        self._show_foot()

    def _show_rungs(self) -> None:
        for row in self.rows.values():
            row.show_waiting()
        for rung in self._reports:
            if rung["id"] in self.rows:
                self.rows[rung["id"]].show_report(rung)
        self.chart.show_rungs(self._reports)

    def _show_photos(self) -> None:
        if self._kept is not None and self._photos and self._kept.report["cats"]["n"]:
            self._measured.setText(f"{what_on(self._kept.report)} They lie in {self._photos}.")
        elif self._photos:
            self._measured.setText(
                f"Your photos in {self._photos}: at most a third is trained on by the last two "
                "rungs, the rest measures every rung."
            )
        else:
            self._measured.setText(_FREE)

    def _ask_photos(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "A folder with a sub-folder cat, and others with what is no cat", self._photos
        )
        if path:
            self._use_photos(path)

    def _use_photos(self, folder: str) -> None:
        """Measure on other photos: that is another climb."""
        if folder != self._photos:
            self._photos = folder
            self._kept, self._reports = None, []
            self._show_rungs()
        self._show_photos()
        self._show_foot()

    # -- climbing ----------------------------------------------------------------------------

    def _climb(self) -> None:
        again = self._kept is not None and self._kept.is_finished
        if again or self._kept is None:
            self._reports = []
            self._show_rungs()
        has_model = bool(self._model) and self.uses_model.isChecked()
        self.climber.start(self._photos, None if has_model or not self._model else "", again)
        self._is_running = True
        self._status.setText("Beginning …")
        self._show_foot()

    def _begin(self, id_: str) -> None:
        if id_ == RUNGS[0].id and self._reports:  # Begun anew: with a model, say, or without.
            self._reports = []
            self._show_rungs()
        row = self.rows[id_]
        row.show_running()
        self._running = row
        self._status.setText(f"Rung {list(self.rows).index(id_) + 1} of {len(self.rows)}")
        # Only when the row has its new height.
        QTimer.singleShot(0, row, lambda: self._scroll.ensureWidgetVisible(row, 0, XL))

    def _progress(self, event: Progress) -> None:
        if self._running is not None:
            self._running.show_progress(event)
        else:
            self._status.setText(f"Bringing the photos in: {event.message}")

    def _climbed(self, rung: dict[str, Any]) -> None:
        self._reports = [*(one for one in self._reports if one["id"] != rung["id"]), rung]
        self.rows[rung["id"]].show_report(rung)
        self._running = None
        self.chart.show_rungs(self._reports)
        if len(self._reports) == len(RUNGS):
            self._status.setText("Questioning the last rung …")

    def _ended(self, problem: CatStudioError | None) -> None:
        if self._running is not None:
            self._running.show_waiting()
        self._running, self._is_running = None, False
        if self._is_leaving:
            self.left.emit()
            return
        self._status.setText("")
        if problem is None:
            self._scroll.ensureVisible(0, 0)
        elif not was_stopped(problem):
            self.told.emit(problem.message, problem.hint)
        self._show_foot()
        self.climber.look()

    def _stop(self) -> None:
        self._status.setText("Stopping …")
        self.stop.setEnabled(False)
        self.climber.stop()

    # -- leaving -----------------------------------------------------------------------------

    def leave(self) -> None:
        """Say ``left``, once the climb has stopped; what is finished is kept."""
        self._is_leaving = True
        if self._is_running:
            self._stop()
        else:
            self.left.emit()

    def shut(self) -> None:
        """Stop climbing and wait for it; called once before the room goes, however it goes."""
        self.climber.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _open_project(self) -> None:
        if self._kept is not None:
            self.open_asked.emit(str(self._kept.project))

    def _open_file(self, which: str) -> None:
        path = getattr(self._kept, which, None)
        if path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _show_foot(self) -> None:
        running, found = self._is_running, self._kept
        is_over = found is not None and found.is_finished
        self.stop.setVisible(running)
        self.stop.setEnabled(running)
        for widget in (self.choose, self.uses_model):
            widget.setEnabled(not running)
        self.free.setVisible(bool(self._photos) and not running)
        self.go.setVisible(not running)
        self.go.setProperty("role", "" if is_over else "primary")
        self.go.style().polish(self.go)
        self.go.setText("Climb again" if is_over else "Go on" if self._reports else "Climb")
        self.open.setVisible(is_over and not running)
        self.page.setVisible(
            is_over and found is not None and found.page is not None and not running
        )
        self.audit.setVisible(
            is_over and found is not None and found.audit is not None and not running
        )
        if is_over and found is not None and not running:
            said = f"Climbed in {duration(found.report['seconds'])}."
            why_not = (found.report.get("audit") or {}).get("why_not")
            said += f" The last rung could not be questioned: {why_not}" if why_not else ""
            self._status.setText(said)
