"""What the blind test says so far, and the way into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from catstudio.core.errors import CatStudioError
from catstudio.ui.blind import room_type
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.theme import XL, M
from catstudio.ui.widgets import Card, button, label

if TYPE_CHECKING:
    from catstudio.ui.blind.room import BlindRoom

_NOTHING_YET = (
    "A photo and a made image side by side: say which is the photo. It shows which made images "
    "pass before a person, and what a machine sees that nobody does."
)
_MOST_PEOPLE = 3


class EyeView(Card):
    """``room_asked`` carries what builds the blind test's room; the others are the room's own."""

    room_asked = Signal(object)
    show_image = Signal(str)
    photos_asked = Signal()
    made_asked = Signal()
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.column.setContentsMargins(XL, XL, XL, XL)
        self.column.setSpacing(M)
        self.column.addWidget(label("Which fakes fool the eye?", "heading"))
        self.summary = label(_NOTHING_YET, "muted", wrap=True)
        self.column.addWidget(self.summary)
        self.ask = button("Blind test", "", "blind", "Judge pairs by the keyboard (Ctrl+B)")
        self.ask.clicked.connect(self.enter)
        self.column.addWidget(self.ask, 0, Qt.AlignmentFlag.AlignLeft)

    def enter(self) -> None:
        """Open the room; what it needs is loaded in the background first."""
        self._bridge.fetch(room_type, self._enter, self._refuse, self)

    def refresh(self) -> None:
        """Read what was answered, in the background."""
        studio = self._bridge.studio

        def read() -> str:
            results = studio.blind.results()
            if not results.summary.total.n:
                return _NOTHING_YET
            from catstudio.report import blind_words

            people = results.summary.persons[-_MOST_PEOPLE:]
            said = [blind_words.found_sentence(who, score) for who, score in people]
            machine = results.machine.overall if results.machine else None
            said.append(blind_words.comparison(results.summary.total, machine))
            return " ".join(part for part in said if part)

        self._bridge.fetch(read, self._show, self._refuse, self)

    def _show(self, words: str) -> None:
        self.summary.setText(words)

    def _enter(self, room: type[BlindRoom]) -> None:
        def build(bridge: StudioBridge) -> Room:
            built = room(bridge)
            built.show_image.connect(self.show_image)
            built.photos_asked.connect(self.photos_asked)
            built.made_asked.connect(self.made_asked)
            built.left.connect(self.refresh)
            return built

        self.room_asked.emit(build)

    def _refuse(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)
