"""Unsaved drawings as files: packing, reading back, and which there are.

A draft is a zip of one JSON file and one PNG a layer, in this user's own data folder.
"""

from __future__ import annotations

import io
import uuid
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
from msgspec import Struct
from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from catstudio.core.errors import BadInputError
from catstudio.core.files import explain_os_error, sha256
from catstudio.core.paths import data_dir
from catstudio.ui.draw.document import MAX_LAYERS, MAX_SIDE, MIN_SIDE
from catstudio.ui.draw.layer import FORMAT, Layer, Snapshot

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


def prune(newest: Path) -> None:
    """Keep the newest few drafts of the project that ``newest`` belongs to."""
    key = newest.name.partition("-")[0]
    found = sorted(newest.parent.glob(f"{key}-*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
    for path in found[:-KEPT]:
        path.unlink(missing_ok=True)
