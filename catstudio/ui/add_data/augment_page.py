"""The page of augmentation: a preset, each transform with its range, and examples as it changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QWidget

from catstudio.core.types import Provenance
from catstudio.jobs.events import ImageMade
from catstudio.sources import Source, augment
from catstudio.ui.add_data.asks import GenerateAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.generate_page import GeneratePage
from catstudio.ui.add_data.transform_row import TransformRow
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.settings import Settings
from catstudio.ui.theme import XS
from catstudio.ui.trial_view import TrialView
from catstudio.ui.trials import Trials
from catstudio.ui.widgets import CollapsibleSection, button, label

_COLUMNS, _EXAMPLES = 4, 16
_MOST_PIXELS = 256
"""Examples are made this large at most: larger ones take longer and look no different."""
_CAREFUL = (
    "Switch off what would change the label: mirroring for text, digits and signs, hue where "
    "colour decides."
)


class AugmentPage(GeneratePage):
    """Sixteen examples follow every change, and are the first sixteen that would be made."""

    def __init__(
        self,
        source: Source,
        bridge: StudioBridge,
        settings: Settings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(source, bridge, settings, parent)
        self.rows = {name: TransformRow(one) for name, one in augment.TRANSFORMS.items()}
        self._back = button("Back to the preset", "link")
        self._back.clicked.connect(self._forget)
        self.examples = TrialView(Trials(bridge, _caption, self), _COLUMNS, _EXAMPLES)
        self.examples.opened.connect(self._try)
        self._summary = label("", "small", wrap=True)
        self.column.insertWidget(self.column.indexOf(self._form) + 1, self._summary)
        self.put_examples(self.examples)
        self._lay_out_transforms()
        self._recall_transforms()
        self.fields["preset"].changed.connect(self._forget)
        self.fields["strength"].changed.connect(self._show_preset)
        for row in self.rows.values():
            row.changed.connect(self._row_changed)
        self.changed.connect(self._try)
        self.seed.changed.connect(self._try)
        for field in self.fields.values():
            field.changed.connect(self.opened)
        self._show_preset()

    # -- what is asked -----------------------------------------------------------------------

    def ask(self) -> GenerateAsk:
        """What to make, with the transforms that were set by hand."""
        asked = super().ask()
        own = self._own()
        self._settings.options[self.source.id].update(
            {name: own.get(name, "") for name in self.rows}
        )
        return replace(asked, options={**asked.options, **own})

    def use_settings(self, provenance: Provenance) -> None:
        """Put an image's own parameters back, the ranges too."""
        super().use_settings(provenance)
        self._set_rows(provenance.params)

    def show_facts(self, facts: Facts, label: str | None) -> None:
        super().show_facts(facts, label)
        self._try()

    def opened(self) -> None:
        """The person came here: show what it does."""
        self.examples.open()
        self._try()

    # -- inside ------------------------------------------------------------------------------

    def _own(self) -> dict[str, Any]:
        return {name: row.value() for name, row in self.rows.items() if row.value()}

    def _try(self) -> None:
        """Have examples made of what the page says now."""
        is_possible = not self.why_not()
        self.examples.want(
            self.trial(_EXAMPLES, _MOST_PIXELS, **self._own()) if is_possible else None
        )

    def _row_changed(self) -> None:
        self._show_back()
        self.opened()

    def _forget(self) -> None:
        """Another preset, or a wish for it as it is: what was set by hand is over."""
        self._set_rows({})
        self._try()

    def _set_rows(self, params: dict[str, Any]) -> None:
        for name, row in self.rows.items():
            row.set_value(str(params.get(name, "")))
        self._show_preset()

    def _show_preset(self) -> None:
        chosen = {name: self.fields[name].value() for name in ("preset", "strength")}
        self._summary.setText(augment.PRESETS[chosen["preset"]].summary)
        recipe = augment.recipe(chosen)
        for name, row in self.rows.items():
            row.set_preset(recipe.get(name))
        self._show_back()

    def _show_back(self) -> None:
        self._back.setVisible(bool(self._own()))

    def _recall_transforms(self) -> None:
        known = self._settings.options.get(self.source.id, {})
        self._set_rows(self.source.options({n: known[n] for n in self.rows if n in known}))

    def _lay_out_transforms(self) -> None:
        fold = CollapsibleSection("Transforms")
        fold.column.setSpacing(XS)
        fold.column.addWidget(label(_CAREFUL, "small", wrap=True))
        for row in self.rows.values():
            fold.column.addWidget(row)
        fold.column.addWidget(self._back)
        self.column.insertWidget(self.column.count() - 1, fold)  # Before what is advanced.


def _caption(made: ImageMade) -> str:
    words = augment.describe(made.params["plan"])
    return words[:1].upper() + words[1:]
