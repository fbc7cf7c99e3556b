"""A video frame as a picture, at any size, without holding up the window.

``QVideoFrame.toImage`` keeps Python's lock for as long as it works, 5 to 100 ms a frame at full
size. Here the frame's planes are read in place by Pillow, which lets go of the lock, and brought
to the wanted size before their colours are worked out.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtMultimedia import QVideoFrame, QVideoFrameFormat

Pixels = QVideoFrameFormat.PixelFormat
Size = tuple[int, int]
_Planes = tuple[Image.Image, Image.Image, Image.Image]

# How Pillow calls the order of the bytes in memory.
_RGB = {
    Pixels.Format_BGRA8888: "BGRX",
    Pixels.Format_BGRA8888_Premultiplied: "BGRX",
    Pixels.Format_BGRX8888: "BGRX",
    Pixels.Format_RGBA8888: "RGBX",
    Pixels.Format_RGBX8888: "RGBX",
    Pixels.Format_ARGB8888: "XRGB",
    Pixels.Format_ARGB8888_Premultiplied: "XRGB",
    Pixels.Format_XRGB8888: "XRGB",
    Pixels.Format_ABGR8888: "XBGR",
    Pixels.Format_XBGR8888: "XBGR",
}
_WEIGHTS = {
    QVideoFrameFormat.ColorSpace.ColorSpace_BT601: (0.299, 0.114),
    QVideoFrameFormat.ColorSpace.ColorSpace_BT709: (0.2126, 0.0722),
    QVideoFrameFormat.ColorSpace.ColorSpace_BT2020: (0.2627, 0.0593),
}
"""The shares of red and of blue in brightness (ITU-R BT.601, BT.709, BT.2020)."""
_HD_LINES = 576  # Above it BT.709 is meant where nothing is said.


def picture(frame: QVideoFrame, most: Size | None = None) -> Image.Image | None:
    """``frame`` as RGB, upright, within ``most`` pixels or at its full size; None if it has none.

    For background threads. A frame may be read by several of them at once.
    """
    image = _read(frame, most)
    if image is None:
        return _by_qt(frame, most)
    turn = _turn(frame)
    if turn:
        image = image.rotate(-turn, expand=True)
    is_mirrored = frame.mirrored() != frame.surfaceFormat().isMirrored()
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if is_mirrored else image


def as_qimage(image: Image.Image) -> QImage:
    """An RGB picture in the layout that is drawn fastest."""
    data = image.convert("RGBX").tobytes("raw", "BGRX")
    # The copy owns its bytes; the first one only borrows them.
    return QImage(data, image.width, image.height, QImage.Format.Format_RGB32).copy()


def _read(frame: QVideoFrame, most: Size | None) -> Image.Image | None:
    """The frame as it lies in memory, neither turned nor mirrored; None where Qt must read it."""
    if not frame.map(QVideoFrame.MapMode.ReadOnly):
        return None
    try:
        if frame.pixelFormat() == Pixels.Format_Jpeg:
            return _jpeg(frame, most)
        size = _within(frame, most)
        order = _RGB.get(frame.pixelFormat())
        if order is not None:
            return _fitted(_plane(frame, 0, "RGB", size=_whole(frame), order=order), size)
        if frame.pixelFormat() == Pixels.Format_Y8:
            return _fitted(_plane(frame, 0, "L", _whole(frame)), size).convert("RGB")
        split = _SPLITTERS.get(frame.pixelFormat())
        if split is None:
            return None
        planes = [_fitted(plane, size) for plane in split(frame)]
    finally:
        frame.unmap()
    return Image.merge("RGB", planes).convert("RGB", _matrix(frame))


def _jpeg(frame: QVideoFrame, most: Size | None) -> Image.Image | None:
    try:
        with Image.open(io.BytesIO(frame.bits(0)), formats=("JPEG",)) as photo:
            if most is not None:
                photo.draft("RGB", most)
            return _fitted(photo.convert("RGB"), _within(frame, most))
    except (OSError, SyntaxError, ValueError):
        return None  # Cut short on the cable, as happens; Qt may still make something of it.


def _by_qt(frame: QVideoFrame, most: Size | None) -> Image.Image | None:
    """For what lies in the graphics card's memory, and for rare layouts."""
    found = frame.toImage().convertToFormat(QImage.Format.Format_RGBX8888)
    if found.isNull():
        return None
    size, row = (found.width(), found.height()), found.bytesPerLine()
    image = Image.frombytes("RGBX", size, bytes(found.constBits()), "raw", "RGBX", row)
    scale = 1.0 if most is None else min(most[0] / size[0], most[1] / size[1], 1.0)
    wanted = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return _fitted(image.convert("RGB"), wanted)


