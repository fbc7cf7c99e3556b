"""A mask over one image: painted as a layer, read as a grey picture of the image's size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QColor, QImage

from catstudio.core.errors import BadInputError
from catstudio.ui.draw.document import Document, over_photo
from catstudio.ui.draw.fill import feathered, grown, pixels
from catstudio.ui.draw.layer import FORMAT

SELECTED = QColor("#e5484d")
KEEP, DROP = QColor("#2f9e5f"), QColor("#e5484d")
"""The two marks: green for foreground, red for background."""
UNKNOWN = 128

Grey = NDArray[np.uint8]


class MaskModel:
    """One layer over an image. The mask is the layer's alpha; with two marks, its colour too.

    Parameters
    ----------
    image : what is masked; painted on at a smaller size beyond 2,048 pixels.
    has_marks : foreground and background are marked, the rest is unknown.
    """

    def __init__(self, image: QImage, has_marks: bool = False) -> None:
        self.size = image.size()
        self.has_marks = has_marks
        self.document: Document = over_photo(image, "image", "Image", 1.0)
        self.document.layer.opacity = 0.55

    def png(self) -> bytes:
        """The mask as an 8-bit grey PNG of the image's size: 255 selected, 0 not; with two marks
        255 foreground, 0 background, 128 unknown."""
        grey = to_image(self.grey())
        if grey.size() != self.size:
            # Marks are three values with nothing between them; a selection has soft edges.
            smooth = Qt.TransformationMode.SmoothTransformation
            mode = Qt.TransformationMode.FastTransformation if self.has_marks else smooth
            grey = grey.scaled(self.size, mode=mode).convertToFormat(
                QImage.Format.Format_Grayscale8
            )
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        grey.save(buffer, "PNG")  # type: ignore[call-overload]
        return bytes(buffer.data().data())

    def set_png(self, data: bytes) -> None:
        """Show a mask of the kind that :meth:`png` gives, as one step.

        Raises :class:`BadInputError` when it cannot be read or has another size.
        """
        image = QImage.fromData(data)
        if image.isNull():
            raise BadInputError("The mask cannot be read.", "Give a PNG, white where selected.")
        if image.size() != self.size:
            raise BadInputError(
                f"The mask is {image.width()} × {image.height()} pixels, and the image "
                f"{self.size.width()} × {self.size.height()}.",
                "Give a mask of the image's size.",
            )
        document = self.document
        if image.width() != document.width:
            image = image.scaled(document.width, document.height)
        self._put(from_image(image.convertToFormat(QImage.Format.Format_Grayscale8)), "Load mask")

    def grey(self) -> Grey:
        """The mask at the size that is painted on, uint8 [height, width]."""
        bgra = pixels(self.document.layer.image)
        alpha = bgra[:, :, 3]
        if not self.has_marks:
            return alpha
        is_marked, is_green = alpha >= 128, bgra[:, :, 1] > bgra[:, :, 2]
        marks = np.where(is_green, np.uint8(255), np.uint8(0))
        result: Grey = np.where(is_marked, marks, np.uint8(UNKNOWN))
        return result

    @property
    def is_empty(self) -> bool:
        """Nothing is selected or marked."""
        return not pixels(self.document.layer.image)[:, :, 3].any()

    def clear(self) -> None:
        self._change("Clear", np.zeros_like)

    def invert(self) -> None:
        """Select what is not selected; with two marks, exchange them."""
        if self.has_marks:
            grey = self.grey()
            self._put(np.where(grey == UNKNOWN, grey, 255 - grey), "Exchange marks")
        else:
            self._change("Invert", lambda alpha: 255 - alpha)

    def grow(self, by: int) -> None:
        """Move the edge outwards by ``by`` pixels of the picture, inwards when negative."""
        self._change("Grow" if by > 0 else "Shrink", lambda alpha: grown(alpha, by))

    def feather(self, radius: int) -> None:
        """Soften the edge over ``radius`` pixels."""
        self._change("Feather", lambda alpha: feathered(alpha, radius))

    def _change(self, name: str, of: Callable[[Grey], Grey]) -> None:
        if self.has_marks:
            grey = self.grey()
            keep = of(np.where(grey == 255, np.uint8(255), np.uint8(0)))
            drop = of(np.where(grey == 0, np.uint8(255), np.uint8(0)))
            marked = np.where(drop >= 128, np.uint8(0), np.uint8(UNKNOWN))
            self._put(np.where(keep >= 128, np.uint8(255), marked), name)
        else:
            self._put(of(self.grey()), name)

    def _put(self, grey: Grey, name: str) -> None:
        height, width = grey.shape
        if not self.has_marks:
            layer = _tinted(grey, SELECTED)
        else:
            layer = _tinted(np.where(grey > UNKNOWN, np.uint8(255), np.uint8(0)), KEEP)
            drop = _tinted(np.where(grey < UNKNOWN, np.uint8(255), np.uint8(0)), DROP)
            layer = np.maximum(layer, drop)
        image = QImage(layer.tobytes(), width, height, 4 * width, FORMAT)
        self.document.replace_pixels(image.copy(), name)


def _tinted(alpha: Grey, color: QColor) -> NDArray[np.uint8]:
    """Premultiplied pixels of one colour, uint8 [height, width, 4] as Qt lays them out."""
    channels = np.array([color.blue(), color.green(), color.red(), 255], np.uint16)
    scaled = (alpha[:, :, None].astype(np.uint16) * channels + 127) // 255
    result: NDArray[np.uint8] = scaled.astype(np.uint8)
    return result


def to_image(grey: Grey) -> QImage:
    """uint8 [height, width] as a grey picture."""
    height, width = grey.shape
    data = np.ascontiguousarray(grey).tobytes()
    return QImage(data, width, height, width, QImage.Format.Format_Grayscale8).copy()


def from_image(image: QImage) -> Grey:
    """A grey picture as uint8 [height, width]."""
    view = np.frombuffer(image.constBits(), np.uint8)
    return view.reshape(image.height(), image.bytesPerLine())[:, : image.width()].copy()
