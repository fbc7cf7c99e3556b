"""How downloads reach the network: not at all, through a proxy, from a mirror."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from catstudio.core.errors import CatStudioError
from catstudio.models import network
from catstudio.models.hub import hub_cache
from catstudio.ui.add_data.form import Form
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.theme import S
from catstudio.ui.widgets import ElidedLabel, label


class NetworkForm(QWidget):
    """``changed`` when a choice was kept; ``failed(str, str)`` when it could not be."""

    changed = Signal()
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        settings = network.read_settings()
        self.offline = QCheckBox("Offline: make no connection")
        self.offline.setChecked(settings.is_offline)
        self.mirror, self.proxy = QLineEdit(settings.mirror), QLineEdit(settings.proxy)
        self.mirror.setPlaceholderText(network.HUB)
        self.proxy.setPlaceholderText("as the system says")
        form = Form()
        for words, line in (("Mirror", self.mirror), ("Proxy", self.proxy)):
            line.setAccessibleName(words)
            line.setAcceptDrops(False)
            line.editingFinished.connect(self._keep)
            form.add(words, line)
        self.offline.toggled.connect(self._keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(S)
        column.addWidget(self.offline)
        column.addWidget(form)
        column.addWidget(label("Models are kept, and shared with other programs, in", "small"))
        column.addWidget(ElidedLabel(str(hub_cache()), "small"))

    def _keep(self) -> None:
        wanted = network.NetworkSettings(
            is_offline=self.offline.isChecked(),
            mirror=self.mirror.text().strip(),
            proxy=self.proxy.text().strip(),
        )

        def keep() -> None:
            if wanted != network.read_settings():
                network.write_settings(wanted)

        self._bridge.fetch(keep, lambda _: self.changed.emit(), self._cannot, self)

    def _cannot(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)
