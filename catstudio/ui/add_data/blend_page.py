"""The page of blends: only what the chosen mode uses, with examples that follow every change."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from catstudio.jobs.events import ImageMade
from catstudio.sources import Source
from catstudio.sources.blend import MODES
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.mask_field import MaskField
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings
from catstudio.ui.trial_view import TrialView
from catstudio.ui.trials import Trials
from catstudio.ui.widgets import label

_COLUMNS, _EXAMPLES = 4, 4
_MOST_PIXELS = 128
"""Examples are made this large at most: a cut-out takes a second at its full size."""
_ALWAYS = ("mode", "size")
_CUT_OUT = (
    "Mend the cut-out…",
    "Mark what belongs to the subject of the first photo, and what does not",
    "Mark what belongs to the subject (keep) and what does not (drop); the rest is found by colour.",
    "Cut out as marked.",
)


class BlendPage(GeneratePage):
    """Two or more photos of one label, or those that are selected."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(source, bridge, settings, parent)
        self._summary = label("", "small", wrap=True)
        self.mask_field = MaskField(bridge, _CUT_OUT, has_marks=True)
        self.mask_field.changed.connect(self.changed)
        self.mask_field.changed.connect(self._try)
        self.mask_field.room_asked.connect(self.room_asked)
        self.examples = TrialView(Trials(bridge, _caption, self), _COLUMNS, _EXAMPLES)
        self.examples.opened.connect(self._try)
        self.column.insertWidget(self.column.indexOf(self._form), self._summary)
        at = self.column.indexOf(self._which) + 1
        self.column.insertWidget(at, self.mask_field)
        self.column.insertWidget(at + 1, self.examples)
        for field in self.fields.values():
            field.changed.connect(self._chosen)
        self.seed.changed.connect(self._try)
        self._show_mode()

    def ask(self) -> GenerateAsk:
        """What to make, with the mask that mends the cut-out."""
        return replace(super().ask(), mask=self.mask_field.value())

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Offer to mend the cut-out of the first of the selected photos."""
        super().show_facts(facts, label)
        self._show_mode()
        self._try()

    def _chosen(self) -> None:
        self._show_mode()
        self.examples.open()
        self._try()

    def _show_mode(self) -> None:
        mode = MODES[str(self.fields["mode"].value())]
        self._summary.setText(mode.summary)
        for name, field in self.fields.items():
            form = self._advanced if field.parameter.is_advanced else self._form
            form.show_row(field, name in _ALWAYS or name in mode.uses)
        takes = mode.takes_mask and self.uses_selection and len(self.facts.selected) >= 2
        self.mask_field.set_image(self.facts.selected[0] if takes else "")

    def _try(self) -> None:
        """Have examples made of what the page says now."""
        if self.why_not():
            self.examples.want(None)
            return
        asked = self.trial(_EXAMPLES, _MOST_PIXELS)
        self.examples.want(replace(asked, mask=self.mask_field.value()))


def _caption(made: ImageMade) -> str:
    shares = made.params.get("soft_label")
    if shares:
        return ", ".join(f"{share:.0%} {name}" for name, share in shares.items())
    return f"{made.label or ''} {', '.join(made.flags)}".strip()
