"""The chips above the gallery: what to show, in which order, each with its count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from catstudio.core.types import Split, State
from catstudio.sources import SOURCES
from catstudio.ui.gallery.filters import Facets, Filter, Sort
from catstudio.ui.icons import icon
from catstudio.ui.theme import S
from catstudio.ui.widgets import ChipButton, FlowLayout, button

STATE_TITLES = {
    State.PENDING: "To review",
    State.ACCEPTED: "Accepted",
    State.REJECTED: "Rejected",
    State.TRASHED: "Trash",
}
SPLIT_TITLES: dict[Split | None, str] = {
    Split.TRAIN: "Train",
    Split.VAL: "Validation",
    Split.TEST: "Test",
    None: "No split",
}


class Choice(NamedTuple):
    """One value of a chip's menu."""

    value: Any
    title: str
    images: int = 0
    icon: str = ""
    icon_role: str = "text"


_LONGEST = 36


def _shortened(title: str) -> str:
    return title if len(title) <= _LONGEST else f"{title[: _LONGEST - 1].rstrip()}…"


class StayOpenMenu(QMenu):
    """A menu that stays open while its items are ticked."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self._tick(self.activeAction()):
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_tick = event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not (is_tick and self._tick(self.activeAction())):
            super().keyPressEvent(event)

    def _tick(self, action: QAction | None) -> bool:
        # PySide types activeAction as never None; it is while the pointer is elsewhere.
        if action is None or not action.isCheckable() or not action.isEnabled():
            return False
        action.trigger()
        return True


class FacetChip(ChipButton):
    """A chip that opens a menu of values to tick. ``values_changed(frozenset)`` follows a tick."""

    values_changed = Signal(object)

    def __init__(
        self, title: str, choices: Callable[[], list[Choice]], parent: QWidget | None = None
    ) -> None:
        super().__init__(title, "down", parent)
        self._title = title
        self._choices = choices
        self._values: frozenset[Any] = frozenset()
        self._menu = StayOpenMenu(self)
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # The caret behind the words.
        self._menu.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setAccessibleName(f"Filter by {title.lower()}")
        self.clicked.connect(self.open)

    @property
    def values(self) -> frozenset[Any]:
        return self._values

    def menu_of_values(self) -> QMenu:
        """The menu, filled with the choices and counts of this moment."""
        self._menu.clear()
        for choice in self._choices():
            action = QAction(f"{choice.title.replace('&', '&&')}\t{choice.images:,}", self._menu)
            action.setCheckable(True)
            action.setChecked(choice.value in self._values)
            if choice.icon:
                action.setIcon(icon(choice.icon, choice.icon_role))
            action.triggered.connect(lambda is_on, value=choice.value: self._choose(value, is_on))
            self._menu.addAction(action)
        self._menu.addSeparator()
        clear = QAction("Show all", self._menu)
        clear.setEnabled(bool(self._values))
        clear.triggered.connect(lambda: self.set_values(frozenset(), tell=True))
        self._menu.addAction(clear)
        return self._menu

    def open(self) -> None:
        """Show the menu under the chip."""
        self.setChecked(bool(self._values))
        self.menu_of_values().popup(self.mapToGlobal(QPoint(0, self.height() + 2)))

    def set_values(self, values: frozenset[Any], tell: bool = False) -> None:
        """Tick exactly ``values``; ``tell`` emits ``values_changed``."""
        self._values = values
        titles = {choice.value: choice.title for choice in self._choices()}
        if not values:
            self.set_text(self._title)
        elif len(values) == 1:
            (only,) = values
            self.set_text(f"{self._title}: {titles.get(only, only)}")
        else:
            self.set_text(f"{self._title}: {len(values)} chosen")
        self.setChecked(bool(values))
        if tell:
            self.values_changed.emit(values)

    def rest(self) -> None:
        """Look as if nothing were ticked, while another chip stands for the same."""
        self.set_text(self._title)
        self.set_count(None)
        self.setChecked(False)

    def show_count(self, counts: Mapping[Any, int]) -> None:
        """While something is ticked, say how many images have it."""
        self.set_count(sum(counts[value] for value in self._values) if self._values else None)

    def _choose(self, value: Any, is_on: bool) -> None:
        values = self._values | {value} if is_on else self._values - {value}
        self.set_values(values, tell=True)


class FilterBar(QWidget):
    """Source, label, state, split, and the order. ``filter_changed(Filter)``, ``sort_changed(Sort)``."""

    filter_changed = Signal(object)
    sort_changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = Filter()
        self._facets = Facets()
        self._labels: tuple[str, ...] = ()
        self.review = ChipButton("To review")
        self.review.clicked.connect(self._toggle_review)
        self.chips = {
            "sources": FacetChip("Source", self._sources),
            "labels": FacetChip("Label", self._label_choices),
            "states": FacetChip("State", self._states),
            "splits": FacetChip("Split", self._splits),
        }
        self.found = ChipButton("", "close")
        self.found.setToolTip("Show all images again")
        self.found.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.found.clicked.connect(
            lambda: self.set_filter(replace(self._filter, found=None), tell=True)
        )
        self.clear = button("Clear", "quiet")
        self.clear.clicked.connect(lambda: self.set_filter(Filter(), tell=True))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        chips = QWidget()
        flow = FlowLayout(chips, S)
        flow.addWidget(self.found)
        flow.addWidget(self.review)
        for name, chip in self.chips.items():
            chip.values_changed.connect(lambda values, name=name: self._chosen(name, values))
            flow.addWidget(chip)
        flow.addWidget(self.clear)
        row.addWidget(chips, 1)
        self._build_sort(row)
        self.set_filter(Filter())

    def _build_sort(self, row: QHBoxLayout) -> None:
        self.sort = button(Sort.NEWEST.value, "quiet")
        self.sort.setIcon(icon("sort", "muted"))
        self.sort.setIconSize(QSize(16, 16))
        self.sort.setAccessibleName("Order")
        menu = QMenu(self.sort)
        group = QActionGroup(menu)
        for sort in Sort:
            action = menu.addAction(sort.value)
            action.setCheckable(True)
            action.setChecked(sort is Sort.NEWEST)
            action.triggered.connect(lambda _=False, sort=sort: self._sorted(sort))
            group.addAction(action)
        self.sort.setMenu(menu)
        row.addWidget(self.sort, alignment=Qt.AlignmentFlag.AlignTop)

    # -- in and out --------------------------------------------------------------------------

    def filter(self) -> Filter:
        return self._filter

    def set_labels(self, labels: tuple[str, ...]) -> None:
        self._labels = labels

    def set_filter(self, wanted: Filter, tell: bool = False) -> None:
        """Show ``wanted`` on the chips; ``tell`` emits ``filter_changed``."""
        self._filter = wanted
        for name, chip in self.chips.items():
            chip.set_values(getattr(wanted, name))
        self._show()
        if tell:
            self.filter_changed.emit(wanted)

    def set_text(self, text: str) -> None:
        """Search for ``text``."""
        if text.strip() != self._filter.text:
            self.set_filter(replace(self._filter, text=text.strip()), tell=True)

    def show_facets(self, facets: Facets) -> None:
        """Renew the counts."""
        self._facets = facets
        for name, chip in self.chips.items():
            chip.show_count(getattr(facets, name))
        self._show()

    def _show(self) -> None:
        self.review.set_count(self._facets.pending)
        is_review = self._filter.states == frozenset({State.PENDING})
        self.review.setVisible(self._facets.pending > 0 or is_review)
        self.review.setChecked(is_review)
        if is_review:  # The chip beside it says so: once is enough.
            self.chips["states"].rest()
        self.clear.setVisible(not self._filter.is_everything)
        found = self._filter.found
        self.found.setVisible(found is not None)
        self.found.setChecked(found is not None)
        self.sort.setVisible(found is None)
        if found is not None:
            self.found.set_text(_shortened(found.title))
            self.found.setAccessibleName(f"{found.title}: show all images again")

    def _chosen(self, name: str, values: frozenset[Any]) -> None:
        changes: dict[str, Any] = {name: values}
        self.set_filter(replace(self._filter, **changes), tell=True)

    def _toggle_review(self) -> None:
        states = frozenset({State.PENDING})
        is_on = self._filter.states == states
        self._chosen("states", frozenset() if is_on else states)

    def _sorted(self, sort: Sort) -> None:
        self.sort.setText(sort.value)
        self.sort_changed.emit(sort)

    # -- what the menus offer ----------------------------------------------------------------

    def _sources(self) -> list[Choice]:
        counts = self._facets.sources
        return [
            Choice(id_, source.title, counts[id_], source.icon, f"source:{id_}")
            for id_, source in SOURCES.items()
            if counts[id_] or id_ in self._filter.sources
        ]

    def _label_choices(self) -> list[Choice]:
        counts = self._facets.labels
        titles: list[tuple[str | None, str]] = [(label, label) for label in self._labels]
        titles.append((None, "No label"))
        return [Choice(value, title, counts[value]) for value, title in titles]

    def _states(self) -> list[Choice]:
        counts = self._facets.states
        return [Choice(state, title, counts[state]) for state, title in STATE_TITLES.items()]

    def _splits(self) -> list[Choice]:
        counts = self._facets.splits
        return [Choice(split, title, counts[split]) for split, title in SPLIT_TITLES.items()]
