"""Saving a run's report as one file to send, and opening what was saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import M
from catstudio.ui.widgets import button


class ReportFile(QWidget):
    """Two buttons: save, and open once there is something. ``failed`` carries message and hint."""

    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._number = 0
        self._saved: Path | None = None
        self.save = button(
            "Save report…",
            "quiet",
            icon="save",
            tooltip="The report and its audit as one web page that loads nothing, to read or send",
        )
        self.save.clicked.connect(self._choose)
        self.open = button("Open it", "link")
        self.open.clicked.connect(self._open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(M)
        row.addWidget(self.open)
        row.addWidget(self.save)
        self.show_run(0)

    def show_run(self, number: int) -> None:
        """Save run ``number`` from now on; what was saved of another is no longer offered."""
        if number != self._number or not number:
            self._saved = None
        self._number = number
        self.open.setVisible(self._saved is not None)

    def write(self, path: Path) -> None:
        """Write the report to ``path``, in the background."""
        studio, number = self._bridge.studio, self._number
        self.save.setEnabled(False)

        def work() -> tuple[int, Path]:
            studio.write_report(path, number)
            return number, path

        self._bridge.fetch(work, self._written, self._refused, self)

    def _choose(self) -> None:
        root = self._bridge.studio.root
        proposed = root.parent / f"{root.stem} run {self._number}.html"
        name, _ = QFileDialog.getSaveFileName(
            self, "Save the report", str(proposed), "Web page (*.html)"
        )
        if name:
            path = Path(name)
            self.write(path if path.suffix else path.with_suffix(".html"))

    def _written(self, found: tuple[int, Path]) -> None:
        number, path = found
        self.save.setEnabled(True)
        if number == self._number:
            self._saved = path
            self.open.setToolTip(str(path))
            self.open.show()

    def _refused(self, error: CatStudioError) -> None:
        self.save.setEnabled(True)
        self.failed.emit(error.message, error.hint)

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._saved)))
