"""Where an image takes its layout from: a window of a seed photo, its light, and a gentle bend."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor
from torch.nn import functional

from catstudio.engine.seed_diffusion.photos import SeedPhoto

_GRID = 4


@dataclass(frozen=True, slots=True)
class Pose:
    """A window of a photo, and the light on it.

    ``centre`` is (y, x) in photo pixels; ``height`` and ``width`` the window's sides in photo
    pixels before it is seen under ``tilt`` (perspective, down and right), turned by ``angle``
    (radians) and, if ``flip``, mirrored. The light is a gain for each of red, green and blue,
    a ``saturation``, and a slope (down, right) of brightness over the window. The window
    always lies inside the photo: no border is ever invented.
    """

    centre: tuple[float, float]
    height: float
    width: float
    angle: float = 0.0
    flip: bool = False
    tilt: tuple[float, float] = (0.0, 0.0)
    saturation: float = 1.0
    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    slope: tuple[float, float] = (0.0, 0.0)

    def params(self, photo: SeedPhoto) -> dict[str, float | bool]:
        """What a person may want to read of it, as plain JSON."""
        short = min(photo.height, photo.width)
        return {
            "zoom": round(short / min(self.height, self.width), 3),
            "angle": round(math.degrees(self.angle), 1),
            "flip": self.flip,
            "brightness": round(sum(self.gain) / 3, 3),
        }


def uniform(generator: Generator, low: float, high: float) -> float:
    """One number from [low, high)."""
    return low + (high - low) * float(torch.rand((), generator=generator))


def normal(generator: Generator, std: float, most: float = 2.0) -> float:
    """One normal number, cut at ``most`` standard deviations: no extreme layouts."""
    value = float(torch.randn((), generator=generator))
    return std * max(-most, min(most, value))


def sample_pose(
    photo: SeedPhoto, variety: float, generator: Generator, flip: bool | None = None
) -> Pose:
    """A random window: at ``variety`` 0 the largest one upright, at 1 zoomed in by up to 1.45.

    Of two drawn, the one that keeps more of the subject. A long photo is squeezed by up to 1.2
    so that less of its subject is cut off. ``flip`` fixes whether it is mirrored.
    """
    first, second = (_draw_pose(photo, variety, generator, flip) for _ in range(2))
    return first if _kept(photo, first) >= _kept(photo, second) else second


def upright(photo: SeedPhoto, squeeze: float) -> Pose:
    """The largest window around the subject, its long side longer by ``squeeze``; no light."""
    side = float(min(photo.height, photo.width))
    width, height = (
        (side * squeeze, side) if photo.width >= photo.height else (side, side * squeeze)
    )
    return _inside(photo, Pose(photo.subject, height, width), (0.0, 0.0))


def _kept(photo: SeedPhoto, pose: Pose) -> float:
    """How much of the subject lies in the window, up to a constant of the photo."""
    return float(render_subject(photo, pose, 24).mean()) * pose.height * pose.width


def _draw_pose(photo: SeedPhoto, variety: float, generator: Generator, flip: bool | None) -> Pose:
    zoom = uniform(generator, 1.0 - 0.32 * variety, 1.0)
    angle = math.radians(normal(generator, 7.0 * variety))
    tilt = (normal(generator, 0.25 * variety), normal(generator, 0.25 * variety))
    most = photo.most_squeeze
    squeeze = most ** uniform(generator, 1 - 0.5 * variety, 1) * math.exp(
        normal(generator, 0.1 * variety)
    )
    side = zoom * min(photo.height, photo.width)
    width, height = (
        (side * squeeze, side) if photo.width >= photo.height else (side, side * squeeze)
    )
    shift = (normal(generator, 0.1 * variety), normal(generator, 0.1 * variety))
    mirrored = bool(torch.rand((), generator=generator) < 0.5) and variety > 0
    bright = normal(generator, 0.35 * variety)
    red, green, blue = (math.exp(bright + normal(generator, 0.06 * variety)) for _ in range(3))
    pose = Pose(
        photo.subject,
        height,
        width,
        angle,
        mirrored if flip is None else flip,
        tilt,
        math.exp(normal(generator, 0.3 * variety)),
        (red, green, blue),
        (normal(generator, 0.2 * variety), normal(generator, 0.2 * variety)),
    )
    return _inside(photo, pose, shift)


def _inside(photo: SeedPhoto, pose: Pose, shift: tuple[float, float]) -> Pose:
    """``pose`` around the subject moved by ``shift``, shrunk and moved until all of it is photo.

    A perspective view maps straight lines to straight lines, so the four corners decide.
    """
    corner = torch.tensor([-0.5, -0.5, 0.5, 0.5]), torch.tensor([-0.5, 0.5, -0.5, 0.5])
    offsets = _offsets(pose, *corner)
    sides = (photo.height, photo.width)
    reach = [(-float(at.min()), float(at.max())) for at in offsets]
    scale = min(1.0, *(side / (low + high) for side, (low, high) in zip(sides, reach, strict=True)))
    centre = []
    for side, (low, high), at, step in zip(sides, reach, photo.subject, shift, strict=True):
        middle = at * side + step * (low + high) * scale + (low - high) * scale / 2
        centre.append(min(max(middle, low * scale), side - high * scale))
    return replace(
        pose,
        centre=(centre[0], centre[1]),
        height=pose.height * scale,
        width=pose.width * scale,
    )


def _offsets(pose: Pose, v: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Window coordinates in [-0.5, 0.5] to photo pixels (y, x) relative to the centre."""
    if pose.flip:
        u = -u
    depth = 1 + pose.tilt[0] * v + pose.tilt[1] * u
    v, u = v / depth * pose.height, u / depth * pose.width
    cos, sin = math.cos(pose.angle), math.sin(pose.angle)
    return cos * v + sin * u, cos * u - sin * v


