"""One page a source, made of what the source declares; it shows only what the source uses."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from catstudio.sources import Source
from catstudio.sources.base import Kind, Parameter
from catstudio.ui.add_data.asks import ImportAsk
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.add_data.fields import Field
from catstudio.ui.add_data.form import Form
from catstudio.ui.theme import S
from catstudio.ui.widgets import CollapsibleSection, label

CREDIT = tuple(
    Parameter(name=name, title=title, kind=Kind.TEXT, default="", help=help_)
    for name, title, help_ in (
        ("origin", "From", "Who or where it comes from: a vendor, a web address"),
        ("license", "Licence", "Such as CC-BY-4.0: it goes into the export's card"),
        ("author", "Author", "Who took or made them"),
    )
)
"""What is asked of everything that is brought in."""


class SourcePage(QWidget):
    """What all pages share: the source's summary, its facts, and that it says when it changes.

    ``changed`` asks the panel to look again at :meth:`why_not` and :attr:`count`;
    ``submitted`` is a press of the panel's button by keyboard; ``room_asked`` carries a
    :data:`~catstudio.ui.room.RoomBuilder`; ``failed`` a message and hint.
    """

    changed = Signal()
    submitted = Signal()
    room_asked = Signal(object)
    failed = Signal(str, str)

    def __init__(self, source: Source, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source = source
        self.facts = Facts()
        self.label = ""
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(S)
        self.column.addWidget(label(source.summary, "muted", wrap=True))
        if source.note:
            self.column.addWidget(label(source.note, "small", wrap=True))

    @property
    def count(self) -> int:
        """How many images, or times."""
        return 0

    def show_facts(self, facts: Facts, label: str | None) -> None:
        """What is known of the project now, and the label chosen."""
        self.facts = facts
        self.label = label or ""

    def opened(self) -> None:
        """The person chose this page; it is not merely shown again at the start."""

    def why_not(self) -> str:
        """Why the button cannot be pressed, with what to do; "" when it can."""
        return ""


class ImportPage(SourcePage):
    """Brings files in: photographs, drawings, somebody else's folder."""

    def __init__(self, source: Source, parent: QWidget | None = None) -> None:
        super().__init__(source, parent)
        self._credit = {parameter.name: Field(parameter) for parameter in CREDIT}
        form = Form()
        for field in self._credit.values():
            form.add(field.parameter.title, field)
        if source.id in ("photo", "drawing"):
            # What is your own needs no credit to begin with.
            fold = CollapsibleSection("Credit")
            fold.column.addWidget(form)
            self.column.addWidget(fold)
        else:
            self.column.addWidget(form)
        self.column.addWidget(
            label("Drop files or folders anywhere on the window, or paste.", "small", wrap=True)
        )

    def ask(self, paths: tuple[str, ...], label: str | None) -> ImportAsk:
        """What to bring in, with this page's credit."""
        credit = self.credit()
        return ImportAsk(
            paths=paths,
            source=self.source.id,
            label=label,
            origin=credit["origin"],
            license=credit["license"],
            author=credit["author"],
        )

    def credit(self) -> dict[str, str]:
        """Origin, license and author, as they are filled in."""
        return {name: str(field.value()) for name, field in self._credit.items()}
