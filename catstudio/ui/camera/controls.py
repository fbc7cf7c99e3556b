"""What the person sets for the photos to come: label, guide, mirror, countdown, burst; the button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from catstudio.ui.add_data.label_chooser import LabelChooser
from catstudio.ui.camera.viewfinder import GUIDES
from catstudio.ui.theme import L, M, S
from catstudio.ui.widgets import ComboBox, DoubleSpinBox, SpinBox, button, label

MOST_IN_BURST = 50
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Controls(QFrame):
    """``pressed()`` is the button, or Space in one of the fields; ``guided()`` asks for another
    view of the picture."""

    pressed = Signal()
    guided = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.labels = LabelChooser()
        self.labels.allow_none(True)
        self.labels.setMinimumWidth(120)
        self.guide = _choice("Framing guide", GUIDES)
        self.guide.setToolTip("Lines to frame by; they are not in the photo")
        self.guide.setCurrentIndex(1)
        self.guide.currentIndexChanged.connect(self.guided)
        self.mirror = QCheckBox("Mirror")
        self.mirror.setToolTip("Shows it as a mirror does; photos are not mirrored")
        self.mirror.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.mirror.toggled.connect(self.guided)
        waits = ((0, "At once"), (3, "In 3 s"), (5, "In 5 s"), (10, "In 10 s"))
        self.delay = _choice("Countdown", waits)
        self.delay.setToolTip("How long you have to get into place")
        self.shots = SpinBox()
        self.shots.setRange(1, MOST_IN_BURST)
        self.shots.setAccessibleName("Photos in a burst")
        self.shots.setToolTip(
            "More than one is a burst. Its photos are of one scene: they stay on one side of the "
            "test, and count as one there"
        )
        self.shots.valueChanged.connect(self._show_burst)
        self.interval = DoubleSpinBox()
        self.interval.setRange(0.1, 10.0)
        self.interval.setSingleStep(0.1)
        self.interval.setDecimals(1)
        self.interval.setValue(0.3)
        self.interval.setPrefix("every ")
        self.interval.setSuffix(" s")
        self.interval.setAccessibleName("Seconds between the photos of a burst")
        self.interval.setToolTip("Longer intervals show more poses")
        self.take = button("Take photo", "primary", "camera", "Take photo (Space)")
        self.take.setMinimumWidth(150)
        self.take.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.take.clicked.connect(self.pressed)
        self._is_busy = False
        self._lay_out()
        for kind in (QComboBox, QSpinBox, DoubleSpinBox, QLineEdit):
            for one in self.findChildren(kind):
                one.installEventFilter(self)
        self._show_burst(1)

    def show_busy(self, is_busy: bool) -> None:
        """Offer to stop a countdown or a burst; what it began with stays as it is meanwhile."""
        self._is_busy = is_busy
        for one in (self.labels, self.delay, self.shots, self.interval):
            one.setEnabled(not is_busy)
        self._show_burst(self.shots.value())

    def _show_burst(self, count: int) -> None:
        self.shots.setSuffix(" photo" if count == 1 else " photos")
        self.interval.setVisible(count > 1)
        wanted = "Take photo" if count == 1 else f"Take {count} photos"
        self.take.setText("Stop" if self._is_busy else wanted)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(L, M, L, M)
        row.setSpacing(S)
        row.addWidget(label("Label", "muted"))
        row.addWidget(self.labels)
        row.addSpacing(M)
        row.addWidget(self.guide)
        row.addWidget(self.mirror)
        row.addStretch(1)
        for field in (self.delay, self.shots, self.interval):
            row.addWidget(field)
        row.addSpacing(S)
        row.addWidget(self.take)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Space takes a photo from within a field too; Enter ends the naming of a label only."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            is_name = isinstance(watched, QLineEdit) and watched.parent() not in (
                self.shots,
                self.interval,
            )
            if is_name and event.key() in _ENTER and isinstance(watched, QLineEdit):
                watched.returnPressed.emit()
                return True
            if not is_name and event.key() == Qt.Key.Key_Space:
                self.pressed.emit()
                return True
        return super().eventFilter(watched, event)


def _choice(name: str, choices: tuple[tuple[object, str], ...]) -> ComboBox:
    box = ComboBox()
    box.setAccessibleName(name)
    for key, title in choices:
        box.addItem(title, key)
    return box
