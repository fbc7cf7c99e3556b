"""The room in which a model is taught a label's own photos: settings, photos, what it needs, Start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.jobs.requests import PersonaliseRequest
from catstudio.models import ModelRegistry
from catstudio.models.adapters import Stopped, stopped_at
from catstudio.studio.personalising import Chosen
from catstudio.ui.add_data.personalise_facts import NeedsCard, PhotosCard
from catstudio.ui.add_data.personalise_form import CAN_CHANGE, PersonaliseForm
from catstudio.ui.bridge import Fetch, StudioBridge
from catstudio.ui.room import Room
from catstudio.ui.settings import Settings
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import Card, ElidedLabel, button, icon_button, label

OPTIONS = "personalise"
"""Where the last settings are kept."""
_SETTLE_MS = 300
_WIDTH = 980
_FORM_WIDTH = 400
_WORDS = (
    "A model learns what your own photos show and keeps it in a small file beside it. "
    "Photos that are tested on are never shown to it."
)


class PersonaliseRoom(Room):
    """Chooses settings, shows what they cost, and starts the training, which goes on in the queue.

    ``started(str)`` carries the job's id just before the room says ``left()``.
    """

    started = Signal(str)

    def __init__(
        self,
        bridge: StudioBridge,
        settings: Settings,
        label_: str = "",
        model: str = "",
        registry: ModelRegistry | None = None,
    ) -> None:
        super().__init__(bridge)
        self._settings = settings
        known = settings.options.get(OPTIONS, {})
        self.form = PersonaliseForm(bridge, label_, model, known, registry)
        self.photos = PhotosCard(bridge)
        self.needs = NeedsCard(bridge)
        self.resume = QCheckBox()
        self._stopped = Card()
        self.start = button("", "primary", tooltip="Start in the background (Ctrl+Return)")
        self._why = label("", "problem", wrap=True)
        self._reading: list[Fetch] = []
        self._basis: Mapping[str, Any] | None = None
        self._has_photos = False
        self._is_starting = False
        self._soon = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._lay_out()
        self._soon.timeout.connect(self._look)
        self.form.changed.connect(self._change)
        self.form.failed.connect(self.told)
        self.needs.settled.connect(self._show_start)
        self.start.clicked.connect(self.begin)
        self.resume.clicked.connect(self._hold)
        self.setFocusProxy(self.form.labels)
        self._change()

    def begin(self) -> None:
        """Start the training and leave; what is wrong is said here instead."""
        if not self.start.isEnabled() or self._is_starting:
            return
        self._is_starting = True
        self._show_start()
        self._settings.options[OPTIONS] = self.form.options()
        self.bridge.fetch(self._asked(is_estimate=False), self._submit, self._refused)

    def shut(self) -> None:
        self._soon.stop()
        self.needs.forget()
        for reading in self._reading:
            reading.cancel()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        is_return = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif is_return and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.begin()
        else:
            super().keyPressEvent(event)

    # -- looking -----------------------------------------------------------------------------

    def _change(self) -> None:
        self.needs.forget()
        self._why.hide()
        self._show_start()
        self._soon.start()

    def _look(self) -> None:
        """Read the photos, and ask what the settings need."""
        for reading in self._reading:
            reading.cancel()
        studio, chosen_label = self.bridge.studio, self.form.label
        self._reading = [
            self.bridge.fetch(lambda: studio.personal_photos(chosen_label), self._show_photos)
        ]
        if self.form.model:
            build = self._asked(is_estimate=True)

            def read() -> tuple[PersonaliseRequest, Stopped | None]:
                request = build()
                return request, stopped_at(request.folder)

            self._reading.append(self.bridge.fetch(read, self._show_request, self._cannot))
        else:
            self.needs.say("Choose a model first, or add one that is on this computer.")

    def _asked(self, is_estimate: bool) -> Callable[[], PersonaliseRequest]:
        """Builds the request in the background, of what the form says now."""
        goes_on = self._basis is not None and self.resume.isChecked()
        options = self.form.options()
        return partial(
            self.bridge.studio.personalise_request,
            self.form.label,
            self.form.model,
            {name: options[name] for name in CAN_CHANGE} if goes_on else options,
            name=self.form.name.value(),
            seed=None if goes_on else self.form.seed.value(),
            resume=goes_on,
            is_estimate=is_estimate,
        )

    def _show_photos(self, chosen: Chosen) -> None:
        self._has_photos = bool(chosen.photos)
        self.photos.show_chosen(self.form.label, chosen)
        self._show_start()

    def _show_request(self, found: tuple[PersonaliseRequest, Stopped | None]) -> None:
        request, stopped = found
        goes_on = stopped is not None and 0 < stopped.step < request.steps
        basis = stopped.basis if stopped is not None and goes_on else None
        if stopped is not None and goes_on:
            self.resume.setText(f"Go on from step {stopped.step:,}, with the settings it had then")
        if basis != self._basis:
            self._basis = basis
            self._stopped.setVisible(goes_on)
            self.resume.setChecked(goes_on)
            self._hold()
            return  # The settings are others now: they are looked at again.
        self.needs.estimate(request)

    def _hold(self) -> None:
        """Show the settings that count: the stopped training's, or the form's own."""
        self.form.hold(self._basis if self.resume.isChecked() else None)
        self._change()

    def _cannot(self, error: CatStudioError) -> None:
        self.needs.say(str(error), error.message)

    def _submit(self, request: PersonaliseRequest) -> None:
        try:
            job_id = self.bridge.submit(request)
        except CatStudioError as error:
            self._refused(error)
            return
        self.started.emit(job_id)
        self.left.emit()

    def _refused(self, error: CatStudioError) -> None:
        self._is_starting = False
        self._why.setText(str(error))
        self._why.show()
        self._show_start()

    def _show_start(self) -> None:
        steps = self.form.fields["steps"].value()
        self.start.setText(f"Learn {self.form.label} in {steps:,} steps")
        reason = self.needs.refusal
        self.start.setEnabled(
            self._has_photos and bool(self.form.model) and not reason and not self._is_starting
        )
        self.start.setToolTip(
            "Start in the background (Ctrl+Return)"
            if self.start.isEnabled()
            else reason or "Add photos of this label, and choose a model"
        )

    # -- building ----------------------------------------------------------------------------

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head())
        facts = QVBoxLayout()
        facts.setSpacing(M)
        self._stopped.column.addWidget(self.resume)
        self._stopped.hide()
        for card in (self.photos, self.needs, self._stopped):
            facts.addWidget(card)
        facts.addStretch(1)
        self.form.setFixedWidth(_FORM_WIDTH)
        content = QWidget()
        content.setMaximumWidth(_WIDTH)
        row = QHBoxLayout(content)
        row.setContentsMargins(L, L, L, L)
        row.setSpacing(L)
        row.addWidget(self.form)
        row.addLayout(facts, 1)
        centred = QWidget()
        around = QHBoxLayout(centred)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(content, 100)
        around.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(centred)
        column.addWidget(scroll, 1)

    def _head(self) -> QFrame:
        head = QFrame()
        head.setProperty("role", "panel")
        back = icon_button("back", "Leave without training (Esc)")
        back.clicked.connect(self.left)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(ElidedLabel("Personalise a diffusion model", "heading"))
        words.addWidget(label(_WORDS, "muted", wrap=True))
        words.addWidget(self._why)
        self._why.hide()
        row = QHBoxLayout(head)
        row.setContentsMargins(M, M, L, M)
        row.setSpacing(S)
        row.addWidget(back, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.start, 0, Qt.AlignmentFlag.AlignVCenter)
        return head
