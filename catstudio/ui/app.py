"""The window's start: the application object is built here, and only here."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication

from catstudio import __version__
from catstudio.core.errors import CatStudioError
from catstudio.core.paths import log_dir
from catstudio.ui.garbage import GarbageCollector
from catstudio.ui.main_window import MainWindow
from catstudio.ui.messages import Message
from catstudio.ui.settings import SettingsFile
from catstudio.ui.single_instance import SingleInstance, hand_over
from catstudio.ui.theme import apply_theme

if TYPE_CHECKING:
    from catstudio.studio import Studio

_LOG_BYTES, _LOG_FILES = 1_000_000, 3
_WARM_UP_MS = 1500
_GET_READY_MS = 200  # The first frame first.

_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Open the window; ``argv`` may name a project. Returns the exit status.

    A start while a window is open shows that one, with the project, and ends.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    project = str(Path(arguments[0]).absolute()) if arguments else ""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = build_application()
    if hand_over(project):
        return 0
    crash_log = _start_logs()
    try:
        with_window = Window(app, project)
        status = app.exec()
        with_window.close()
        return status
    finally:
        faulthandler.disable()
        crash_log.close()


def build_application() -> QApplication:
    """The application with its names; the theme is for the window's settings to say."""
    app = QApplication(["catstudio"])
    app.setApplicationName("CatStudio")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("org.catstudio.CatStudio")
    return app


class Window(QObject):
    """The main window with what surrounds it: settings, theme, later starts, caught errors."""

    def __init__(self, app: QApplication, project: str = "", name: str | None = None) -> None:
        super().__init__()
        settings = SettingsFile()
        theme = apply_theme(app, "system")
        self.window = MainWindow(settings, theme)
        self._single = SingleInstance(name, self)
        self._single.asked.connect(self._show)
        self._errors = CaughtErrors(self)
        self._errors.caught.connect(self.window.tell)
        self._garbage = GarbageCollector(self)
        self.window.projects.opened.connect(self._warm_up_soon)
        self.window.show()
        wanted = project or settings.values.last_project
        if wanted and (project or Path(wanted).is_dir()):
            self.window.projects.open(wanted)
        else:
            QTimer.singleShot(_GET_READY_MS, self.window, self.window.projects.get_ready)

    def close(self) -> None:
        """Give back what was taken from the process; may be called twice."""
        self._single.close()
        self._errors.close()
        self._garbage.close()

    def _show(self, project: str) -> None:
        """A later start: come to the front, with its project if it names one."""
        window = self.window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        if project:
            window.open_project(project)

    def _warm_up_soon(self, studio: Studio) -> None:
        # The person looks around first; the worker's imports take seconds of processor time.
        def warm_up() -> None:
            if self.window.projects.studio is studio:
                studio.warm_up()

        QTimer.singleShot(_WARM_UP_MS, self.window, warm_up)


class CaughtErrors(QObject):
    """Turns an unexpected exception into a log entry and an inline message, not a crash."""

    caught = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._before = sys.excepthook, threading.excepthook
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def close(self) -> None:
        """Put the previous hook back; may be called twice."""
        sys.excepthook, threading.excepthook = self._before

    def _thread_hook(self, found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None and found.exc_type is not SystemExit:
            self._hook(found.exc_type, found.exc_value, found.exc_traceback)

    def _hook(
        self,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before[0](kind, error, trace)
            return
        _log.error("An unexpected error", exc_info=(kind, error, trace))
        if isinstance(error, CatStudioError):
            self.caught.emit(Message.of(error))
            return
        formatted = logging.Formatter().formatException((kind, error, trace))
        self.caught.emit(
            Message(
                f"Something unexpected went wrong ({kind.__name__}: {error}).",
                "Your images and labels are saved as you make them. Copy the details to report it.",
                details=formatted,
            )
        )


def _start_logs() -> TextIO:
    """A rotating log for messages, and a file for crashes of the interpreter itself."""
    folder = log_dir()
    handler = RotatingFileHandler(
        folder / "window.log", maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    crash_log = (folder / "crash.log").open("a", encoding="utf-8")
    faulthandler.enable(crash_log)
    return crash_log
