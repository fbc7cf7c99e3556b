"""The welcome page: drop one photo to begin, or open what was there before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.types import DEFAULT_LABELS
from catstudio.ui.mark import Mark
from catstudio.ui.places import DEFAULT_NAME, parse_labels, projects_folder
from catstudio.ui.recent import RecentProjects
from catstudio.ui.settings import RecentProject
from catstudio.ui.theme import RADIUS, XL, M, S, current
from catstudio.ui.widgets import ElidedLabel, button, label

_WIDTH = 720


class DropTarget(QWidget):
    """The big area that says what to do; a click chooses files instead."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName("Drop one photo to begin, or press Return to choose one")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setMinimumHeight(216)
        self._is_hovered = False
        title = label("Drop one photo to begin", "title")
        text = label("or a folder of them · paste one with Ctrl+V · click to choose files", "muted")
        column = QVBoxLayout(self)
        column.setSpacing(S)
        column.addStretch(1)
        mark = Mark(48, "image-square", "accent")
        column.addWidget(mark, 0, Qt.AlignmentFlag.AlignHCenter)
        for one in (title, text):
            one.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(one)
        column.addStretch(1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.pos()):
            self.pressed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._is_hovered = True
        self.update()

    def leaveEvent(self, event: object) -> None:
        self._is_hovered = False
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        theme = current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_lively = self._is_hovered or self.hasFocus()
        edge = QPen(QColor(theme.accent if is_lively else theme.muted), 2)
        edge.setDashPattern([4, 3])
        painter.setPen(edge)
        painter.setBrush(QColor(theme.surface))
        frame = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(frame, 2 * RADIUS, 2 * RADIUS)


class Welcome(QScrollArea):
    """Asks for a project.

    ``files_chosen`` carries paths for a new project; ``begin_asked`` asks for an empty one;
    ``open_asked`` carries a project's path, ``browse_asked`` wants to be asked for one.
    """

    files_chosen = Signal(object)
    begin_asked = Signal()
    open_asked = Signal(str)
    browse_asked = Signal()
    example_asked = Signal()
    ladder_asked = Signal()
    forget_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._folder = projects_folder()
        self.target = DropTarget()
        self.target.pressed.connect(self._ask_files)
        self.name = QLineEdit(DEFAULT_NAME)
        self.name.setAcceptDrops(False)
        self.name.setAccessibleName("Project name")
        self.labels = QLineEdit(", ".join(DEFAULT_LABELS))
        self.labels.setAcceptDrops(False)
        self.labels.setAccessibleName("Labels")
        self.labels.setToolTip("What the classifier should tell apart, with commas between")
        self._where = ElidedLabel("", "muted", Qt.TextElideMode.ElideMiddle)
        self.begin = button("New project", "primary", icon="add")
        self.begin.setToolTip("Begin an empty project with this name and these labels (Ctrl+N)")
        self.begin.clicked.connect(self.begin_asked)
        self.recent = RecentProjects()
        self.recent.open_asked.connect(self.open_asked)
        self.recent.forget_asked.connect(self.forget_asked)
        self.labels.textChanged.connect(self._look_again)
        self._lay_out()
        self._look_again()
        self._show_folder()

    @property
    def folder(self) -> Path:
        """Where a new project would be put."""
        return self._folder

    def project_labels(self) -> tuple[str, ...]:
        """The labels typed, or the usual ones while there are none."""
        return parse_labels(self.labels.text()) or DEFAULT_LABELS

    def show_recent(self, projects: Sequence[RecentProject]) -> None:
        """The projects opened before."""
        self.recent.show_projects(projects)

    def set_folder(self, folder: Path) -> None:
        """Put new projects into ``folder``."""
        self._folder = folder
        self._show_folder()

    def _show_folder(self) -> None:
        self._where.setText(str(self._folder))

    def _look_again(self) -> None:
        is_empty = not parse_labels(self.labels.text())
        self.begin.setEnabled(not is_empty)
        self.begin.setToolTip("Type at least one label first." if is_empty else "Ctrl+N")

    def _ask_files(self) -> None:
        from catstudio.ui.add_data.panel import FILE_FILTER

        paths, _ = QFileDialog.getOpenFileNames(self, "Choose photos", "", FILE_FILTER)
        if paths:
            self.files_chosen.emit(tuple(paths))

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(
            self, "Where to put new projects", str(self._folder)
        )
        if path:
            self.set_folder(Path(path))

    def _lay_out(self) -> None:
        content = QWidget()
        content.setMaximumWidth(_WIDTH)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 2 * XL, 0, 2 * XL)
        column.setSpacing(XL)
        head = QVBoxLayout()
        head.setSpacing(S)
        head.addWidget(label("CatStudio", "title"))
        head.addWidget(
            label("From one photo to a classifier you can trust, on your own computer.", "muted")
        )
        column.addLayout(head)
        column.addWidget(self.target)
        column.addLayout(self._project_form())
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self.begin)
        browse = button("Open project…", icon="folder", tooltip="Ctrl+O")
        browse.clicked.connect(self.browse_asked)
        buttons.addWidget(browse)
        example = button(
            "Open the example", "quiet", icon="sparkles", tooltip="One cat and a dozen free photos"
        )
        example.clicked.connect(self.example_asked)
        buttons.addWidget(example)
        ladder = button(
            "Huxley's ladder",
            "quiet",
            icon="train",
            tooltip="What each way to get more data buys, from one photo of a cat",
        )
        ladder.clicked.connect(self.ladder_asked)
        buttons.addWidget(ladder)
        buttons.addStretch(1)
        column.addLayout(buttons)
        column.addWidget(self.recent)
        column.addStretch(1)
        outer = QWidget()
        row = QHBoxLayout(outer)
        row.setContentsMargins(XL, 0, XL, 0)
        row.addStretch(1)
        row.addWidget(content, 100)
        row.addStretch(1)
        self.setWidget(outer)

    def _project_form(self) -> QGridLayout:
        form = QGridLayout()
        form.setHorizontalSpacing(M)
        form.setVerticalSpacing(S)
        form.setColumnStretch(1, 1)
        change = button("Change…", "link", tooltip="Put new projects somewhere else")
        change.clicked.connect(self._ask_folder)
        for at, (words, editor) in enumerate(
            (("Name", self.name), ("Tell apart", self.labels), ("In", self._where))
        ):
            text = label(words, "muted")
            text.setBuddy(editor)
            form.addWidget(text, at, 0)
            form.addWidget(editor, at, 1)
        form.addWidget(change, 2, 2)
        return form
