"""The page of blends: only what the chosen mode uses, with examples that follow every change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QWidget

from catstudio.jobs.events import ImageMade
from catstudio.sources import Source
from catstudio.sources.blend import MODES, Mode
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.add_data.blend_parents import BlendParents
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.mask_field import MaskField
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings
from catstudio.ui.trial_view import TrialView
from catstudio.ui.trials import Trials
from catstudio.ui.widgets import WrappedLabel, label

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
        self.parents = BlendParents(bridge)
        self.parents.changed.connect(self._know_parents)
        self._about = WrappedLabel("", "small")
        self.mask_field = MaskField(bridge, _CUT_OUT, has_marks=True)
        self.mask_field.changed.connect(self.changed)
        self.mask_field.room_asked.connect(self.room_asked)
        self.examples = TrialView(Trials(bridge, self._caption, self), _COLUMNS, _EXAMPLES)
        self.examples.opened.connect(self._try)
        self.column.insertWidget(self.column.indexOf(self._form) + 1, self._summary)
        self.put_examples(self.examples)
        at = self.column.indexOf(self.examples)
        for widget in (self.mask_field, self._about):
            self.column.insertWidget(at + 1, widget)
        self.column.insertWidget(at, self.parents)
        self._form.release(self.fields["size"])
        self._advanced.add(self.fields["size"].parameter.title, self.fields["size"])
        for field in self.fields.values():
            field.changed.connect(self._chosen)
        self.changed.connect(self._try)
        self.seed.changed.connect(self._try)
        self._show_mode()

    @property
    def seeds(self) -> tuple[str, ...] | None:
        return self.parents.ids() if self.uses_selection else None

    def ask(self) -> GenerateAsk:
        """What to make, with the mask that mends the cut-out."""
        return replace(super().ask(), mask=self.mask_field.value())

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Show the selected photos, and offer to mend the cut-out of the first."""
        super().show_facts(facts, label)
        self.parents.show_ids(facts.selected if self.uses_selection else (), self.label)
        self._which.setHidden(self.uses_selection)  # They are shown instead.
        self._show_mode()
        self._try()

    def opened(self) -> None:
        """The person came here: show what it does."""
        self.examples.open()
        self._try()

    def _chosen(self) -> None:
        self._show_mode()
        self.opened()

    def _know_parents(self) -> None:
        self._show_mode()
        self._try()

    @property
    def _mode(self) -> Mode:
        return MODES[str(self.fields["mode"].value())]

    def _show_mode(self) -> None:
        mode = self._mode
        self._summary.setText(mode.summary)
        for name, field in self.fields.items():
            is_advanced = field.parameter.is_advanced or name == "size"
            form = self._advanced if is_advanced else self._form
            form.show_row(field, name in _ALWAYS or name in mode.uses)
        first = self.parents.first if mode.takes_mask and self.uses_selection else None
        is_enough = len(self.facts.selected) >= self.source.min_seeds
        self.mask_field.set_image(first.id if first is not None and is_enough else "")
        self._about.setText(" ".join(self._sentences(mode)))
        self._about.setVisible(bool(self._about.text()))

    def _sentences(self, mode: Mode) -> list[str]:
        """What the labels of the selected photos mean, and which of them may be mended."""
        first, labels = self.parents.first, self.parents.labels
        if not self.uses_selection or first is None or len(self.facts.selected) < 2:
            return []
        said = []
        if len(labels) > 1 and mode.takes_mask:
            said.append("Each is labelled as its subject is.")
        elif len(labels) > 1:
            one, other = labels[:2]
            said.append(
                f"These carry a soft label, such as 60% {one} and 40% {other}, and are trained on "
                "as that part of each."
            )
        if mode.takes_mask:
            said.append(
                f"The cut-out of {first.name} can be mended; click another photo for that one's."
            )
        return said

    def _try(self) -> None:
        """Have examples made of what the page says now."""
        if self.why_not():
            self.examples.want(None)
            return
        asked = self.trial(_EXAMPLES, _MOST_PIXELS)
        self.examples.want(replace(asked, mask=self.mask_field.value()))

    def _caption(self, made: ImageMade) -> str:
        """Its label or labels, the photos that it is made of, and what looks wrong with it."""
        shares: dict[str, Any] = made.params.get("soft_label") or {}
        soft = ", ".join(f"{share:.0%} {name}" for name, share in shares.items())
        parents = " and ".join(
            f"{name} ({parent.share:.0%})"
            for parent in made.parents
            if (name := self.parents.name(parent.id))
        )
        told = (soft or made.label or self.label, parents and f"of {parents}", *made.flags)
        return ", ".join(part for part in told if part)
