"""One window for one user: a second start hands its project to the first and ends."""

from __future__ import annotations

import getpass
import hashlib
import os

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS = 500


def server_name() -> str:
    """A name that differs by user and by ``CATSTUDIO_HOME``."""
    key = f"{getpass.getuser()}\0{os.environ.get('CATSTUDIO_HOME', '')}"
    return f"catstudio-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def hand_over(project: str, name: str | None = None) -> bool:
    """Ask a running window to show itself and open ``project`` ("": only show).

    False when no window answers. Waits at most a second, before any window is shown.
    """
    socket = QLocalSocket()
    socket.connectToServer(name or server_name())
    if not socket.waitForConnected(_WAIT_MS):
        return False
    socket.write(project.encode() + b"\n")
    is_sent = socket.waitForBytesWritten(_WAIT_MS)
    socket.disconnectFromServer()
    return is_sent


class SingleInstance(QObject):
    """Listens for later starts; ``asked`` carries the project path that one was given, or ""."""

    asked = Signal(str)

    def __init__(self, name: str | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sockets: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._meet)
        wanted = name or server_name()
        if not self._server.listen(wanted):
            # A socket file without a listener: its window was killed.
            QLocalServer.removeServer(wanted)
            self._server.listen(wanted)

    @property
    def is_listening(self) -> bool:
        return self._server.isListening()

    def close(self) -> None:
        """Stop listening; may be called twice."""
        self._server.close()

    def _meet(self) -> None:
        while self._server.hasPendingConnections():
            socket = self._server.nextPendingConnection()
            # Without a reference here, Python may drop a socket that Qt still reports on.
            self._sockets.append(socket)
            socket.readyRead.connect(self._read)
            socket.disconnected.connect(self._drop_closed)
        self._read()

    def _read(self) -> None:
        for socket in list(self._sockets):
            if socket.canReadLine():
                self.asked.emit(bytes(socket.readLine().data()).decode(errors="replace").strip())

    def _drop_closed(self) -> None:
        for socket in list(self._sockets):
            if socket.state() == QLocalSocket.LocalSocketState.UnconnectedState:
                self._sockets.remove(socket)
                socket.deleteLater()
