"""The page of diffusion models: prompt ideas, and a mask over the image that is to be redrawn."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QWidget

from catstudio.core.types import ImageRecord
from catstudio.sources import Source
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.prompt_ideas import PromptIdeas
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.settings import Settings
from catstudio.ui.theme import S
from catstudio.ui.widgets import button, icon_button, label


class DiffusionPage(GeneratePage):
    """Text, image, or a part of an image: what is selected and masked decides which."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        self._bridge = bridge
        self._mask = b""
        self._masked = ""
        super().__init__(source, bridge, settings, parent)
        self.ideas = PromptIdeas(bridge)
        self.ideas.chosen.connect(self._take_idea)
        at = self.column.indexOf(self.prompt) + 1 if self.prompt is not None else 1
        self.column.insertWidget(at, self.ideas)
        self.paint_mask = button("Redraw a part…", "", "pencil", "Paint over what is to be redrawn")
        self.paint_mask.clicked.connect(self._ask_mask)
        self._drop_mask = icon_button("clear", "Redraw the whole image again")
        self._drop_mask.clicked.connect(self._forget_mask)
        self._mask_row = QWidget()
        row = QHBoxLayout(self._mask_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.paint_mask)
        self._is_masked = label("Only what is painted.", "small")
        row.addWidget(self._is_masked, 1)
        row.addWidget(self._drop_mask)
        self.column.insertWidget(self.column.indexOf(self._which) + 1, self._mask_row)
        self._show_mask()

    @property
    def painted(self) -> bytes:
        """The mask over the selected image; b"" when there is none, or another is selected."""
        is_theirs = self.uses_selection and self.facts.selected == (self._masked,)
        return self._mask if is_theirs else b""

    def ask(self) -> GenerateAsk:
        """What to make, with the mask."""
        return replace(super().ask(), mask=self.painted)

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Offer the mask where there is one image to paint it on."""
        super().show_facts(facts, label)
        self.ideas.set_label(self.label)
        self._show_mask()

    def _show_mask(self) -> None:
        is_one = self.uses_selection and len(self.facts.selected) == 1
        self._mask_row.setVisible(is_one)
        has_mask = bool(self.painted)
        self._is_masked.setVisible(has_mask)
        self._drop_mask.setVisible(has_mask)

    def _ask_mask(self) -> None:
        id_ = self.facts.selected[0]
        studio = self._bridge.studio
        self._bridge.fetch(lambda: _prepared(studio.image(id_)), self._paint, None, self)

    def _paint(self, record: ImageRecord) -> None:
        before = self._mask if record.id == self._masked else b""

        def take(mask: bytes) -> None:
            self._mask, self._masked = mask, record.id
            self._show_mask()
            self.changed.emit()

        def build(bridge: StudioBridge) -> Room:
            from catstudio.ui.draw.mask_room import MaskRoom

            room = MaskRoom(
                bridge, record, "Paint over what is to be redrawn; the rest stays as it is.",
                mask=before,
            )  # fmt: skip
            room.painted.connect(take)
            return room

        self.room_asked.emit(build)

    def _forget_mask(self) -> None:
        self._mask, self._masked = b"", ""
        self._show_mask()

    def _take_idea(self, template: str) -> None:
        if self.prompt is not None:
            self.prompt.setPlainText(template)
            self.prompt.setFocus()


def _prepared(record: ImageRecord) -> ImageRecord:
    """Load what painting needs in the background: it takes a fifth of a second."""
    import catstudio.ui.draw.mask_room  # noqa: F401

    return record
