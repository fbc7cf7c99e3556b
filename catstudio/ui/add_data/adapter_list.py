"""LoRAs and embeddings that a model wears: several, each with its weight and the word it answers to."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from catstudio.core.errors import BadInputError
from catstudio.models import ModelEntry
from catstudio.sources.base import Parameter
from catstudio.sources.weighted import MAX_WEIGHT, Weighted, parse, written
from catstudio.ui.add_data.fields import Field, Slider
from catstudio.ui.add_data.model_shelf import Shelf
from catstudio.ui.add_data.part_field import misfit
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import ComboBox, DoubleSpinBox, ElidedLabel, button, icon_button

_STEP = 0.05
_SLIDER_REACH = 2.0
"""The slider ends where people rarely go beyond; the number beside it takes more, and less than 0."""
_SPIN_WIDTH = 76


class AdapterRow(QWidget):
    """One adapter. ``removed`` asks to take it out, ``said(str)`` to put its word into the prompt."""

    changed = Signal()
    removed = Signal()
    said = Signal(str)

    def __init__(self, adapter: Weighted, has_weight: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = adapter.name
        self._word = ""
        self.title = ElidedLabel(adapter.name, "", Qt.TextElideMode.ElideMiddle)
        self.say = button("", "link")
        self.say.clicked.connect(lambda: self.said.emit(self._word))
        self.remove = icon_button("clear", f"Take {adapter.name} out")
        self.remove.clicked.connect(self.removed)
        head = QHBoxLayout()
        head.setSpacing(S)
        head.addWidget(self.title, 1)
        head.addWidget(self.say)
        head.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        self.weight = DoubleSpinBox(self)
        self.slider = Slider(Qt.Orientation.Horizontal, self)
        if has_weight:
            self._add_weight(column, adapter.weight)
        else:
            self.weight.hide()
            self.slider.hide()
        self.show_entry(None, "")

    def value(self) -> Weighted:
        """The adapter as the row says now."""
        return Weighted(self.name, round(self.weight.value(), 4))

    def show_entry(self, entry: ModelEntry | None, word: str) -> None:
        """What is known of it: its title, and the word that a prompt must say."""
        self.title.setText(entry.title if entry is not None else f"{self.name} (not here)")
        self._word = word
        self.say.setText(f"say “{word}”" if len(word) <= 14 else "say its word")
        self.say.setToolTip(f"It answers to “{word}”: put that into the prompt")
        self.say.setVisible(bool(word))

    def _add_weight(self, column: QVBoxLayout, weight: float) -> None:
        self.weight.setRange(-MAX_WEIGHT, MAX_WEIGHT)
        self.weight.setSingleStep(_STEP)
        self.weight.setDecimals(2)
        self.weight.setMinimumWidth(_SPIN_WIDTH)
        self.slider.setRange(0, round(_SLIDER_REACH / _STEP))
        self.slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        for one in (self.slider, self.weight):
            one.setAccessibleName(f"Weight of {self.name}")
            one.setToolTip("How strongly it works: 1 as it was trained, 0 not at all")
        self.slider.valueChanged.connect(lambda notch: self.weight.setValue(notch * _STEP))
        self.weight.valueChanged.connect(self._follow)
        self.weight.valueChanged.connect(self.changed)
        self.weight.setValue(weight)
        self._follow(weight)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.slider, 1)
        row.addWidget(self.weight)
        column.addLayout(row)

    def _follow(self, weight: float) -> None:
        # A typed weight must not be rounded to the slider's notch.
        self.slider.blockSignals(True)
        self.slider.setValue(round(weight / _STEP))
        self.slider.blockSignals(False)


class AdapterField(Field):
    """The adapters of one kind as the text that :mod:`catstudio.sources.weighted` reads.

    ``said(str)`` carries the word of an adapter that was added, or whose link was pressed.

    Parameters
    ----------
    kind : "lora", which have weights, or "embedding", which have none.
    """

    said = Signal(str)

    def __init__(self, parameter: Parameter, kind: str, words: str) -> None:
        self._kind, self._words = kind, words
        self._shelf = Shelf()
        self.rows: list[AdapterRow] = []
        super().__init__(parameter)

    def show_shelf(self, shelf: Shelf, model_family: str) -> None:
        """Offer what is on ``shelf`` for models of ``model_family``."""
        self._shelf = shelf
        self.add.blockSignals(True)
        self.add.clear()
        for entry in shelf.of_kind(self._kind):
            reason = misfit(entry.family, model_family)
            self.add.addItem(f"{entry.title} ({reason})" if reason else entry.title, entry.id)
            if reason:
                at = self.add.count() - 1
                self.add.setItemData(at, 0, Qt.ItemDataRole.UserRole - 1)  # Not selectable.
        self.add.setCurrentIndex(-1)
        self.add.setEnabled(self.add.count() > 0)
        self.add.setPlaceholderText(
            f"Add {self._words}…" if self.add.count() else f"No {self._words.split()[-1]} here yet"
        )
        self.add.blockSignals(False)
        self._describe()

    def _editors(self) -> list[QWidget]:
        whole = QWidget()
        self._column = QVBoxLayout(whole)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(XS)
        self.add = ComboBox()
        self.add.setAccessibleName(f"Add {self._words}")
        self.add.setToolTip(self.parameter.help)
        self.add.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.add.setPlaceholderText(f"Add {self._words}…")
        self.add.activated.connect(self._add_chosen)
        self._column.addWidget(self.add)
        whole.setFocusProxy(self.add)
        self._read, self._write = self._text, self._show_text
        return [whole]

    def _text(self) -> str:
        if self._kind == "embedding":
            return ", ".join(row.name for row in self.rows)
        return written(tuple(row.value() for row in self.rows))

    def _show_text(self, text: str) -> None:
        try:
            wanted = parse(text)
        except BadInputError:
            wanted = ()  # Remembered by another version.
        while self.rows:
            self._take_out(self.rows[-1])
        for adapter in wanted:
            self._put_in(adapter)
        self._describe()
        self.changed.emit()

    def _add_chosen(self, at: int) -> None:
        id_ = str(self.add.itemData(at))
        self.add.setCurrentIndex(-1)
        if any(row.name == id_ for row in self.rows):
            return
        row = self._put_in(Weighted(id_))
        self._describe()
        (row.slider if self._kind == "lora" else row.remove).setFocus()
        self.changed.emit()
        if word := self._shelf.words.get(id_, ""):
            self.said.emit(word)

    def _put_in(self, adapter: Weighted) -> AdapterRow:
        row = AdapterRow(adapter, has_weight=self._kind == "lora")
        row.changed.connect(self.changed)
        row.said.connect(self.said)
        row.removed.connect(lambda: self._remove(row))
        self._column.insertWidget(len(self.rows), row)
        self.rows.append(row)
        return row

    def _remove(self, row: AdapterRow) -> None:
        self._take_out(row)
        self.add.setFocus()
        self.changed.emit()

    def _take_out(self, row: AdapterRow) -> None:
        self.rows.remove(row)
        self._column.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _describe(self) -> None:
        for row in self.rows:
            row.show_entry(self._shelf.entries.get(row.name), self._shelf.words.get(row.name, ""))
