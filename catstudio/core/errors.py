"""Every error a person can meet: a sentence that says what happened, and a hint that says what to do."""

from __future__ import annotations

from typing import Any


class CatStudioError(Exception):
    """Base of all expected errors.

    ``message`` names the thing (file, label, model) and the reason; ``hint`` says what to do
    next. The window shows both, the command line prints both, the log keeps the trace.
    ``result`` is what a job had finished, and kept, when it ended with this error.
    ``exit_status`` is what the command line returns (see the CLI contract).
    """

    exit_status = 5

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.result: dict[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadInputError(CatStudioError):
    """Something the person gave cannot be used: a file, a folder, a label, a parameter."""

    exit_status = 3


class ImageRefusedError(BadInputError):
    """One image file cannot enter: corrupt, cut short, too large, too small, not an image."""


class ProjectError(BadInputError):
    """A project folder cannot be opened: missing, damaged, newer, locked, read-only."""


class DamagedProjectError(ProjectError):
    """The database of a project is damaged or lost; it may go back to its last good copy."""


class ModelFileError(BadInputError):
    """A model folder or file cannot be used: incomplete, cut short, pickled, of an unknown kind."""


class NotPossibleError(CatStudioError):
    """What was asked cannot be done now (no photos yet, model missing): the hint says what is needed."""

    exit_status = 4


class NotPlacedError(NotPossibleError):
    """An image, or the whole project, is not on the embedding map yet: it has to be made first."""


class OutOfMemoryError(CatStudioError):
    """The device ran out of memory; the hint names what would fit."""


class NetworkError(CatStudioError):
    """A download did not arrive; what was fetched is kept, and fetching again goes on from there."""


class WorkerDiedError(CatStudioError):
    """The worker process ended in the middle of a job; what was finished is kept."""


class CancelledError(CatStudioError):
    """The person cancelled; everything finished so far is kept."""

    exit_status = 130
