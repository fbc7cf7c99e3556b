"""The page of copies: how often images count, and that it makes no new ones."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from catstudio.core.edits import MAX_WEIGHT
from catstudio.sources import Source
from catstudio.sources.base import Kind, Parameter
from catstudio.ui.add_data.asks import CopyAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.form import Form
from catstudio.ui.add_data.source_page import SourcePage
from catstudio.ui.widgets import label

TIMES = Parameter(
    name="weight",
    title="Times",
    kind=Kind.INT,
    default=30,
    low=1,
    high=MAX_WEIGHT,
    help="1 takes copies back.",
)


class CopyPage(SourcePage):
    """Counts images several times: a weight, not files."""

    def __init__(self, source: Source, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._times = Field(TIMES)
        self._times.changed.connect(self._say)
        self._times.changed.connect(self.changed)
        self._which = label("", "small", wrap=True)
        self._outcome = label("", "small", wrap=True)
        form = Form()
        form.add(TIMES.title, self._times)
        self.column.addWidget(form)
        self.column.addWidget(self._which)
        self.column.addWidget(self._outcome)

    @property
    def count(self) -> int:
        return int(self._times.value())

    @property
    def _n(self) -> int:
        return len(self.facts.selected) or self.facts.accepted.get(self.label, 0)

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """Say which images would be counted."""
        super().show_facts(facts, label)
        n = self._n
        if facts.selected:
            which = "The selected image" if n == 1 else f"The {n:,} selected images"
            which += "; what is tested on stays counted once."
        elif n == 1:
            which = f"The one accepted image of {self.label} that may be trained on."
        else:
            which = f"All {n:,} accepted images of {self.label} that may be trained on."
        self._which.setText(which)
        self._say()

    def why_not(self) -> str:
        if self._n:
            return ""
        return f"There is no accepted image of {self.label} to count. Add photos first."

    def ask(self) -> CopyAsk:
        """What to count, and how often."""
        return CopyAsk(label=self.label, weight=self.count, ids=self.facts.selected or None)

    def _say(self) -> None:
        n = self._n
        stays = "It stays one image and teaches" if n == 1 else f"They stay {n:,} images and teach"
        most = "up to " if self.facts.selected else ""  # Some may be tested on.
        self._outcome.setText(
            f"Training counts {most}{n * self.count:,}. {stays} no more than before: only the weight "
            "against other images changes."
        )
        self._outcome.setVisible(bool(n))
