"""The page of drawings: begin one, draw over a photo, go on with one, make one real, or import."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.core.types import ImageRecord
from catstudio.sources import Source
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.source_page import ImportPage
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.settings import Settings
from catstudio.ui.theme import XS, S
from catstudio.ui.widgets import ComboBox, SectionHeader, button, icon_button, label

if TYPE_CHECKING:
    from catstudio.ui.draw.draft import Draft
    from catstudio.ui.draw.outcome import Outcome
    from catstudio.ui.draw.real import Way, Wish
    from catstudio.ui.draw.starting import Start

SIZES = (
    (512, 512),
    (256, 256),
    (768, 768),
    (1024, 1024),
    (768, 512),
    (1152, 768),
    (1536, 1024),
    (512, 768),
    (768, 1152),
    (1024, 1536),
)
"""Width and height in pixels of a new canvas: squares, then 3 : 2 across and upright."""


class Chosen(NamedTuple):
    """The one selected image, and why nothing may be drawn after it, if so."""

    record: ImageRecord
    refusal: str


class DrawPage(ImportPage):
    """Opens the drawing room. What it needs of numpy and the canvas is loaded on the first press:
    the window starts without it."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(source, parent)
        self._bridge = bridge
        self._settings = settings
        self._selected: str | None = None
        self._chosen: Chosen | None = None
        self._draft: Draft | None = None
        self._outcome: Outcome | None = None
        self.sizes = ComboBox()
        self.sizes.setAccessibleName("Size of a new canvas")
        for width, height in SIZES:
            self.sizes.addItem(f"{width} × {height}", (width, height))
        self.sizes.setToolTip("Width and height of a new canvas, in pixels")
        self.sizes.setMinimumContentsLength(6)
        self.sizes.setSizeAdjustPolicy(
            ComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.new = button("New drawing", "", "pencil", "An empty canvas")
        self.over = button("Draw over the photo", "", "layers")
        self.again = button("Edit this drawing", "", "pencil")
        self.real = button("Make it real", "", "wand")
        self.why = label("", "small", wrap=True)
        self._draft_row = self._continue_row()
        self._lay_out_drawing()
        self.new.clicked.connect(self._begin)
        self.over.clicked.connect(self._draw_over)
        self.again.clicked.connect(self._edit)
        self.real.clicked.connect(self._make_selected_real)
        bridge.image_added.connect(self._look_again)
        self._show_chosen()

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Offer what can be done with the one selected image."""
        is_other = label != (self.label or None)
        super().show_facts(facts, label)
        selected = facts.selected[0] if len(facts.selected) == 1 else None
        if selected != self._selected or is_other:
            self._selected = selected
            self._look_again()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._look_for_drafts()
        self._look_again()

    def make_real(self, record: ImageRecord) -> None:
        """Make photographs after a drawing of the project."""
        wish = self._wish(record)
        if not wish.label:
            self.failed.emit(
                f"{record.name} has no label, and what is made of it needs one.",
                "Give the drawing a label first.",
            )
            return
        self._outcome_().make(record.id, wish)

    # -- the room ----------------------------------------------------------------------------

    def _enter(self, start: Start) -> None:
        settings, label_ = self._settings, self.label or None
        below = self._selected if self._chosen and not self._chosen.refusal else None

        def build(bridge: StudioBridge) -> Room:
            from catstudio.ui.draw.room import DrawRoom

            return DrawRoom(bridge, settings, start, below, label_)

        self.room_asked.emit(build)

    def _begin(self) -> None:
        from catstudio.ui.draw.starting import New

        self._enter(New(*self.sizes.currentData()))

    def _draw_over(self) -> None:
        from catstudio.ui.draw.starting import Over

        if self._selected is not None:
            self._enter(Over(self._selected))

    def _edit(self) -> None:
        from catstudio.ui.draw.starting import Again

        if self._selected is not None:
            self._enter(Again(self._selected))

    # -- unsaved drawings --------------------------------------------------------------------

    def _look_for_drafts(self) -> None:
        root = self._bridge.studio.root

        def read() -> Draft | None:
            # The room is loaded here, in the background, so that its button opens it at once.
            from catstudio.ui.draw import room  # noqa: F401
            from catstudio.ui.draw.draft import drafts

            found = drafts(root)
            return found[0] if found else None

        self._bridge.fetch(read, self._show_draft)

    def _show_draft(self, draft: Draft | None) -> None:
        self._draft = draft
        self._draft_row.setVisible(draft is not None)
        if draft is not None:
            then = datetime.fromtimestamp(draft.written).astimezone()
            self._draft_words.setText(
                f"A drawing of {then:%d %b, %H:%M} was not added to the project."
            )

    def _continue(self) -> None:
        if self._draft is not None:
            self._enter(self._draft)

    def _discard(self) -> None:
        draft = self._draft
        if draft is None:
            return

        def remove() -> None:
            from catstudio.ui.draw.draft import discard

            discard(draft)

        self._bridge.fetch(remove, lambda _: self._look_for_drafts(), receiver=self)

    # -- the selected image ------------------------------------------------------------------

    def _look_again(self) -> None:
        if not self.isVisible():
            return
        studio, id_ = self._bridge.studio, self._selected
        if id_ is None:
            self._take(None)
            return

        def read() -> Chosen:
            from catstudio.ui.draw.starting import check

            record, refusal = studio.image(id_), ""
            try:
                check(studio, id_)
            except CatStudioError as error:
                refusal = str(error)
            return Chosen(record, refusal)

        self._bridge.fetch(read, self._take, lambda _: self._take(None), self)

    def _take(self, chosen: Chosen | None) -> None:
        if chosen is not None and chosen.record.id != self._selected:
            return
        self._chosen = chosen
        self._show_chosen()
        if chosen is not None and _is_drawing(chosen.record) and not chosen.refusal:
            self._outcome_().look(self._wish(chosen.record), self._show_way)

    def _show_chosen(self) -> None:
        chosen = self._chosen
        is_drawing = chosen is not None and _is_drawing(chosen.record)
        may = chosen is not None and not chosen.refusal
        self.over.setVisible(chosen is None or not is_drawing)
        self.over.setEnabled(may)
        for one in (self.again, self.real):
            one.setVisible(is_drawing)
            one.setEnabled(may)
        if chosen is None:
            words = "Select one photo in the gallery to draw over it, or a drawing to go on with."
        elif chosen.refusal:
            words = chosen.refusal
        elif is_drawing:
            words = ""
        else:
            words = f"{chosen.record.name} lies under the drawing, as faintly as you like."
        self._show_why(words, is_problem=bool(chosen and chosen.refusal))

    def _show_way(self, way: Way) -> None:
        self.real.setEnabled(way.is_possible)
        self.real.setToolTip(way.why)
        self._show_why(way.why)

    def _show_why(self, words: str, is_problem: bool = False) -> None:
        self.why.setProperty("role", "problem" if is_problem else "small")
        self.why.style().unpolish(self.why)
        self.why.style().polish(self.why)
        self.why.setText(words)
        self.why.setVisible(bool(words))

    def _make_selected_real(self) -> None:
        if self._chosen is not None:
            self.make_real(self._chosen.record)

    def _wish(self, record: ImageRecord) -> Wish:
        from catstudio.ui.draw.real import Wish

        prompts = self._settings.prompts
        return Wish(
            record.label or self.label,
            prompts[-1] if prompts else "",
            options=dict(self._settings.options),
        )

    def _outcome_(self) -> Outcome:
        if self._outcome is None:
            from catstudio.ui.draw.outcome import Outcome

            self._outcome = Outcome(self._bridge, self)
            self._outcome.failed.connect(lambda error: self.failed.emit(error.message, error.hint))
        return self._outcome

    # -- building ----------------------------------------------------------------------------

    def _continue_row(self) -> QWidget:
        row = QWidget()
        self._draft_words = label("", "look", wrap=True)
        go = button("Continue your last drawing", "", "redo")
        go.clicked.connect(self._continue)
        away = icon_button("delete", "Throw the unsaved drawing away")
        away.clicked.connect(self._discard)
        self.go_on, self.throw_away = go, away
        buttons = QHBoxLayout()
        buttons.setSpacing(XS)
        buttons.addWidget(go, 1)
        buttons.addWidget(away)
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, S)
        column.setSpacing(XS)
        column.addWidget(self._draft_words)
        column.addLayout(buttons)
        row.hide()
        return row

    def _lay_out_drawing(self) -> None:
        new = QHBoxLayout()
        new.setSpacing(S)
        new.addWidget(self.new, 1)
        new.addWidget(self.sizes, 1)
        top = QVBoxLayout()
        top.setSpacing(S)
        top.addWidget(self._draft_row)
        top.addLayout(new)
        for one in (self.over, self.again, self.real, self.why):
            top.addWidget(one)
        top.addWidget(SectionHeader("OR IMPORT DRAWINGS"))
        self.column.insertLayout(1, top)


def _is_drawing(record: ImageRecord) -> bool:
    return record.source == "drawing"
