"""The models room: a list to choose from, what the chosen one is and allows, and its download."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from catstudio.core.wording import duration, size_text
from catstudio.models import network
from catstudio.models.catalogue import KIND_TITLES
from catstudio.models.repo_cache import RepoCache
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.models.downloads import Downloads
from catstudio.ui.models.network_form import NetworkForm
from catstudio.ui.models.offers import Offer, read_offers
from catstudio.ui.room import Room
from catstudio.ui.theme import XL, XS, L, M, S
from catstudio.ui.widgets import (
    CollapsibleSection,
    ComboBox,
    Line,
    WrappedLabel,
    button,
    icon_button,
    label,
)

_LIST_WIDTH = 380
_READING_WIDTH = 640
_OFFER = Qt.ItemDataRole.UserRole
_ALL = "All kinds"


class ModelsRoom(Room):
    """Downloads go on when the room is left: each is a job with a card in the queue."""

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(bridge, parent)
        self._offers: list[Offer] = []
        self._downloads = Downloads.of(bridge)
        self._downloads.changed.connect(self._download_changed)
        self._downloads.failed.connect(self.told)
        self._build()
        self.refresh()

    def refresh(self) -> None:
        """Look again at what is here."""
        self.bridge.fetch(read_offers, self._show_offers, None, self)

    @property
    def offer(self) -> Offer | None:
        """The chosen one."""
        chosen = self.list.selectedItems()
        found = chosen[0].data(_OFFER) if chosen else None
        return found if isinstance(found, Offer) else None

    # -- building ----------------------------------------------------------------------------

    def _build(self) -> None:
        back = icon_button("back", "Back to the gallery (Esc)")
        back.clicked.connect(self.left)
        head = QHBoxLayout()
        head.setContentsMargins(M, S, M, S)
        head.setSpacing(M)
        head.addWidget(back)
        head.addWidget(label("Models", "heading"), 1)
        self.kind = ComboBox()
        self.kind.setAccessibleName("Kind")
        self.kind.addItem(_ALL, "")
        self.kind.currentIndexChanged.connect(self._filter)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search models")
        self.search.setAccessibleName("Search models")
        self.search.setAcceptDrops(False)
        self.search.textChanged.connect(self._filter)
        head.addWidget(self.search)
        head.addWidget(self.kind)
        self.list = QListWidget()
        self.list.setAccessibleName("Models")
        self.list.setFixedWidth(_LIST_WIDTH)
        self.list.currentItemChanged.connect(self._show_offer)
        self.network = NetworkForm(self.bridge)
        self.network.changed.connect(self._show_offer)
        self.network.failed.connect(self.told)
        side = QVBoxLayout()
        side.setContentsMargins(M, M, 0, M)
        side.setSpacing(M)
        side.addWidget(self.list, 1)
        fold = CollapsibleSection("Network", is_open=bool(network.why_offline()))
        fold.column.addWidget(self.network)
        side.addWidget(fold)
        body = QHBoxLayout()
        body.setSpacing(L)
        body.addLayout(side)
        body.addWidget(self._detail(), 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(Line())
        column.addLayout(body, 1)

    def _detail(self) -> QScrollArea:
        self._title = label("", "title", wrap=True)
        self._good_for = WrappedLabel("", longest=40)
        self._facts = QVBoxLayout()
        self._facts.setSpacing(M)
        self.get = button("", "primary")
        self.get.setToolTip("What has arrived is kept: a stopped download goes on from there")
        self.get.clicked.connect(self._press)
        self.discard = button("Discard", "link", tooltip="Delete what has arrived so far")
        self.discard.clicked.connect(self._discard)
        self._bar = QProgressBar()
        self._status = WrappedLabel("", "muted", longest=40)
        page = QWidget()
        page.setMaximumWidth(_READING_WIDTH)
        column = QVBoxLayout(page)
        column.setContentsMargins(0, L, L, XL)
        column.setSpacing(M)
        column.addWidget(self._title)
        column.addWidget(self._good_for)
        row = QHBoxLayout()
        row.setSpacing(M)
        row.addWidget(self.get)
        row.addWidget(self.discard)
        row.addWidget(self._bar, 1)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._status)
        column.addLayout(self._facts)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        return scroll

    # -- showing -----------------------------------------------------------------------------

    def _show_offers(self, offers: list[Offer]) -> None:
        chosen = self.offer.entry.id if self.offer is not None else ""
        self._offers = offers
        if self.kind.count() == 1:
            for kind in dict.fromkeys(offer.entry.kind for offer in offers):
                self.kind.addItem(KIND_TITLES[kind], kind)
        self._filter(chosen=chosen)

    def _filter(self, *_: object, chosen: str = "") -> None:
        wanted, words = self.kind.currentData(), self.search.text().strip().lower()
        chosen = chosen or (self.offer.entry.id if self.offer is not None else "")
        self.list.blockSignals(True)
        self.list.clear()
        for offer in self._offers:
            entry = offer.entry
            said = f"{entry.title} {entry.id} {entry.repo} {entry.good_for}".lower()
            if (wanted and entry.kind != wanted) or words not in said:
                continue
            item = QListWidgetItem(f"{entry.title}\n{KIND_TITLES[entry.kind]} · {offer.state}")
            item.setData(_OFFER, offer)
            item.setToolTip(entry.good_for)
            self.list.addItem(item)
            if entry.id == chosen:
                self.list.setCurrentItem(item)
        if not self.list.selectedItems():
            self.list.setCurrentRow(0)
        self.list.blockSignals(False)
        self._show_offer()

    def _show_offer(self, *_: object) -> None:
        offer = self.offer
        self.get.setVisible(offer is not None and not offer.is_here)
        while (item := self._facts.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if offer is None:
            self._title.setText("No model matches" if self._offers else "")
            self._good_for.setText("")
            self.discard.hide()
            self._show_state("")
            return
        self._title.setText(offer.entry.title)
        self._good_for.setText(offer.entry.good_for)
        for name, words in offer.facts():
            self._facts.addWidget(_fact(name, words))
        self._show_download(offer)

    def _show_download(self, offer: Offer) -> None:
        entry = offer.entry
        is_running = self._downloads.is_running(entry.id)
        why = network.why_offline()
        self.get.setText(
            "Stop" if is_running else f"Download {size_text(entry.size - offer.begun)}"
        )
        self.get.setEnabled(is_running or not why)
        self.discard.setVisible(offer.begun > 0 and not is_running)
        if is_running:
            progress = self._downloads.progress(entry.id)
            self._bar.setRange(0, 1000 if progress else 0)
            words = "Starting …"
            if progress is not None:
                self._bar.setValue(round(1000 * progress.done / max(progress.total, 1)))
                left = (
                    f", about {duration(progress.eta)} left"
                    if progress.eta and progress.eta >= 1
                    else ""
                )
                words = f"{progress.message}{left}"
            self._show_state(words, is_running=True)
        elif offer.is_here:
            self._show_state("It is here." if not entry.is_built_in else "It comes with CatStudio.")
        elif why:
            self._show_state(f"{why} Go online under Network to fetch it.")
        else:
            gated = "You must agree to its terms on the hub first; then set HF_TOKEN. "
            begun = f"{size_text(offer.begun)} are here already. " if offer.begun else ""
            self._show_state(f"{gated if entry.gated else ''}{begun}{offer.doubt}".strip())

    def _show_state(self, words: str, is_running: bool = False) -> None:
        self._status.setText(words)
        self._status.setVisible(bool(words))
        self._bar.setVisible(is_running)

    # -- downloading -------------------------------------------------------------------------

    def _press(self) -> None:
        offer = self.offer
        if offer is None:
            return
        if self._downloads.is_running(offer.entry.id):
            self._downloads.cancel(offer.entry.id)
        else:
            self._downloads.start(offer.entry.id)

    def _discard(self) -> None:
        if self.offer is not None:
            repo = self.offer.entry.repo
            self.bridge.fetch(
                lambda: RepoCache(repo).discard_parts(), lambda _: self.refresh(), None, self
            )

    def _download_changed(self, entry: str) -> None:
        if not self._downloads.is_running(entry):
            self.refresh()
        elif self.offer is not None and self.offer.entry.id == entry:
            self._show_download(self.offer)

    # -- the room ----------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


def _fact(name: str, words: str) -> QWidget:
    """One thing to know, its name above it."""
    fact = QWidget()
    column = QVBoxLayout(fact)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(XS)
    column.addWidget(label(name, "section"))
    column.addWidget(WrappedLabel(words, longest=40))
    return fact
