"""One pair: two pictures of one size side by side, three ways to answer, and what was right."""

from __future__ import annotations

from PIL.Image import Image
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from catstudio.core.blind import Answer, BlindPair
from catstudio.report.audit_words import source_title
from catstudio.ui.theme import XL, L, M, S
from catstudio.ui.widgets import KeyHint, PictureView, button, icon_button, label


class PairPage(QWidget):
    """``answered`` carries an :class:`Answer`; ``next_asked`` follows what was told of a pair.

    Its buttons take no focus: the keys belong to the room as a whole.
    """

    answered = Signal(object)
    undo_asked = Signal()
    next_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.question = label("", "title")
        self.question.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Answered pairs")
        self.left, self.right = PictureView(has_ground=False), PictureView(has_ground=False)
        self.left.clicked.connect(lambda: self.answered.emit(Answer.LEFT))
        self.right.clicked.connect(lambda: self.answered.emit(Answer.RIGHT))
        self.left_note, self.right_note = label("", "muted"), label("", "muted")
        self.take_left = button("The left is the photo")
        self.take_right = button("The right is the photo")
        self.unsure = button("Can't tell")
        self.undo = icon_button("undo", "Take back the last answer (Z)")
        self.next = button("Next pair", "primary")
        self.take_left.clicked.connect(lambda: self.answered.emit(Answer.LEFT))
        self.take_right.clicked.connect(lambda: self.answered.emit(Answer.RIGHT))
        self.unsure.clicked.connect(lambda: self.answered.emit(Answer.UNSURE))
        self.undo.clicked.connect(self.undo_asked)
        self.next.clicked.connect(self.next_asked)
        self.told = label("", "heading")
        self.told.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for one in (self.take_left, self.take_right, self.unsure, self.undo, self.next):
            one.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._lay_out()

    @property
    def has_pictures(self) -> bool:
        return self.left.has_picture and self.right.has_picture

    def show_pair(self, pair: BlindPair, answered: int, total: int) -> None:
        """Ask about ``pair``; its pictures follow."""
        self.question.setText(f"Which is the photo? ({pair.label})")
        self.progress.setMaximum(max(total, 1))
        self.progress.setValue(answered)
        self.progress.setToolTip(f"{answered + 1:,} of {total:,}")
        self.undo.setEnabled(answered > 0)
        for side, view, note in (
            ("Left", self.left, self.left_note),
            ("Right", self.right, self.right_note),
        ):
            view.clear()
            view.setAccessibleName(f"{side} image")
            note.setText("")
        self.told.setText("")
        self._show_answers(is_open=True)
        self._enable(is_enabled=False)

    def show_pictures(self, left: QImage, right: QImage) -> None:
        self.left.set_image(left)
        self.right.set_image(right)
        self._enable(is_enabled=True)

    def tell(self, pair: BlindPair) -> None:
        """Say what was right, until the next pair is asked for."""
        made = f"made by {source_title(pair.source)}"
        notes = ("the photo", made) if pair.is_real_left else (made, "the photo")
        self.left_note.setText(notes[0])
        self.right_note.setText(notes[1])
        words, role = {
            True: ("Right", "ok"),
            False: ("It fooled you", "problem"),
            None: ("You could not tell", "look"),
        }[pair.is_right]
        self.told.setText(words)
        self.told.setProperty("role", role)
        self.told.style().polish(self.told)
        self._show_answers(is_open=False)

    def _show_answers(self, is_open: bool) -> None:
        self._answers.setVisible(is_open)
        self._after.setVisible(not is_open)

    def _enable(self, is_enabled: bool) -> None:
        for one in (self.take_left, self.take_right, self.unsure):
            one.setEnabled(is_enabled)

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(XL)
        for view, note in ((self.left, self.left_note), (self.right, self.right_note)):
            side = QVBoxLayout()
            side.setSpacing(S)
            side.addWidget(view, 1)
            note.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            side.addWidget(note)
            pictures.addLayout(side, 1)
        self._answers = _row(
            (KeyHint("←"), self.take_left),
            (KeyHint("Space"), self.unsure),
            (KeyHint("→"), self.take_right),
            (KeyHint("Z"), self.undo),
        )
        self._after = _row((KeyHint("Return"), self.next))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        column.addWidget(self.progress)
        inner = QVBoxLayout()
        inner.setContentsMargins(XL, S, XL, L)
        inner.setSpacing(M)
        inner.addWidget(self.question)
        inner.addLayout(pictures, 1)
        inner.addWidget(self.told)
        inner.addWidget(self._answers)
        inner.addWidget(self._after)
        column.addLayout(inner, 1)


def _row(*groups: tuple[QWidget, ...]) -> QWidget:
    result = QWidget()
    row = QHBoxLayout(result)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(S)
    row.addStretch(1)
    for group in groups:
        for widget in group:
            row.addWidget(widget)
        row.addSpacing(L)
    row.addStretch(1)
    return result


def to_qimage(picture: Image) -> QImage:
    """An RGB picture as an image of Qt's; on a background thread."""
    data = picture.tobytes()
    width, height = picture.size
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # Copies: ``data`` may go.
