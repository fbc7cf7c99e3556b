"""What a job says: one ordered stream of events with exactly one terminal event at its end."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from catstudio.core.types import Parent


class Event(Struct, frozen=True, tag=True, kw_only=True):
    """Base of all events; ``job_id`` names the job."""

    job_id: str


class Queued(Event, frozen=True, tag=True, kw_only=True):
    """The job waits for its turn; ``title`` is what a person calls it ("Generate 8 cats")."""

    title: str = ""


class Progress(Event, frozen=True, tag=True, kw_only=True):
    """``done`` of ``total`` units are finished (fractions allowed for steps inside an image).

    ``eta`` is the estimated time left in seconds, or None while unknown. ``preview`` is a
    small JPEG or PNG of the image in the making, or None.
    """

    done: float
    total: float
    message: str = ""
    eta: float | None = None
    preview: bytes | None = None


class ImageMade(Event, frozen=True, tag=True, kw_only=True):
    """One finished image from a generator: encoded bytes and what made it.

    ``score`` is the generator's own measure of quality (higher is better) or None;
    ``flags`` are short notes for the reviewer such as ``close to seed``. ``label`` is what it
    shows where that is not what the request says: a blend is labelled as its parents are.
    """

    data: bytes
    name: str
    parents: tuple[Parent, ...] = ()
    method: str = ""
    params: dict[str, Any] = {}
    score: float | None = None
    flags: tuple[str, ...] = ()
    label: str | None = None


class ImageAdded(Event, frozen=True, tag=True, kw_only=True):
    """One image is in the project: written by the process that holds it, never by a worker."""

    image_id: str
    is_duplicate: bool = False


class Embedded(Event, frozen=True, tag=True, kw_only=True):
    """Fresh embeddings to keep: ``features`` is float32 [len(keys), dim], row-major bytes."""

    backbone: str
    keys: tuple[str, ...]
    dim: int
    features: bytes


class Found(Event, frozen=True, tag=True, kw_only=True):
    """A part of the result is known before the rest; ``value`` is plain JSON.

    Of an audit, ``part`` is "sources", "check" (one of several) or "next".
    """

    part: str
    value: Any


class Placed(Event, frozen=True, tag=True, kw_only=True):
    """Where images lie on a map so far, by ``how``: "pca" at first, then "t-sne" again and again.

    ``index`` int32 [n] numbers the request's items and ``xy`` is float32 [n, 2], both as bytes.
    ``file`` is the map to keep from here on, if any: listeners get the event without it.
    """

    how: str
    index: bytes
    xy: bytes
    file: bytes = b""


class Warned(Event, frozen=True, tag=True, kw_only=True):
    """Something was refused or looks wrong, and the job goes on. ``path`` names the file, if any."""

    message: str
    hint: str = ""
    path: str = ""


class Done(Event, frozen=True, tag=True, kw_only=True):
    """Terminal: finished. ``result`` is plain JSON; ``files`` are named blobs (a trained head)."""

    result: dict[str, Any] = {}
    files: dict[str, bytes] = {}


class Failed(Event, frozen=True, tag=True, kw_only=True):
    """Terminal: failed. ``error`` is the class name, for tests and exit statuses; ``details`` the trace."""

    message: str
    hint: str = ""
    error: str = "CatStudioError"
    details: str = ""
    result: dict[str, Any] = {}


class Cancelled(Event, frozen=True, tag=True, kw_only=True):
    """Terminal: the person stopped it; ``result`` says what was finished and kept."""

    result: dict[str, Any] = {}


AnyEvent = (
    Queued
    | Progress
    | ImageMade
    | ImageAdded
    | Embedded
    | Found
    | Placed
    | Warned
    | Done
    | Failed
    | Cancelled
)
TERMINAL = (Done, Failed, Cancelled)
