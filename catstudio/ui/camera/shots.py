"""What the camera took, on its way into the project: encoded, described, stored; it outlives the
room."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from PIL import Image, ImageFilter, ImageStat
from PySide6.QtCore import QObject, Signal
from PySide6.QtMultimedia import QVideoFrame

from catstudio.core.changes import SetState
from catstudio.core.errors import CatStudioError, NotPossibleError
from catstudio.core.types import State
from catstudio.jobs.events import TERMINAL, AnyEvent, Failed, ImageAdded, Warned
from catstudio.jobs.requests import ImportRequest
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.camera.pictures import picture

_QUALITY = 95
"""JPEG quality: no difference to see, a quarter of the bytes of a lossless file."""
_LOOKED_AT = 512
"""The longer side at which sharpness is judged, in pixels."""
BLURRED = 20.0
"""Below this :func:`sharpness` a photo is called blurred: sharp ones of the free example photos
have 80 to 4,400, and under 12 once they are blurred by half a hundredth of their longer side."""

_EDGES = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
_MODEL, _SOFTWARE, _TIME = 0x0110, 0x0131, 0x0132
_EXIF_IFD, _TAKEN, _PART_TAKEN, _OFFSET_TAKEN = 0x8769, 0x9003, 0x9291, 0x9011


@dataclass
class Shot:
    """One press of the button: one photo, or a burst.

    ``ids`` are the project's images that came of it.
    """

    label: str | None
    camera: str
    count: int
    ids: list[str] = field(default_factory=list)
    photos: dict[int, tuple[str, bytes]] = field(default_factory=dict)
    taken: int = 0
    encoding: int = 0
    is_ended: bool = False
    is_unwanted: bool = False
    burst: str = field(default_factory=lambda: uuid.uuid4().hex)


@dataclass(frozen=True)
class Encoded:
    """A photo as a file, and whether it seems blurred."""

    name: str
    data: bytes
    is_blurred: bool


class Shots(QObject):
    """Takes frames, hands photos to the project. A child of the bridge, for photos taken right
    before the room is left have to land too.

    Signals
    -------
    judged(bool) : the newest photo seems blurred, or not.
    landed(Shot) : it is in the project, under its ``ids``.
    failed(str, str) : message and hint.
    """

    judged = Signal(bool)
    landed = Signal(object)
    failed = Signal(str, str)

    def __init__(self, bridge: StudioBridge) -> None:
        super().__init__(bridge)
        self._bridge = bridge
        self._open: list[Shot] = []
        self._is_retired = False

    @property
    def under_way(self) -> int:
        """How many presses of the button are not in the project yet."""
        return len(self._open)

    def begin(self, label: str | None, camera: str, count: int) -> Shot:
        """A press of the button: ``count`` photos follow by :meth:`add`, then :meth:`end`."""
        shot = Shot(label, camera, count)
        self._open.append(shot)
        return shot

    def add(self, shot: Shot, frame: QVideoFrame) -> None:
        """One photo, taken now."""
        number, when = shot.taken, datetime.now().astimezone()
        shot.taken += 1
        shot.encoding += 1

        def encode() -> Encoded:
            image = picture(frame)
            if image is None:
                raise NotPossibleError(
                    f"{shot.camera} gave a picture that cannot be read.", "Take it again."
                )
            name = f"photo {when:%Y-%m-%d %H.%M.%S}.{when.microsecond // 1000:03}.jpg"
            return Encoded(name, jpeg(image, shot.camera, when), sharpness(image) < BLURRED)

        self._bridge.fetch(
            encode, partial(self._encoded, shot, number), partial(self._lost, shot), self
        )

    def end(self, shot: Shot) -> None:
        """No more photos belong to ``shot``."""
        shot.is_ended = True
        self._store(shot)

    def take_back(self, shot: Shot) -> None:
        """Put what came of ``shot`` in the trash, from where undo brings it back."""
        shot.is_unwanted = True
        if shot not in self._open and shot.ids:
            self._bridge.apply(SetState(tuple(shot.ids), State.TRASHED))

    def retire(self) -> None:
        """Go once the last photo is in the project."""
        self._is_retired = True
        for shot in list(self._open):
            self.end(shot)
        if not self._open:
            self.deleteLater()

    # -- one shot's way ----------------------------------------------------------------------

    def _encoded(self, shot: Shot, number: int, photo: Encoded) -> None:
        shot.encoding -= 1
        shot.photos[number] = (photo.name, photo.data)
        self.judged.emit(photo.is_blurred)
        self._store(shot)

    def _lost(self, shot: Shot, error: CatStudioError) -> None:
        shot.encoding -= 1
        self.failed.emit(error.message, error.hint)
        self._store(shot)

    def _store(self, shot: Shot) -> None:
        """Make all of the shot one import, so that it is one step to undo."""
        if shot.encoding or not shot.is_ended:
            return
        if not shot.photos:
            self._land(shot)
            return
        blobs = tuple(photo for _, photo in sorted(shot.photos.items()))
        shot.photos = {}
        studio = self._bridge.studio
        params: dict[str, Any] = {"camera": shot.camera}
        if len(blobs) > 1:
            params["burst"] = shot.burst

        def build() -> ImportRequest:
            return studio.import_request(
                blobs=blobs, label=shot.label, source="photo", params=params
            )

        self._bridge.fetch(build, partial(self._submit, shot), partial(self._refused, shot), self)

    def _submit(self, shot: Shot, request: ImportRequest) -> None:
        try:
            self._bridge.follow(request, partial(self._hear, shot), self)
        except CatStudioError as error:
            self._refused(shot, error)

    def _hear(self, shot: Shot, event: AnyEvent) -> None:
        if isinstance(event, ImageAdded):
            shot.ids.append(event.image_id)
        elif isinstance(event, Warned | Failed):
            self.failed.emit(event.message, event.hint)
        if isinstance(event, TERMINAL):
            self._land(shot)

    def _refused(self, shot: Shot, error: CatStudioError) -> None:
        self.failed.emit(error.message, error.hint)
        self._land(shot)

    def _land(self, shot: Shot) -> None:
        self._open.remove(shot)
        if shot.is_unwanted:
            self.take_back(shot)
        self.landed.emit(shot)
        if self._is_retired and not self._open:
            self.deleteLater()


def jpeg(image: Image.Image, camera: str, when: datetime) -> bytes:
    """``image`` as a camera would write it: JPEG, with time and camera in EXIF 3.0.

    The time stays in the file this way, also when it is exported.
    """
    exif = Image.Exif()
    exif[_MODEL], exif[_SOFTWARE] = camera, "CatStudio"
    exif[_TIME] = f"{when:%Y:%m:%d %H:%M:%S}"
    taken = exif.get_ifd(_EXIF_IFD)
    taken[_TAKEN] = exif[_TIME]
    taken[_PART_TAKEN] = f"{when.microsecond // 1000:03}"
    offset = f"{when:%z}"
    taken[_OFFSET_TAKEN] = f"{offset[:3]}:{offset[3:5]}"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY, exif=exif)
    return buffer.getvalue()


def sharpness(image: Image.Image) -> float:
    """The variance of the Laplacian of brightness (0 to 255), at one size for all photos
    (J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000)."""
    small = image.convert("L")
    small.thumbnail((_LOOKED_AT, _LOOKED_AT), reducing_gap=2.0)
    # The filter leaves the outermost pixels as they are.
    inner = small.filter(_EDGES).crop((1, 1, small.width - 1, small.height - 1))
    variance: float = ImageStat.Stat(inner).var[0]
    return variance
