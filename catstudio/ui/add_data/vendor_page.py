"""The page of vendor photos: single files as elsewhere, or a whole data set through the wizard."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QWidget

from catstudio.sources import Source
from catstudio.ui.add_data.source_page import ImportPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.theme import S
from catstudio.ui.vendor.room import DatasetRoom
from catstudio.ui.widgets import button, label

FILES = (
    "Data sets (*.zip *.tar *.tgz *.tar.gz *.tar.xz *.tar.bz2 *.csv *.tsv *.json *.jsonl *.parquet)"
)


class VendorPage(ImportPage):
    """Somebody else's photos. A data set is looked at before anything of it enters."""

    def __init__(self, source: Source, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        text = label(
            "A whole data set (class folders, Hugging Face, COCO, CSV, WebDataset, zip, tar): map "
            "its labels and see its risks before anything enters.",
            "small",
            wrap=True,
        )
        folder = button("Data set folder…", tooltip="A folder with a sub-folder for each class")
        folder.clicked.connect(self._ask_folder)
        file = button("File…", tooltip="An archive, or the file that lists the images")
        file.clicked.connect(self._ask_file)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(folder, 1)
        row.addWidget(file)
        self.column.insertWidget(1, text)
        self.column.insertLayout(2, row)

    def open_dataset(self, path: str) -> None:
        """Look at the data set at ``path`` in the wizard."""
        self.room_asked.emit(partial(_room, path=path, credit=self.credit()))

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Open a data set")
        if path:
            self.open_dataset(path)

    def _ask_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a data set", "", f"{FILES};;All files (*)"
        )
        if path:
            self.open_dataset(path)


def _room(bridge: StudioBridge, *, path: str, credit: dict[str, str]) -> Room:
    return DatasetRoom(bridge, path, credit)