def _turn(frame: QVideoFrame) -> int:
    """Degrees to turn it clockwise, to be upright."""
    turn: int = frame.surfaceFormat().rotation().value + frame.rotation().value
    return turn % 360


def _within(frame: QVideoFrame, most: Size | None) -> Size:
    width, height = frame.width(), frame.height()
    if most is None:
        return width, height
    if _turn(frame) % 180:
        most = most[1], most[0]
    scale = min(most[0] / width, most[1] / height, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _fitted(image: Image.Image, size: Size) -> Image.Image:
    """A copy of its own at ``size``: the frame's memory goes back to the camera."""
    if image.size == size:
        return image.copy()
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)


# -- brightness and the two colour differences of each layout ----------------------------------


def _whole(frame: QVideoFrame) -> Size:
    return frame.width(), frame.height()


def _plane(frame: QVideoFrame, number: int, mode: str, size: Size, order: str = "") -> Image.Image:
    row = frame.bytesPerLine(number)
    # Pillow has RGBX as a mode of its own, and would take it for RGB as it lies there.
    layout = "RGBX" if order == "RGBX" else mode
    data: Any = frame.bits(number)  # a view on the frame; Pillow's types leave views out
    image = Image.frombuffer(layout, size, data, "raw", order or mode, row, 1)
    return image if layout == mode else image.convert(mode)


def _planar(halves_height: bool, is_swapped: bool = False) -> Callable[[QVideoFrame], _Planes]:
    def split(frame: QVideoFrame) -> _Planes:
        width, height = frame.width(), frame.height()
        half = ((width + 1) // 2, (height + 1) // 2 if halves_height else height)
        first, second = (_plane(frame, n, "L", half) for n in (1, 2))
        y = _plane(frame, 0, "L", _whole(frame))
        return (y, second, first) if is_swapped else (y, first, second)

    return split


def _half_planar(is_swapped: bool) -> Callable[[QVideoFrame], _Planes]:
    def split(frame: QVideoFrame) -> _Planes:
        width, height = frame.width(), frame.height()
        both = _plane(frame, 1, "LA", ((width + 1) // 2, (height + 1) // 2))
        first, second = both.getchannel("L"), both.getchannel("A")
        y = _plane(frame, 0, "L", _whole(frame))
        return (y, second, first) if is_swapped else (y, first, second)

    return split


def _packed(brightness: str, colour: str) -> Callable[[QVideoFrame], _Planes]:
    def split(frame: QVideoFrame) -> _Planes:
        width, height = frame.width(), frame.height()
        both = _plane(frame, 0, "LA", (width, height))
        colours = both.getchannel(colour)
        # Every even column is of the one difference, every odd one of the other.
        cb, cr = (
            colours.transform((width // 2, height), Image.Transform.AFFINE, (2, 0, first, 0, 1, 0))
            for first in (-0.5, 0.5)
        )
        return both.getchannel(brightness), cb, cr

    return split


_SPLITTERS: dict[QVideoFrameFormat.PixelFormat, Callable[[QVideoFrame], _Planes]] = {
    Pixels.Format_YUV420P: _planar(halves_height=True),
    Pixels.Format_YUV422P: _planar(halves_height=False),
    Pixels.Format_YV12: _planar(halves_height=True, is_swapped=True),
    Pixels.Format_NV12: _half_planar(is_swapped=False),
    Pixels.Format_NV21: _half_planar(is_swapped=True),
    Pixels.Format_YUYV: _packed("L", "A"),
    Pixels.Format_UYVY: _packed("A", "L"),
}


def _matrix(frame: QVideoFrame) -> tuple[float, ...]:
    """From (Y, Cb, Cr) to (R, G, B), as 3 rows of 4, for bytes (ITU-R BT.601-7, 2.5)."""
    kind = frame.surfaceFormat()
    is_full = kind.colorRange() == QVideoFrameFormat.ColorRange.ColorRange_Full
    spaces = QVideoFrameFormat.ColorSpace
    usual = spaces.ColorSpace_BT709 if frame.height() > _HD_LINES else spaces.ColorSpace_BT601
    red, blue = _WEIGHTS.get(kind.colorSpace(), _WEIGHTS[usual])
    green = 1 - red - blue
    y, c, black = (1.0, 1.0, 0.0) if is_full else (255 / 219, 255 / 224, 16.0)
    rows = (
        (0.0, 2 * (1 - red)),
        (-2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green),
        (2 * (1 - blue), 0.0),
    )
    return tuple(
        value for cb, cr in rows for value in (y, c * cb, c * cr, -y * black - 128 * c * (cb + cr))
    )
