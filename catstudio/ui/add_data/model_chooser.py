"""Choosing a generation model: those registered here and those in the hub's cache, or adding one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.errors import CatStudioError
from catstudio.models import ModelEntry, ModelRegistry
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XS
from catstudio.ui.widgets import ComboBox, icon_button, label

IMAGE_MODELS = ("text-to-image", "image-to-image", "inpaint")
"""Kinds of models that make images by themselves."""
_SIZE_ROLE = Qt.ItemDataRole.UserRole + 1
_EMPTY = (
    "No model on this computer yet. Get one below, or add a folder in the diffusers layout or "
    "one .safetensors file."
)


class ModelChooser(QWidget):
    """A list of models with a button to add one. Reading and checking happen in the background.

    ``kinds`` are those that are offered (see :class:`catstudio.models.ModelEntry`). ``changed``
    is sent when the choice or the list changes; ``failed`` carries message and hint of a model
    that cannot be used.
    """

    changed = Signal()
    failed = Signal(str, str)

    def __init__(
        self,
        bridge: StudioBridge,
        registry: ModelRegistry | None = None,
        parent: QWidget | None = None,
        *,
        kinds: Collection[str] = IMAGE_MODELS,
    ) -> None:
        super().__init__(parent)
        self._kinds = kinds
        self._bridge = bridge
        self._registry = registry or ModelRegistry()
        self._wanted = ""
        self._list = ComboBox()
        self._list.setAccessibleName("Model")
        self._list.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._list.setPlaceholderText("No model yet")
        self._list.currentIndexChanged.connect(self._choose)
        self._add = icon_button("add", "Add a model that is on this computer")
        self._add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self._add)
        menu.addAction("Add model folder…", self._ask_folder)
        menu.addAction("Add .safetensors file…", self._ask_file)
        self._add.setMenu(menu)
        self._note = label(_EMPTY, "small", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(XS)
        row.addWidget(self._list, 1)
        row.addWidget(self._add)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addLayout(row)
        column.addWidget(self._note)
        self._note.hide()
        self.setFocusProxy(self._list)
        self.refresh()

    def value(self) -> str:
        """The id of the chosen model, or ""."""
        return str(self._list.currentData() or "")

    def set_value(self, id_: str) -> None:
        """Choose the model called ``id_``, now or when the list has been read."""
        self._wanted = id_
        index = self._list.findData(id_)
        if index >= 0:
            self._list.setCurrentIndex(index)

    def native_size(self) -> int:
        """The side in pixels that the chosen model was made for, 0 if unknown."""
        return int(self._list.currentData(_SIZE_ROLE) or 0)

    def refresh(self) -> None:
        """Read the list of models again."""
        self._bridge.fetch(self._registry.list, self._show, self._failed)

    def add(self, path: str) -> None:
        """Check and register the model at ``path``; it becomes the choice."""
        self._bridge.fetch(lambda: self._registry.add(path), self._added, self._failed)

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Add a model folder", str(Path.home()))
        if path:
            self.add(path)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Add a model file", str(Path.home()), "Models (*.safetensors)"
        )
        if path:
            self.add(path)

    def _added(self, entry: ModelEntry) -> None:
        if entry.kind in self._kinds:  # A LoRA goes with the model that is chosen.
            self._wanted = entry.id
        self.refresh()

    def _failed(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)

    def _show(self, entries: tuple[ModelEntry, ...]) -> None:
        wanted = self._wanted or self.value()
        self._list.blockSignals(True)
        self._list.clear()
        usable = [entry for entry in entries if entry.kind in self._kinds]
        for entry in usable:
            self._list.addItem(entry.title, entry.id)
            at = self._list.count() - 1
            self._list.setItemData(at, entry.native_size, _SIZE_ROLE)
        self._list.setCurrentIndex(max(0, self._list.findData(wanted)) if usable else -1)
        self._list.blockSignals(False)
        self._list.setEnabled(bool(usable))
        self._note.setVisible(not usable)
        self._choose()

    def _choose(self) -> None:
        self._list.setToolTip(self._list.currentText())
        self.changed.emit()
