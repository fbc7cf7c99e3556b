"""What inpainting works on: the part of a picture around a mask, and the way back into the picture."""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from catstudio.core.errors import BadInputError
from catstudio.core.pixels import DECODERS_SAY

Mask = npt.NDArray[np.bool_]
Box = tuple[int, int, int, int]

_LONGEST = 2.0
_CONTEXT = 0.5
"""What is shown to the model around a mask, on each side, as a part of the mask's longer side."""
_FEATHER = 1 / 64
"""The seam's width as a part of the short side of what is redrawn."""
_LATENT = 8
"""A mask is used at the latents' resolution: it must reach over the seam by one of their pixels."""


@dataclass(frozen=True)
class Canvas:
    """A picture of which some pixels are redrawn.

    ``base`` is RGB; ``mask`` is bool [height, width], true where it is redrawn; ``box`` is the
    part (left, top, right, bottom) that the model is shown.
    """

    base: Image.Image
    mask: Mask
    box: Box

    @property
    def part(self) -> Image.Image:
        """What the model is shown, at its own resolution."""
        return self.base.crop(self.box)

    def model_mask(self, width: int, height: int) -> Image.Image:
        """The mask for the model, white where it redraws: grown so that the seam is redrawn too."""
        left, top, right, bottom = self.box
        part = self.mask[top:bottom, left:right].astype(np.uint8) * 255
        scale = min((right - left) / width, (bottom - top) / height)
        reach = max(self._feather, round(_LATENT * scale)) * 2 + 1
        grown = cv2.dilate(part, np.ones((reach, reach), np.uint8))
        small = cv2.resize(grown, (width, height), interpolation=cv2.INTER_AREA)
        return Image.fromarray(np.where(small > 0, 255, 0).astype(np.uint8))

    def finished(self, redrawn: Image.Image) -> Image.Image:
        """``base`` with ``redrawn`` (of any size) in the mask; outside it every pixel is base's.

        Towards the edge of the mask the redrawn part fades into what was there.
        """
        left, top, right, bottom = self.box
        size = (right - left, bottom - top)
        if redrawn.size != size:
            redrawn = redrawn.resize(size, Image.Resampling.LANCZOS)
        part = self.mask[top:bottom, left:right]
        share = self._share(part)[..., None]
        before = np.asarray(self.part, np.float32)
        mixed = before + share * (np.asarray(redrawn, np.float32) - before)
        whole = np.array(self.base)
        whole[top:bottom, left:right] = np.where(
            part[..., None],
            mixed.round().clip(0, 255).astype(np.uint8),
            whole[top:bottom, left:right],
        )
        return Image.fromarray(whole)

    @property
    def _feather(self) -> int:
        left, top, right, bottom = self.box
        return max(1, round(min(right - left, bottom - top) * _FEATHER))

    def _share(self, part: Mask) -> npt.NDArray[np.float32]:
        """How much of each pixel is new, float32 in [0, 1]: it grows from the mask's edge inwards."""
        if part.all():
            return np.ones(part.shape, np.float32)
        distance = cv2.distanceTransform(part.astype(np.uint8), cv2.DIST_L2, 5)
        # A mask thinner than the seam would else never be redrawn in full.
        width = min(float(self._feather), float(distance.max()))
        share: npt.NDArray[np.float32] = np.clip(distance / width, 0, 1).astype(np.float32)
        return share


def read_mask(data: bytes, size: tuple[int, int]) -> tuple[Mask, str]:
    """(mask as bool [height, width], what to tell the person or ""), of an image of ``size``.

    A mask of another size but the same shape is resized.

    Raises
    ------
    BadInputError : not an image, of another shape than the image, or nothing of it white.
    """
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as opened:
            opened.load()
            grey = _on_black(opened)
    except DECODERS_SAY as error:
        raise BadInputError(
            "The mask is not a PNG image that can be read.",
            "Save it as PNG, white where it changes.",
        ) from error
    note = ""
    if grey.size != size:
        stretch = (grey.width / size[0]) / (grey.height / size[1])
        if not 0.98 <= stretch <= 1.02:
            raise BadInputError(
                f"The mask is {grey.width} × {grey.height} pixels, and the image {size[0]} × "
                f"{size[1]}: they differ in shape.",
                "Paint the mask on this very image.",
            )
        note = (
            f"The mask is {grey.width} × {grey.height} pixels and the image {size[0]} × {size[1]}; "
            "it is resized."
        )
        grey = grey.resize(size, Image.Resampling.NEAREST)
    mask = np.asarray(grey) >= 128
    if not mask.any():
        raise BadInputError(
            "The mask is black all over: nothing would change.",
            "Paint white where it is to change.",
        )
    return mask, note


