"""A run tested on a folder of real photos outside the project: another camera, place or year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from catstudio.core.changes import count_images
from catstudio.core.errors import CatStudioError
from catstudio.jobs.events import TERMINAL, AnyEvent, Done, Failed, Progress
from catstudio.jobs.requests import EvaluateRequest
from catstudio.report import wording
from catstudio.sources.datasets import LEAVE_OUT, suggested
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XL, XS, L, M, S
from catstudio.ui.training.answer import figures_grid
from catstudio.ui.training.confusion import ConfusionView
from catstudio.ui.widgets import Card, ComboBox, button, label
from catstudio.ui.work_row import WorkRow

_MOST_TOLD = 5


class OtherPhotosView(Card):
    """Asks for a folder, then which label each of its sub-folders shows, then tests.

    What was found is kept for each run while the project is open. ``failed`` carries a message
    and its hint.
    """

    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._number = 0
        self._labels: tuple[str, ...] = ()
        self._folder: Path | None = None
        self._jobs: dict[str, int] = {}
        """The run that each waiting or working test is of, by job."""
        self._found: dict[int, tuple[str, dict[str, Any]]] = {}
        self.boxes: dict[str, ComboBox] = {}
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self.column.addWidget(label("On other photos", "heading"))
        self.column.addWidget(
            label(
                "Test this run on real photos that are not in the project: from another camera, "
                "another place, another year. They are only looked at, and stay where they are.",
                "muted",
                wrap=True,
            )
        )
        self._mapping = QWidget()
        self.column.addWidget(self._mapping)
        self.choose = button("Choose a folder…", "", icon="folder")
        self.choose.clicked.connect(self._choose)
        self.test = button("Test", "primary")
        self.test.clicked.connect(self._test)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.choose)
        row.addWidget(self.test)
        row.addStretch(1)
        self.column.addLayout(row)
        self.work = WorkRow("Test on other photos", "nothing is changed")
        self.work.cancel_asked.connect(self._cancel)
        self.column.addWidget(self.work)
        self._result = QWidget()
        self.column.addWidget(self._result)
        bridge.job_event.connect(self._job_event)
        self._show_state()

    def show_run(self, number: int, labels: Sequence[str]) -> None:
        """Test run ``number``, which tells ``labels`` apart, from now on."""
        is_other = tuple(labels) != self._labels
        self._number, self._labels = number, tuple(labels)
        if is_other:
            self._show_folders({})
        self._show_result()
        self._show_state()

    def read(self, folder: Path) -> None:
        """Look into ``folder``, in the background."""
        studio = self._bridge.studio

        def look() -> tuple[Path, dict[str, int]]:
            return folder, studio.class_folders(folder)

        self._bridge.fetch(look, self._show_folder, self._refused, self)

    # -- the folder --------------------------------------------------------------------------

    def _choose(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Real photos in one sub-folder a class")
        if path:
            self.read(Path(path))

    def _show_folder(self, found: tuple[Path, dict[str, int]]) -> None:
        folder, counts = found
        if not counts:
            self.failed.emit(
                f"{folder} has no photos in sub-folders.",
                f"Put them in sub-folders named like the labels, such as {self._labels[0]}.",
            )
            return
        self._folder = folder
        self._show_folders(counts)
        self._show_state()
        self.test.setFocus()

    def _show_folders(self, counts: Mapping[str, int]) -> None:
        self.boxes = {}
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(L)
        grid.setVerticalSpacing(XS)
        grid.setColumnStretch(3, 1)
        matches = suggested(counts, self._labels)
        for at, (name, n) in enumerate(counts.items()):
            box = ComboBox()
            box.setAccessibleName(f"Label of the photos in {name}")
            for one in self._labels:
                box.addItem(one, one)
            box.addItem("leave out", LEAVE_OUT)
            box.setCurrentIndex(box.findData(matches.get(name, LEAVE_OUT)))
            box.currentIndexChanged.connect(self._show_state)
            grid.addWidget(label(name), at, 0)
            grid.addWidget(label(count_images(n), "muted"), at, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(box, at, 2)
            self.boxes[name] = box
        self._mapping = self._put(self._mapping, body)
        if not counts:
            self._folder = None

    # -- the job -----------------------------------------------------------------------------

    @property
    def _is_working(self) -> bool:
        return self._number in self._jobs.values()

    def _test(self) -> None:
        folder, number, studio = self._folder, self._number, self._bridge.studio
        if folder is None:
            return
        mapping = {name: str(box.currentData()) for name, box in self.boxes.items()}
        self.test.setEnabled(False)
        self._bridge.fetch(
            lambda: (number, studio.evaluate_request(folder, number, mapping)),
            self._submit,
            self._refused,
            self,
        )

    def _submit(self, asked: tuple[int, EvaluateRequest]) -> None:
        number, request = asked
        self._jobs[request.job_id] = number
        self._bridge.submit(request)
        self._show_state()

    def _refused(self, error: CatStudioError) -> None:
        self._show_state()
        self.failed.emit(error.message, error.hint)

    def _cancel(self) -> None:
        for job, number in self._jobs.items():
            if number == self._number:
                self._bridge.studio.cancel(job)

    def _job_event(self, event: AnyEvent) -> None:
        number = self._jobs.get(event.job_id)
        if number is None:
            return
        if isinstance(event, Progress):
            if number == self._number:
                self.work.show_progress(event)
        elif isinstance(event, TERMINAL):
            del self._jobs[event.job_id]
            if isinstance(event, Done) and self._folder is not None:
                self._found[number] = (self._folder.name, dict(event.result))
            elif isinstance(event, Failed):
                self.failed.emit(event.message, event.hint)
            self._show_result()
            self._show_state()

    # -- what shows --------------------------------------------------------------------------

    def _show_state(self) -> None:
        self.work.show_working(self._is_working)
        self.choose.setText("Another folder…" if self.boxes else "Choose a folder…")
        self.test.setVisible(bool(self.boxes))
        used = [box for box in self.boxes.values() if box.currentData() != LEAVE_OUT]
        self.test.setEnabled(bool(used) and not self._is_working)
        self.test.setToolTip("" if used else "Say of one folder at least which label it shows.")

    def _show_result(self) -> None:
        name, found = self._found.get(self._number, ("", {}))
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        if found:
            metrics = wording.metrics_of(found)
            column.addWidget(label(f"On the photos in {name}", "section"))
            column.addWidget(label(wording.answer_sentence(found), wrap=True))
            column.addWidget(figures_grid(metrics))
            table = ConfusionView()
            table.show_table(metrics["labels"], metrics["confusion"])
            column.addWidget(table)
            for text in _remarks(found):
                column.addWidget(label(text, "muted", wrap=True))
        self._result = self._put(self._result, body)

    def _put(self, old: QWidget, new: QWidget) -> QWidget:
        self.column.replaceWidget(old, new)
        old.hide()
        old.deleteLater()
        return new


def _remarks(found: Mapping[str, Any]) -> list[str]:
    """What to keep in mind, and each photo that was left out with its reason."""
    refused = found.get("refused") or ()
    remarks = [str(note) for note in found.get("notes") or ()]
    remarks += [
        f"{Path(str(one['path'])).name} was left out: {one['reason']}"
        for one in refused[:_MOST_TOLD]
    ]
    if len(refused) > _MOST_TOLD:
        remarks.append(f"{len(refused) - _MOST_TOLD:,} more were left out.")
    return remarks
