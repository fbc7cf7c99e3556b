"""Unsaved drawings: written every few seconds in the background, offered again after a kill.

A draft is a zip of one JSON file and one PNG a layer, in this user's own data folder.
"""

from __future__ import annotations

import io
import threading
import uuid
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct
from PySide6.QtCore import QBuffer, QIODevice, QObject, QTimer
from PySide6.QtGui import QImage

from catstudio.core.errors import BadInputError
from catstudio.core.files import explain_os_error, sha256, write_atomic
from catstudio.core.paths import data_dir
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw.document import MAX_LAYERS, MAX_SIDE, MIN_SIDE, Document
from catstudio.ui.draw.layer import FORMAT, Layer, Snapshot

EVERY_MS = 3000
KEPT = 5
"""Drafts of a project that are kept, the newest."""
_SUFFIX = ".drawing"
_PNG = b"\x89PNG"
_QUICK = 80
"""PNG "quality" of drafts: little compression, for speed."""


class _StoredLayer(Struct, frozen=True):
    name: str
    opacity: float
    is_visible: bool
    photo_id: str = ""


class _Stored(Struct, frozen=True):
    width: int
    height: int
    layers: tuple[_StoredLayer, ...]
    active: int
    parents: tuple[str, ...] = ()
    tools: dict[str, int] = {}
    symmetry: str = "none"
    label: str | None = None


def png(image: QImage, quality: int = -1) -> bytes:
    """``image`` as PNG; a higher ``quality`` is quicker and larger."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG", quality)  # type: ignore[call-overload]
    return bytes(buffer.data().data())


class Encoder:
    """Turns snapshots into the bytes of a draft; a layer that is as before is not packed again."""

    def __init__(self) -> None:
        self._packed: dict[int, bytes] = {}

    def encode(self, snapshot: Snapshot) -> bytes:
        """For one background thread at a time."""
        keys = [layer.image.cacheKey() for layer in snapshot.layers]
        packed = {
            key: self._packed.get(key) or png(layer.image, _QUICK)
            for key, layer in zip(keys, snapshot.layers, strict=True)
        }
        self._packed = packed
        stored = _Stored(
            snapshot.width,
            snapshot.height,
            tuple(
                _StoredLayer(layer.name, layer.opacity, layer.is_visible, layer.photo_id)
                for layer in snapshot.layers
            ),
            snapshot.active,
            snapshot.parents,
            dict(snapshot.tools),
            snapshot.symmetry,
            snapshot.label,
        )
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(zipfile.ZipInfo("drawing.json"), msgspec.json.encode(stored))
            for at, key in enumerate(keys):
                archive.writestr(zipfile.ZipInfo(f"{at}.png"), packed[key])
        return buffer.getvalue()


def decode(data: bytes) -> Snapshot:
    """The drawing in the bytes of a draft. Raises :class:`BadInputError` when it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            stored = msgspec.json.decode(_read(archive, "drawing.json"), type=_Stored)
            _check(stored)
            layers = tuple(
                _layer(one, _read(archive, f"{at}.png"), stored)
                for at, one in enumerate(stored.layers)
            )
    except (
        zipfile.BadZipFile, zlib.error, msgspec.MsgspecError, UnicodeDecodeError, KeyError,
        ValueError, EOFError, NotImplementedError, OSError, RuntimeError, OverflowError,
    ) as error:  # fmt: skip
        raise BadInputError(
            "The last drawing is damaged and cannot be continued.", "Start a new one."
        ) from error
    return Snapshot(
        stored.width,
        stored.height,
        layers,
        stored.active,
        stored.parents,
        stored.tools,
        stored.symmetry,
        stored.label,
    )


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > 4 * MAX_SIDE * MAX_SIDE + 65536:
        raise ValueError(f"{name} is too large")
    return archive.read(name)


def _check(stored: _Stored) -> None:
    sides_fit = all(MIN_SIDE <= side <= MAX_SIDE for side in (stored.width, stored.height))
    has_layers = 1 <= len(stored.layers) <= MAX_LAYERS + 1
    are_in_order = not any(layer.photo_id for layer in stored.layers[1:])
    if not (sides_fit and has_layers and are_in_order and 0 <= stored.active < len(stored.layers)):
        raise ValueError("not a drawing")


