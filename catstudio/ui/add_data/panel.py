"""ADD DATA: the sources as tiles, the chosen one's page, one button that says what it will do."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.changes import AddLabel
from catstudio.core.pixels import EXTENSIONS
from catstudio.core.types import ImageRecord
from catstudio.sources import SOURCES, Source, recipes
from catstudio.ui import icons
from catstudio.ui.add_data.asks import CopyAsk, GenerateAsk, ImportAsk, button_text
from catstudio.ui.add_data.copy_page import CopyPage
from catstudio.ui.add_data.diffusion_page import DiffusionPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.label_chooser import LabelChooser
from catstudio.ui.add_data.pages import build_page
from catstudio.ui.add_data.source_page import ImportPage, SourcePage
from catstudio.ui.add_data.vendor_page import VendorPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import button, label

_COLUMNS = 2
_TILE_HEIGHT = 30
_SOON_MS = 2000
"""What cannot be done by then waits for the person."""
FILE_FILTER = f"Images ({' '.join(sorted(f'*{one}' for one in EXTENSIONS))});;All files (*)"


class AddDataPanel(QFrame):
    """``import_asked``, ``generate_asked`` and ``copy_asked`` carry what is wanted; ``room_asked``
    a builder of what needs the whole window."""

    import_asked = Signal(object)
    generate_asked = Signal(object)
    copy_asked = Signal(object)
    room_asked = Signal(object)
    failed = Signal(str, str)

    def __init__(
        self, bridge: StudioBridge, settings: Settings, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._bridge = bridge
        self._settings = settings
        self._facts = Facts()
        self._pages: dict[str, SourcePage] = {}
        self._tiles: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self.labels = LabelChooser()
        self.labels.changed.connect(self._show_facts)
        self.labels.added.connect(lambda name: bridge.apply(AddLabel(name)))
        self._content = QWidget()
        self._column = QVBoxLayout(self._content)
        self._column.setContentsMargins(0, 0, S, 0)
        self._column.setSpacing(M)
        self.button = button("", "primary")
        self.button.clicked.connect(self.press)
        self.folder = button("Folder…", tooltip="Import all images of a folder")
        self.folder.clicked.connect(self._ask_folder)
        self._why = label("", "small", wrap=True)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._lay_out()
        self.choose(settings.source if settings.source in SOURCES else "photo")

    # -- what is shown -----------------------------------------------------------------------

    @property
    def source(self) -> Source:
        """The chosen source."""
        return self.page.source

    @property
    def page(self) -> SourcePage:
        return self._pages[self._settings.source]

    def choose(self, id_: str) -> None:
        """Show the page of the source called ``id_``; pages are built when first shown."""
        if id_ not in self._pages:
            page = build_page(SOURCES[id_], self._bridge, self._settings)
            page.changed.connect(self._refresh)
            page.submitted.connect(self.press)
            page.failed.connect(self.failed)
            page.room_asked.connect(self.room_asked)
            self._pages[id_] = page
            self._column.insertWidget(self._column.count() - 1, page)
        # Hidden pages take no room, so that only the one that shows can make it scroll.
        for known, page in self._pages.items():
            page.setVisible(known == id_)
        self._tiles[id_].setChecked(True)
        self._settings.source = id_
        self.labels.allow_none(isinstance(self.page, ImportPage))
        self._show_facts()

    def _enter(self, id_: str) -> None:
        self.choose(id_)
        self.page.opened()

    def show_facts(self, facts: Facts) -> None:
        """What is known of the project now."""
        self._facts = facts
        self.labels.set_labels(facts.labels)
        self._show_facts()

    def use_settings(self, record: ImageRecord) -> None:
        """Put the parameters of a made image back in its source's page; those of another tool's
        image, as far as its file tells them, in that of the diffusion model."""
        recipe = recipes.read_back(record)
        if recipe is not None:
            self.use_recipe(recipe, record)

    def use_recipe(self, recipe: recipes.Recipe, record: ImageRecord) -> None:
        """Put ``recipe``, which begins from ``record`` or made it, into its source's page."""
        self.choose(recipe.method)
        self.labels.choose(record.label)
        if isinstance(self.page, GeneratePage):
            self.page.use_recipe(recipe, record)
        self._refresh()

    def fix(self, record: ImageRecord) -> None:
        """Have painted what is wrong with an image; the settings that mend it come into the page."""
        self.choose("diffusers")
        self.labels.choose(record.label)
        if isinstance(self.page, DiffusionPage):
            self.page.fix(record)

    # -- what is asked -----------------------------------------------------------------------

    def press(self) -> None:
        """Do what the button says, if it can be done."""
        self._soon.stop()
        if not self.button.isEnabled():
            return
        page = self.page
        if isinstance(page, GeneratePage):
            self.generate_asked.emit(page.ask())
        elif isinstance(page, CopyPage):
            self.copy_asked.emit(page.ask())
        else:
            self._ask_files()

    def press_soon(self) -> None:
        """Do what the button says as soon as it can be done: lists may still be on their way."""
        self._soon.start()
        self._refresh()

    def import_ask(self, paths: tuple[str, ...], label: str | None) -> ImportAsk:
        """Files that were dropped or chosen, with the credit of the page that is showing."""
        page = self.page if isinstance(self.page, ImportPage) else self._photos()
        return page.ask(paths, label)

    def open_dataset(self, path: str) -> None:
        """Look at the data set at ``path`` before anything of it enters."""
        self.choose("vendor")
        if isinstance(self.page, VendorPage):
            self.page.open_dataset(path)

    def import_label(self) -> str | None:
        """The label chosen for what is brought in; None while the panel makes images."""
        return self.labels.value() if isinstance(self.page, ImportPage) else None

    def _photos(self) -> ImportPage:
        page = self._pages.get("photo")
        return page if isinstance(page, ImportPage) else ImportPage(SOURCES["photo"])

    def _ask_files(self) -> None:
        paths, _ = QFileDialog.getOpenFileNames(self, self.button.text(), "", FILE_FILTER)
        if paths:
            self.import_asked.emit(self.import_ask(tuple(paths), self.labels.value()))

    def _ask_folder(self) -> None:
        path = QFileDialog.getExistingDirectory(self, "Import a folder")
        if path:
            self.import_asked.emit(self.import_ask((path,), self.labels.value()))

    def _show_facts(self) -> None:
        self.page.show_facts(self._facts, self.labels.value())
        self._refresh()

    def _refresh(self) -> None:
        page = self.page
        why = page.why_not()
        self.button.setText(button_text(page.source, self.labels.value() or "image", page.count))
        self.button.setEnabled(not why)
        self.button.setToolTip(why or page.source.summary)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self.folder.setVisible(isinstance(page, ImportPage))
        if not why and self._soon.isActive():
            self.press()

    # -- building ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(M, M, M, M)
        column.setSpacing(M)
        column.addWidget(label("ADD DATA", "section"))
        self._column.addLayout(self._tile_grid())
        # An alignment of the layout would take the height for its widest hint, and press the
        # fields together where a sentence takes a line more.
        self._column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self._content)
        column.addWidget(scroll, 1)
        row = QHBoxLayout()
        row.setSpacing(S)
        words = label("Label", "muted")
        words.setBuddy(self.labels)
        row.addWidget(words)
        row.addWidget(self.labels, 1)
        column.addLayout(row)
        column.addWidget(self._why)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addWidget(self.button, 1)
        buttons.addWidget(self.folder)
        column.addLayout(buttons)

    def _tile_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(XS)
        for at, source in enumerate(SOURCES.values()):
            tile = QToolButton()
            tile.setText(source.title)
            tile.toggled.connect(partial(_show_icon, tile, source))
            _show_icon(tile, source, is_chosen=False)
            tile.setToolTip(source.summary)
            tile.setAccessibleName(source.title)
            tile.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            tile.setProperty("role", "quiet")
            tile.setCheckable(True)
            tile.setFixedHeight(_TILE_HEIGHT)
            tile.setMinimumWidth(1)
            tile.setStyleSheet("padding: 5px 2px;")
            tile.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            tile.clicked.connect(lambda _=False, id_=source.id: self._enter(id_))
            self._group.addButton(tile)
            self._tiles[source.id] = tile
            grid.addWidget(tile, at // _COLUMNS, at % _COLUMNS)
        return grid


def _show_icon(tile: QToolButton, source: Source, is_chosen: bool) -> None:
    # A source's own colour does not stand out enough on the ground of the chosen tile.
    tile.setIcon(icons.icon(source.icon, "text" if is_chosen else f"source:{source.id}"))


__all__ = ["AddDataPanel", "CopyAsk", "GenerateAsk", "ImportAsk"]