def _on_black(image: Image.Image) -> Image.Image:
    """Grey levels; what is transparent counts as black."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return image.convert("L")
    rgba = image.convert("RGBA")
    ground = Image.new("RGBA", rgba.size, "black")
    return Image.alpha_composite(ground, rgba).convert("L")


def inpainting(picture: Image.Image, mask: Mask, size: int) -> Canvas:
    """The canvas that redraws ``mask`` of ``picture``.

    The model is shown the surroundings of the mask, not the whole of a large photo: they have
    ``size`` pixels at least where there are so many, so a small flaw is drawn at full sharpness.
    """
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    spans = [(int(xs[0]), int(xs[-1]) + 1), (int(ys[0]), int(ys[-1]) + 1)]
    margin = round(_CONTEXT * max(stop - start for start, stop in spans))
    lengths = [
        min(whole, max(size, stop - start + 2 * margin))
        for (start, stop), whole in zip(spans, picture.size, strict=True)
    ]
    shortest = round(max(lengths) / _LONGEST)
    lengths = [min(whole, max(n, shortest)) for n, whole in zip(lengths, picture.size, strict=True)]
    firsts = [
        min(max(0, (start + stop - length) // 2), whole - length)
        for (start, stop), length, whole in zip(spans, lengths, picture.size, strict=True)
    ]
    left, top = firsts
    return Canvas(picture, mask, (left, top, left + lengths[0], top + lengths[1]))


def extended_size(size: tuple[int, int], direction: str, percent: int) -> tuple[int, int, int, int]:
    """Pixels that are added at the left, top, right and bottom of an image of ``size``."""
    wide, high = (max(1, round(side * percent / 100)) for side in size)
    return (
        wide if direction in ("left", "all") else 0,
        high if direction in ("top", "all") else 0,
        wide if direction in ("right", "all") else 0,
        high if direction in ("bottom", "all") else 0,
    )


def check_shape(size: tuple[int, int]) -> None:
    """Raise :class:`BadInputError` for an extended image that is too long for a model."""
    if max(size) > _LONGEST * min(size):
        raise BadInputError(
            f"The extended image would be {size[0]} × {size[1]} pixels: more than twice as long "
            "as it is wide.",
            "Extend it less, or on another side.",
        )


def outpainting(
    picture: Image.Image, added: tuple[int, int, int, int], width: int, height: int
) -> Canvas:
    """The canvas of ``width`` × ``height`` that shows ``picture`` smaller, and what is around it.

    ``added`` are the new pixels at left, top, right and bottom, in the picture's own. They are
    filled with the picture's mirror image, blurred: its colours, nothing of its things.
    """
    full = (picture.width + added[0] + added[2], picture.height + added[1] + added[3])
    across, down = width / full[0], height / full[1]
    left, right = round(added[0] * across), width - round(added[2] * across)
    top, bottom = round(added[1] * down), height - round(added[3] * down)
    inner = picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS)
    borders = (top, height - bottom, left, width - right)
    mirrored = cv2.copyMakeBorder(np.asarray(inner), *borders, cv2.BORDER_REFLECT)
    filled = cv2.GaussianBlur(mirrored, (0, 0), max(1.0, max(borders) / 4))
    mask = np.ones((height, width), np.bool_)
    mask[top:bottom, left:right] = False
    filled[top:bottom, left:right] = np.asarray(inner)
    return Canvas(Image.fromarray(filled), mask, (0, 0, width, height))