def _layer(stored: _StoredLayer, data: bytes, of: _Stored) -> Layer:
    if not data.startswith(_PNG):
        raise ValueError("a layer that is no PNG")
    image = QImage.fromData(data)
    if (image.width(), image.height()) != (of.width, of.height):
        raise ValueError("a layer of another size")
    opacity = min(1.0, max(0.0, stored.opacity))
    return Layer(
        stored.name, image.convertToFormat(FORMAT), opacity, stored.is_visible, stored.photo_id
    )


@dataclass(frozen=True)
class Draft:
    """A drawing that was not saved: where it lies, and when it was last written (seconds)."""

    path: Path
    written: float


def _folder() -> Path:
    return data_dir() / "drawings"


def _key(project: Path) -> str:
    return sha256(str(project).encode("utf-8", "surrogatepass"))[:16]


def new_path(project: Path) -> Path:
    """Where a new drawing of ``project`` is drafted."""
    return _folder() / f"{_key(project)}-{uuid.uuid4().hex[:12]}{_SUFFIX}"


def drafts(project: Path) -> list[Draft]:
    """The unsaved drawings of ``project``, newest first; for background threads."""
    found = []
    for path in _folder().glob(f"{_key(project)}-*{_SUFFIX}"):
        try:
            found.append(Draft(path, path.stat().st_mtime))
        except OSError:
            continue  # Saved, or thrown away, this very moment.
    return sorted(found, key=lambda draft: draft.written, reverse=True)


def load(draft: Draft) -> Snapshot:
    """Raises :class:`BadInputError` when it is damaged or gone."""
    try:
        return decode(draft.path.read_bytes())
    except FileNotFoundError:
        raise BadInputError("The last drawing is not there any more.", "Start a new one.") from None
    except OSError as error:
        raise explain_os_error(error, "The last drawing") from error


def discard(draft: Draft) -> None:
    """Throw a draft away."""
    draft.path.unlink(missing_ok=True)


class DraftKeeper(QObject):
    """Writes a document's draft every few seconds while it changes, off the window's thread."""

    def __init__(self, bridge: StudioBridge, path: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self._bridge = bridge
        self._document: Document | None = None
        self._encoder = Encoder()
        self._lock = threading.Lock()
        self._kept = 0
        self._wanted = 0
        self._newest = 0
        self._is_writing = False
        self._then: Callable[[], None] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.keep)

    def follow(self, document: Document, is_kept: bool = False) -> None:
        """Draft ``document`` from now on; ``is_kept`` when it is in the file as it is."""
        self._document = document
        self._kept = document.version if is_kept else 0
        self._timer.start()

    def keep(self) -> None:
        """Write the draft now, if it is behind."""
        document = self._document
        if document is None or self._is_writing or document.is_editing:
            return
        if document.version == self._kept or document.is_blank:
            return
        self._kept, self._is_writing = document.version, True
        snapshot, wanted, version = document.snapshot(), self._wanted, document.version

        def write() -> None:
            with self._lock:
                if wanted != self._wanted or version < self._newest:
                    return  # Saved, or overtaken, meanwhile.
                self._newest = version
                data = self._encoder.encode(snapshot)
                write_atomic(self.path, data, durable=False)
                _prune(self.path)

        self._bridge.fetch(write, self._written, lambda _: self._written(None), self)

    def finish(self, then: Callable[[], None]) -> None:
        """Write what is missing, and call ``then`` when it is written."""
        self.keep()
        if self._is_writing:
            self._then = then
        else:
            then()

    def forget(self, version: int) -> None:
        """The document is saved as it was at ``version``: its draft goes, unless it has changed
        since."""
        document = self._document
        if document is None or document.version != version:
            return
        self._kept = version
        self._wanted += 1

        def remove() -> None:
            with self._lock:
                self.path.unlink(missing_ok=True)

        self._bridge.fetch(remove, _ignore, _ignore, self)

    def shut(self) -> None:
        """Write what is missing and stop."""
        self._timer.stop()
        if self._document is not None:
            self._document.cancel()
        self._is_writing = False
        self.keep()
        self._document = None

    def _written(self, _: None) -> None:
        self._is_writing = False
        then, self._then = self._then, None
        if then is not None:
            self.finish(then)


def _ignore(_: object) -> None:
    pass


def _prune(newest: Path) -> None:
    """Keep the newest few drafts of the project that ``newest`` belongs to."""
    key = newest.name.partition("-")[0]
    found = sorted(newest.parent.glob(f"{key}-*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in found[:-KEPT]:
        path.unlink(missing_ok=True)
