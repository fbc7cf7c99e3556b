"""Choosing what goes with a model, such as a ControlNet or a decoder, from what is on this computer."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from catstudio.sources.base import Parameter
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.model_shelf import Shelf
from catstudio.ui.widgets import ComboBox

_FAMILIES = {
    "stable-diffusion": "Stable Diffusion",
    "sdxl": "SDXL",
    "flow-matching": "flow-matching models",
}


def misfit(family: str, model_family: str) -> str:
    """For which models a part of ``family`` was made, when that is not ``model_family``; else ""."""
    is_known = family in _FAMILIES and model_family in _FAMILIES
    return f"for {_FAMILIES[family]}" if is_known and family != model_family else ""


class PartField(Field):
    """A list of the models of one kind. Those made for another family cannot be chosen.

    Parameters
    ----------
    none : the entry that stands for "", such as "The model's own"; "" offers none of that sort.
    empty : what is said while there is nothing to choose.
    """

    def __init__(self, parameter: Parameter, kind: str, none: str, empty: str) -> None:
        self._kind, self._none, self._empty = kind, none, empty
        super().__init__(parameter)

    def show_shelf(self, shelf: Shelf, model_family: str) -> None:
        """Offer what is on ``shelf`` for models of ``model_family``; keeps the choice."""
        wanted = self.value()
        self._box.blockSignals(True)
        self._box.clear()
        if self._none:
            self._box.addItem(self._none, "")
        for entry in shelf.of_kind(self._kind):
            reason = misfit(entry.family, model_family)
            self._box.addItem(f"{entry.title} ({reason})" if reason else entry.title, entry.id)
            if reason:
                item = self._box.count() - 1
                self._box.setItemData(item, 0, Qt.ItemDataRole.UserRole - 1)  # Not selectable.
        self._box.setPlaceholderText(self._empty)
        self._choose(wanted)
        self._box.blockSignals(False)
        self._box.setEnabled(self._box.count() > 0)
        if self.value() != wanted:
            self.changed.emit()

    @property
    def has_choice(self) -> bool:
        """Is there anything to choose?"""
        return self._box.count() > (1 if self._none else 0)

    def _editors(self) -> list[QWidget]:
        self._box = ComboBox()
        self._box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._box.setPlaceholderText(self._empty)
        if self._none:
            self._box.addItem(self._none, "")
        self._box.currentIndexChanged.connect(self.changed)
        self._read = lambda: str(self._box.currentData() or "")
        self._write = self._choose
        return [self._box]

    def _choose(self, id_: str) -> None:
        at = self._box.findData(id_)
        if at < 0 and id_:
            # What an image was made with may not be here: the job says so, if it is still wanted.
            self._box.addItem(id_, id_)
            at = self._box.count() - 1
        if at < 0:
            at = next((n for n in range(self._box.count()) if self._is_free(n)), -1)
        self._box.setCurrentIndex(at)

    def _is_free(self, at: int) -> bool:
        return bool(self._box.itemData(at, Qt.ItemDataRole.UserRole - 1) != 0)