def render(photo: SeedPhoto, pose: Pose, side: int) -> Tensor:
    """The window as float32 [3, side, side] in [-1, 1], resampled from the photo itself."""
    return _lit(_sampled(photo, photo.pixels, pose, side).clamp(-1, 1), pose)


def render_subject(photo: SeedPhoto, pose: Pose, side: int) -> Tensor:
    """The probability [side, side] that each place of the window belongs to the subject."""
    return _sampled(photo, photo.chance[None], pose, side)[0].clamp(0, 1)


def _sampled(photo: SeedPhoto, values: Tensor, pose: Pose, side: int) -> Tensor:
    y, x = _unit_grid(side)
    down, right = _offsets(pose, y - 0.5, x - 0.5)
    at_y = (pose.centre[0] + down) / photo.height
    at_x = (pose.centre[1] + right) / photo.width
    grid = torch.stack([2 * at_x - 1, 2 * at_y - 1], -1)
    return functional.grid_sample(
        values[None], grid[None], "bicubic", padding_mode="reflection", align_corners=False
    )[0]


def _lit(window: Tensor, pose: Pose) -> Tensor:
    """The window under the pose's light.

    A gain g is applied as the power 1/g, so that white and black stay and nothing clips.
    """
    y, x = _unit_grid(window.shape[-1])
    slope = torch.exp(pose.slope[0] * (y - 0.5) + pose.slope[1] * (x - 0.5))
    gain = torch.tensor(pose.gain)[:, None, None] * slope
    base = (window + 1) / 2
    gray = (base * torch.tensor([0.299, 0.587, 0.114])[:, None, None]).sum(0)
    base = (gray + pose.saturation * (base - gray)).clamp(0, 1)
    return base ** (1 / gain) * 2 - 1


def sample_bend(std: float, generator: Generator) -> Tensor:
    """A displacement field [1, 2, 4, 4] (y, x), in parts of the side, cut at two ``std``."""
    return std * torch.randn((1, 2, _GRID, _GRID), generator=generator).clamp(-2, 2)


def smooth_field(cells: int, side: int, generator: Generator) -> Tensor:
    """A random field [side, side] of about unit variance that varies over 1/``cells`` of it."""
    field = torch.randn((1, 1, cells, cells), generator=generator)
    return functional.interpolate(field, (side, side), mode="bicubic", align_corners=False)[0, 0]


def bent_positions(bend: Tensor, side: int) -> Tensor:
    """For each output pixel the (y, x) in [0, 1] that it comes from: float32 [2, side, side]."""
    smooth = functional.interpolate(bend, (side, side), mode="bicubic", align_corners=False)[0]
    at = torch.stack(_unit_grid(side)) + smooth
    # Reflected at the edges, so that no pixel is drawn out into a streak.
    at = at.abs()
    return torch.where(at > 1, 2 - at, at)


def bend_image(image: Tensor, positions: Tensor) -> Tensor:
    """``image`` [3, h, w] sampled at ``positions`` [2, side, side]."""
    grid = positions.flip(0).permute(1, 2, 0) * 2 - 1
    return functional.grid_sample(
        image[None], grid[None], "bicubic", padding_mode="reflection", align_corners=False
    )[0].clamp(-1, 1)


def _unit_grid(side: int) -> tuple[Tensor, Tensor]:
    at = (torch.arange(side, dtype=torch.float32) + 0.5) / side
    y, x = torch.meshgrid(at, at, indexing="ij")
    return y, x
