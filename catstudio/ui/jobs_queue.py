"""The queue: a card for each job of the open project, newest first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from catstudio.jobs.events import (
    TERMINAL,
    AnyEvent,
    Queued,
)
from catstudio.ui.job_card import JobCard
from catstudio.ui.theme import XS, M, S
from catstudio.ui.widgets import button, label

MAX_FINISHED = 20
"""Finished cards beyond this many go, the oldest first."""


class JobsQueue(QWidget):
    """All jobs, newest first. It lives as long as its project is open, shown or not.

    ``cancel_asked`` carries a job's id. ``finished`` carries a terminal event. ``resized`` says
    that a card wants another height.
    """

    cancel_asked = Signal(str)
    finished = Signal(object)
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: dict[str, JobCard] = {}
        self._content = content = QWidget()
        self._cards = QVBoxLayout(content)
        self._cards.setContentsMargins(M, 0, M, M)
        self._cards.setSpacing(XS)
        self._cards.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setWidget(content)
        self._clear = button("Clear finished", "link")
        self._clear.clicked.connect(self.clear_finished)
        heading = QHBoxLayout()
        heading.setContentsMargins(M, S, M, 0)
        title = label("QUEUE", "section")
        heading.addWidget(title, 1)
        heading.addWidget(self._clear)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addLayout(heading)
        column.addWidget(self._scroll, 1)
        self.hide()

    def wanted_height(self) -> int:
        """How tall it would be to show all its cards."""
        return (
            self.sizeHint().height()
            - self._scroll.sizeHint().height()
            + (self._content.sizeHint().height())
        )

    @property
    def is_read(self) -> bool:
        """Has the person unfolded a list of refused files?"""
        return any(card.refused.more.isChecked() for card in self.cards.values())

    @property
    def running(self) -> list[str]:
        """Ids of the jobs that wait or run."""
        return [id_ for id_, card in self.cards.items() if not card.is_over]

    def show_event(self, event: AnyEvent) -> None:
        """Pass an event to its job's card; a new job gets a card on top."""
        if isinstance(event, Queued):
            self._add(event)
        card = self.cards.get(event.job_id)
        if card is None:
            return
        card.show_event(event)
        if isinstance(event, TERMINAL):
            self._drop_old()
            self._look_again()
            self.finished.emit(event)

    def clear_finished(self) -> None:
        """Take all finished cards away."""
        for id_ in [id_ for id_, card in self.cards.items() if card.is_over]:
            self._remove(id_)

    def _add(self, event: Queued) -> None:
        card = JobCard(event.job_id, event.title)
        card.cancel_asked.connect(self.cancel_asked)
        card.dismissed.connect(self._remove)
        card.resized.connect(self.resized)
        self.cards[event.job_id] = card
        self._cards.insertWidget(0, card)
        self._look_again()

    def _drop_old(self) -> None:
        over = [id_ for id_, card in self.cards.items() if card.is_over]
        for id_ in over[:-MAX_FINISHED]:
            self._remove(id_)

    def _remove(self, job_id: str) -> None:
        card = self.cards.pop(job_id, None)
        if card is not None:
            self._cards.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._look_again()

    def _look_again(self) -> None:
        self.setVisible(bool(self.cards))
        self._clear.setVisible(any(card.is_over for card in self.cards.values()))
