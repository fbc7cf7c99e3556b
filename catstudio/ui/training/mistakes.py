"""The mistakes as thumbnails, the surest first; each opens its image in the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from catstudio.report.wording import percent
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import XL
from catstudio.ui.training.tiles import ImageTiles
from catstudio.ui.widgets import Card, label

_MAX_SHOWN = 60


@dataclass(frozen=True)
class Mistake:
    """One held-out photo that was called something else, with the probability of that answer."""

    id: str
    label: str
    predicted: str
    probability: float

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Mistake:
        """From a report's entry."""
        return cls(
            str(given["id"]),
            str(given["label"]),
            str(given["predicted"]),
            float(given.get("probability", 0.0)),
        )

    @property
    def words(self) -> str:
        return f"{self.label}, called\n{self.predicted} ({percent(self.probability)}%)"


class MistakesView(Card):
    """``show_image`` carries the id of the mistake that was clicked."""

    show_image = Signal(str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = label("", "heading")
        self._more = label("", "muted", wrap=True)
        self.tiles = ImageTiles(bridge)
        self.tiles.chosen.connect(self.show_image)
        self.column.setContentsMargins(XL, XL, XL, XL)
        for widget in (self._heading, self._more, self.tiles):
            self.column.addWidget(widget)

    def show_mistakes(self, given: Iterable[Mapping[str, Any]]) -> None:
        """Show the mistakes of a report."""
        mistakes = sorted((Mistake.of(one) for one in given), key=lambda one: -one.probability)
        n = len(mistakes)
        self._heading.setText("No mistakes" if n == 0 else f"Mistakes: {n:,}")
        self._more.setText(
            "None of the real test photos was called something else."
            if n == 0
            else f"The {_MAX_SHOWN} that it was surest of. Click one to see it in the gallery."
            if n > _MAX_SHOWN
            else "The surest first. Click one to see it in the gallery."
        )
        self.tiles.show_images([(one.id, one.words) for one in mistakes[:_MAX_SHOWN]])
