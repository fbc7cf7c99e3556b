"""The buttons under an image in review, each with its key."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from catstudio.core.types import ImageRecord, State
from catstudio.ui.theme import XL, M, S
from catstudio.ui.widgets import ChipButton, FlowLayout, KeyHint, button, icon_button


class ReviewBar(QFrame):
    """``decided(State)``, ``labelled(str)``, ``moved(int)``, ``undone()``.

    Its buttons take no focus: the keys belong to the review as a whole.
    """

    decided = Signal(object)
    labelled = Signal(str)
    moved = Signal(int)
    undone = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._labels: tuple[str, ...] = ()
        self.accept = button("Accept", "", "accept", "Accept (A)")
        self.reject = button("Reject", "", "reject", "Reject (R)")
        self.accept.setCheckable(True)
        self.reject.setCheckable(True)
        self.accept.clicked.connect(lambda: self.decided.emit(State.ACCEPTED))
        self.reject.clicked.connect(lambda: self.decided.emit(State.REJECTED))
        self.undo = icon_button("undo", "Take back the last decision (Z)")
        self.undo.clicked.connect(self.undone)
        self.previous = icon_button("back", "Previous (←)")
        self.next = icon_button("next", "Next (→)")
        self.previous.clicked.connect(lambda: self.moved.emit(-1))
        self.next.clicked.connect(lambda: self.moved.emit(1))
        field = QWidget()
        self._flow = FlowLayout(field, S)
        self.label_chips: dict[str, ChipButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(XL, M, XL, M)
        row.setSpacing(S)
        for key, one in (("A", self.accept), ("R", self.reject)):
            row.addWidget(KeyHint(key))
            row.addWidget(one)
            row.addSpacing(S)
        row.addSpacing(M)
        row.addWidget(field, 1)
        row.addWidget(KeyHint("Z"))
        row.addWidget(self.undo)
        row.addSpacing(S)
        row.addWidget(self.previous)
        row.addWidget(self.next)
        buttons = (self.accept, self.reject, self.undo, self.previous, self.next)
        for each in buttons:
            each.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Offer the project's labels, numbered as on the keyboard."""
        if labels == self._labels:
            return
        self._labels = labels
        self._flow.clear()
        self.label_chips = {}
        for place, name in enumerate(labels, 1):
            number = f"{place}  " if place < 10 else ""
            chip = ChipButton(number + name.replace("&", "&&"))
            chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            chip.clicked.connect(lambda _=False, name=name: self.labelled.emit(name))
            self.label_chips[name] = chip
            self._flow.addWidget(chip)

    def press_label(self, place: int) -> None:
        """As if the label at ``place``, from 0, had been clicked."""
        if place < len(self._labels):
            self.labelled.emit(self._labels[place])

    def show_record(self, record: ImageRecord | None, can_undo: bool) -> None:
        """Show how ``record`` stands; None: only going back is possible."""
        for one in (self.accept, self.reject, *self.label_chips.values()):
            one.setEnabled(record is not None)
        state = record.state if record is not None else None
        self.accept.setChecked(state is State.ACCEPTED)
        self.reject.setChecked(state is State.REJECTED)
        for name, chip in self.label_chips.items():
            chip.setChecked(record is not None and record.label == name)
        self.undo.setEnabled(can_undo)
