"""Fields that edit one image or many: label, state, split, copies, tags. Mixed values stay empty."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from catstudio.core.changes import (
    AddLabel,
    AnyChange,
    SetLabel,
    SetSplit,
    SetState,
    SetTags,
    SetWeight,
)
from catstudio.core.types import ImageRecord, Split, State
from catstudio.ui.gallery.filter_bar import SPLIT_TITLES, STATE_TITLES
from catstudio.ui.in_common import InCommon, only
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import ChipButton, ComboBox, FlowLayout, SectionHeader, SpinBox

_MIXED = "Several"
_TAGS_HINT = "Such as: indoor, night"
_MOST_COPIES = 1_000_000
_STATES = (State.ACCEPTED, State.REJECTED, State.PENDING)


class EditFields(QWidget):
    """Emits ``change_wanted(AnyChange)`` for what the person sets; shows what the records say."""

    change_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._records: list[ImageRecord] = []
        self._common = InCommon()
        self._labels: tuple[str, ...] = ()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(XS)
        self._build_label()
        self._build_state()
        self._build_rest()

    def _section(self, title: str, field: QWidget) -> None:
        self._column.addWidget(SectionHeader(title))
        self._column.addWidget(field)
        self._column.addSpacing(M - XS)

    def _build_label(self) -> None:
        field = QWidget()
        self._label_flow = FlowLayout(field, S)
        self.label_chips: dict[str, ChipButton] = {}
        self.add_label = ChipButton("New label", "add")
        self.add_label.setCheckable(False)
        self.add_label.clicked.connect(self._begin_label)
        self.new_label = QLineEdit()
        self.new_label.setPlaceholderText("Name, then Enter")
        self.new_label.setAccessibleName("New label")
        self.new_label.setMaxLength(80)
        self.new_label.setFixedWidth(140)
        self.new_label.hide()
        self.new_label.returnPressed.connect(self._finish_label)
        self.new_label.editingFinished.connect(self._end_label)
        self._section("Label", field)

    def _build_state(self) -> None:
        field = QWidget()
        flow = FlowLayout(field, XS)
        self.state_chips: dict[State, ChipButton] = {}
        for state in _STATES:
            chip = ChipButton(STATE_TITLES[state])
            chip.clicked.connect(lambda _=False, state=state: self._set_state(state))
            self.state_chips[state] = chip
            flow.addWidget(chip)
        self._section("State", field)

    def _build_rest(self) -> None:
        self.split = ComboBox()
        self.split.setAccessibleName("Split")
        for split, title in ((None, SPLIT_TITLES[None]), *list(SPLIT_TITLES.items())[:3]):
            self.split.addItem(title, split)
        self.split.activated.connect(self._set_split)
        self._section("Split", self.split)
        self.tags = QLineEdit()
        self.tags.setAccessibleName("Tags")
        self.tags.setPlaceholderText(_TAGS_HINT)
        self.tags.editingFinished.connect(self._set_tags)
        self._section("Tags", self.tags)
        self.weight = SpinBox()
        self.weight.setAccessibleName("Counted as copies")
        self.weight.setRange(0, _MOST_COPIES)
        self.weight.setGroupSeparatorShown(True)
        self.weight.setSuffix(" ×")
        self.weight.setKeyboardTracking(False)
        self.weight.setToolTip(
            "Counts the image as so many exact copies. It stays one independent image."
        )
        self.weight.editingFinished.connect(self._set_weight)
        self._section("Counted", self.weight)

    # -- showing -----------------------------------------------------------------------------

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Offer the project's labels."""
        if labels == self._labels:
            return
        self._labels = labels
        self._label_flow.removeWidget(self.add_label)
        self._label_flow.removeWidget(self.new_label)
        self._label_flow.clear()
        self.label_chips = {}
        for place, name in enumerate(labels, 1):
            chip = ChipButton(name.replace("&", "&&"))
            chip.setToolTip(f"Key {place}" if place < 10 else "")
            chip.clicked.connect(lambda is_on, name=name: self._set_label(name, is_on))
            self.label_chips[name] = chip
            self._label_flow.addWidget(chip)
        self._label_flow.addWidget(self.add_label)
        self._label_flow.addWidget(self.new_label)
        self._show_label()

    def set_records(self, records: list[ImageRecord]) -> None:
        """From now on edits apply to ``records``; :meth:`show_common` follows."""
        self._records = records

    def show_common(self, found: InCommon) -> None:
        """Show what the records have in common."""
        self._common = found
        self._show_label()
        _, state = only(found.states)
        for one, chip in self.state_chips.items():
            chip.setChecked(one is state)
        self._show_split()
        is_one, tags = only(found.tags)
        if not self.tags.hasFocus():
            self.tags.setText(", ".join(tags or ()))
        several = "Several; typing replaces them"
        self.tags.setPlaceholderText(_TAGS_HINT if is_one else several)
        is_one, weight = only(found.weights)
        if not self.weight.hasFocus():
            with QSignalBlocker(self.weight):
                self.weight.setMinimum(1 if is_one else 0)
                self.weight.setSpecialValueText("" if is_one else _MIXED)
                self.weight.setValue(weight or 0)

    def _show_label(self) -> None:
        is_one, label = only(self._common.labels)
        for name, chip in self.label_chips.items():
            chip.setChecked(is_one and name == label)

    def _show_split(self) -> None:
        is_one, split = only(self._common.splits)
        self.split.setCurrentIndex(self.split.findData(split) if is_one else -1)
        self.split.setPlaceholderText(_MIXED)
        is_real = self._common.real == self._common.count
        model = self.split.model()
        for row in range(self.split.count()):
            is_held = self.split.itemData(row) in (Split.VAL, Split.TEST)
            if isinstance(model, QStandardItemModel):
                model.item(row).setEnabled(is_real or not is_held)
        self.split.setToolTip("" if is_real else "Only real photos may be validated or tested on.")

    # -- editing -----------------------------------------------------------------------------

    def _ids(self, differs: Callable[[ImageRecord], bool]) -> tuple[str, ...]:
        return tuple(r.id for r in self._records if differs(r))

    def _want(self, change: AnyChange | None) -> None:
        if change is not None:
            self.change_wanted.emit(change)

    def _set_label(self, name: str, is_on: bool) -> None:
        label = name if is_on else None
        ids = self._ids(lambda r: r.label != label)
        self._show_label()  # The record says what is; its change will come back.
        self._want(SetLabel(ids, label) if ids else None)

    def _set_state(self, state: State) -> None:
        ids = self._ids(lambda r: r.state is not state)
        self.state_chips[state].setChecked(True)
        self._want(SetState(ids, state) if ids else None)

    def _set_split(self, row: int) -> None:
        data = self.split.itemData(row)
        split = Split(data) if data else None  # Qt hands the enum back as plain text.
        ids = self._ids(lambda r: r.split != split)
        self._want(SetSplit(ids, split) if ids else None)

    def _set_tags(self) -> None:
        text = self.tags.text()
        is_one, _ = only({r.tags for r in self._records})
        if not is_one and not text.strip():
            return
        tags = tuple(dict.fromkeys(tag.strip() for tag in text.split(",") if tag.strip()))
        ids = self._ids(lambda r: r.tags != tags)
        self._want(SetTags(ids, tags) if ids else None)

    def _set_weight(self) -> None:
        weight = self.weight.value()
        ids = self._ids(lambda r: r.weight != weight) if weight else ()
        self._want(SetWeight(ids, weight) if ids else None)

    # -- a new label -------------------------------------------------------------------------

    def _begin_label(self) -> None:
        self.add_label.hide()
        self.new_label.show()
        self.new_label.setFocus(Qt.FocusReason.OtherFocusReason)

    def _finish_label(self) -> None:
        name = self.new_label.text().strip()
        self.new_label.clear()
        self._end_label()
        if not name:
            return
        if name not in self._labels:
            self._want(AddLabel(name))
        ids = self._ids(lambda r: r.label != name)
        self._want(SetLabel(ids, name) if ids else None)

    def _end_label(self) -> None:
        if not self.new_label.text().strip():
            self.new_label.hide()
            self.add_label.show()
