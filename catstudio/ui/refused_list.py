"""What a job refused or warned of: each file with its reason and what to do, the first few open."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.jobs.events import Warned
from catstudio.ui.theme import S
from catstudio.ui.widgets import WrappedLabel, button

FIRST = 2
"""So many are shown at once; a button shows the others."""
MOST = 50
"""More than this many rows are only copied: a list that long is read elsewhere."""


class RefusedList(QWidget):
    """Hidden until :meth:`show_warnings` has something to say. ``resized`` follows the button."""

    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[WrappedLabel] = []
        self._warnings: Sequence[Warned] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(S)
        self.more = button("", "link")
        self.more.setCheckable(True)
        self.more.toggled.connect(self._show_rows)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        self.hide()

    def show_warnings(self, warnings: Sequence[Warned]) -> None:
        """List ``warnings``, in the order in which they came."""
        self._warnings = warnings
        self._show_rows()
        self.setVisible(bool(warnings))

    def _show_rows(self) -> None:
        total = len(self._warnings)
        shown = self._warnings[: MOST if self.more.isChecked() else FIRST]
        for row in self.rows[len(shown) :]:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        del self.rows[len(shown) :]
        for warned in shown[len(self.rows) :]:
            row = WrappedLabel(f"{warned.message} {warned.hint}".strip(), "small")
            row.setToolTip(warned.path)
            self._column.insertWidget(len(self.rows), row)
            self.rows.append(row)
        if not self.more.isChecked():
            self.more.setText(f"Show {total - FIRST:,} more")
        elif total > MOST:
            self.more.setText(f"Show fewer; “Copy details” has all {total:,}")
        else:
            self.more.setText("Show fewer")
        self.more.setVisible(total > FIRST)
        self.resized.emit()
