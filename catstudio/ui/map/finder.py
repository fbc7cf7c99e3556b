"""Finding images by likeness, to an image or to words, for the gallery to show."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from catstudio.core.errors import CatStudioError, NotPlacedError
from catstudio.core.types import ImageRecord
from catstudio.jobs.events import TERMINAL, AnyEvent, Done, Failed
from catstudio.jobs.requests import DEFAULT_BACKBONE, MapRequest, WordsRequest
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.filters import Found


class Finder(QObject):
    """Answers one question at a time; a new one takes the place of the last.

    Images that nobody has looked at yet are embedded first, by a job, and then the answer comes.

    Signals
    -------
    found(Found) : the answer, the most alike first.
    looking(str, str) : it takes a while: what is done, and what comes of it.
    failed(str, str) : message and hint.
    """

    found = Signal(object)
    looking = Signal(str, str)
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._asked = 0
        self._again: dict[str, tuple[int, Any]] = {}
        """What is to be done when a job has ended, and for which question."""
        bridge.job_event.connect(self._job_event)

    def like_image(self, record: ImageRecord, backbone: str = DEFAULT_BACKBONE) -> None:
        """What looks like ``record``?"""
        self._asked += 1
        self._ask_image(self._asked, record, backbone, is_second=False)

    def like_words(self, text: str, backbone: str) -> None:
        """What does ``text`` describe, by a model that knows words?"""
        self._asked += 1
        asked, studio = self._asked, self._bridge.studio

        def submit(request: WordsRequest) -> None:
            self._bridge.follow(request, hear, self)

        def hear(event: AnyEvent) -> None:
            if isinstance(event, Failed):
                self.failed.emit(event.message, event.hint)
            elif isinstance(event, Done):
                self._ask_words(asked, text.strip(), event.result["vector"], backbone, False)

        self._bridge.fetch(
            lambda: studio.words_request(text, backbone), submit, self._refused, self
        )

    def _ask_image(self, asked: int, record: ImageRecord, backbone: str, is_second: bool) -> None:
        studio = self._bridge.studio
        self._ask(
            asked,
            lambda: studio.similar(record.id, backbone),
            f"Like {record.name}",
            backbone,
            None if is_second else lambda: self._ask_image(asked, record, backbone, True),
        )

    def _ask_words(
        self, asked: int, text: str, vector: list[float], backbone: str, is_second: bool
    ) -> None:
        studio = self._bridge.studio
        self._ask(
            asked,
            lambda: studio.like_words(vector, backbone),
            f"“{text}”",
            backbone,
            None if is_second else lambda: self._ask_words(asked, text, vector, backbone, True),
        )

    def _ask(self, asked: int, read: Any, title: str, backbone: str, again: Any) -> None:
        """``again`` asks once more after the map was made; None when it was."""

        def take(ids: list[str]) -> None:
            if asked == self._asked:
                self.found.emit(Found(tuple(ids), title))

        def fail(error: CatStudioError) -> None:
            if isinstance(error, NotPlacedError) and again is not None:
                self._look(asked, backbone, again)
            else:
                self._refused(error)

        self._bridge.fetch(read, take, fail, self)

    def _look(self, asked: int, backbone: str, again: Any) -> None:
        studio = self._bridge.studio
        self.looking.emit(
            "The images are being looked at first.", "The answer appears in the gallery."
        )

        def submit(request: MapRequest) -> None:
            self._again[request.job_id] = (asked, again)
            self._bridge.submit(request)

        self._bridge.fetch(
            lambda: studio.map_request(backbone, is_quick=True), submit, self._refused, self
        )

    def _job_event(self, event: AnyEvent) -> None:
        if isinstance(event, TERMINAL) and event.job_id in self._again:
            asked, again = self._again.pop(event.job_id)
            if isinstance(event, Done) and asked == self._asked:
                again()

    def _refused(self, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)
