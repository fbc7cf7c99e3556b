"""Drawings as somebody with little time makes them: cats and other things from a few shapes.

They stand for what a person would draw in the drawing room; each depends on its number alone.
"""

from __future__ import annotations

import io
import random
from collections.abc import Callable

from PIL import Image, ImageDraw

SIDE = 256
_FURS = ("#d98b3a", "#8b8f99", "#3d3a3a", "#e9dcc3", "#a2683f", "#c7c2bb")
_GROUNDS = ("#f4efe2", "#dfeaf2", "#e7f0dc", "#f2e2e2", "#ece4f2", "#e2e2e2")
_INK = "#2b2622"

Pen = ImageDraw.ImageDraw
Motif = Callable[[Pen, random.Random], None]


def cat(number: int) -> bytes:
    """A drawn cat, PNG."""
    return _drawn(_cat, number)


def other_thing(number: int) -> bytes:
    """A drawing of what is no cat, PNG: a house, a tree, a fish, a car, a mug, a flower in turn."""
    return _drawn(_THINGS[number % len(_THINGS)], number)


def square() -> bytes:
    """A grey square, PNG."""
    return _png(Image.new("RGB", (SIDE, SIDE), "#808080"))


def _drawn(motif: Motif, number: int) -> bytes:
    chance = random.Random(number)
    image = Image.new("RGB", (SIDE, SIDE), _GROUNDS[number % len(_GROUNDS)])
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 196 + chance.randint(-16, 16), SIDE, SIDE), fill="#b9c79d")
    motif(pen, chance)
    return _png(image)


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


def _cat(pen: Pen, chance: random.Random) -> None:
    fur = chance.choice(_FURS)
    x, y = 128 + chance.randint(-18, 18), 92 + chance.randint(-10, 10)
    r = 42 + chance.randint(-5, 7)
    body = (x - r, y + r // 2, x + r, y + 3 * r)
    pen.arc((x + r - 12, y + r, x + r + 44, y + 3 * r), 90, 300, fill=fur, width=13)
    pen.ellipse(body, fill=fur, outline=_INK, width=3)
    for side in (-1, 1):
        tip, foot = (x + side * (r - 4), y - r - 22), x + side * r
        pen.polygon((tip, (foot, y - 4), (x + side * 6, y - r + 6)), fill=fur, outline=_INK)
    pen.ellipse((x - r, y - r, x + r, y + r), fill=fur, outline=_INK, width=3)
    for stripe in range(chance.randint(0, 3)):
        pen.line((x - 10 + 10 * stripe, y - r + 4, x - 10 + 10 * stripe, y - r + 20), _INK, 4)
    for side in (-1, 1):
        eye = x + side * r * 2 // 5
        pen.ellipse((eye - 9, y - 14, eye + 9, y + 6), fill="#cfe07a", outline=_INK, width=2)
        pen.ellipse((eye - 3, y - 13, eye + 3, y + 5), fill=_INK)
        for whisker in (-6, 2, 10):
            pen.line((x + side * 12, y + 16, x + side * (r + 18), y + 14 + whisker), _INK, 2)
        pen.ellipse((x + side * 20 - 13, y + 3 * r - 16, x + side * 20 + 13, y + 3 * r + 4), fur)
    pen.polygon(((x - 6, y + 10), (x + 6, y + 10), (x, y + 17)), fill="#d77a7a")
    pen.arc((x - 12, y + 14, x, y + 26), 0, 150, fill=_INK, width=2)
    pen.arc((x, y + 14, x + 12, y + 26), 30, 180, fill=_INK, width=2)


def _house(pen: Pen, chance: random.Random) -> None:
    left, top = 60 + chance.randint(-15, 15), 116
    pen.rectangle((left, top, left + 130, 214), fill="#d9a066", outline=_INK, width=3)
    pen.polygon(
        ((left - 12, top), (left + 65, 48), (left + 142, top)), fill="#a33b2e", outline=_INK
    )
    pen.rectangle((left + 16, 160, left + 50, 214), fill="#6b4a32", outline=_INK)
    pen.rectangle((left + 74, 140, left + 114, 176), fill="#bcd9ea", outline=_INK, width=2)


def _tree(pen: Pen, chance: random.Random) -> None:
    x = 128 + chance.randint(-20, 20)
    pen.rectangle((x - 14, 130, x + 14, 222), fill="#7a5230", outline=_INK)
    for dx, dy in ((-40, 20), (40, 20), (0, -14), (0, 30)):
        pen.ellipse((x + dx - 44, 72 + dy - 40, x + dx + 44, 72 + dy + 40), fill="#5d9a4a")


def _fish(pen: Pen, chance: random.Random) -> None:
    y = 120 + chance.randint(-14, 14)
    pen.polygon(((176, y), (226, y - 36), (226, y + 36)), fill="#e2783c", outline=_INK)
    pen.ellipse((46, y - 46, 190, y + 46), fill="#ee9a4d", outline=_INK, width=3)
    pen.ellipse((74, y - 18, 92, y), fill="white", outline=_INK)
    pen.arc((98, y - 30, 126, y + 30), 270, 90, fill=_INK, width=3)


def _car(pen: Pen, chance: random.Random) -> None:
    color = chance.choice(("#c23b3b", "#3b6fc2", "#d9b23b"))
    pen.polygon(((80, 140), (104, 98), (174, 98), (196, 140)), fill="#bcd9ea", outline=_INK)
    pen.rectangle((40, 138, 222, 190), fill=color, outline=_INK, width=3)
    for x in (84, 180):
        pen.ellipse((x - 24, 168, x + 24, 216), fill=_INK)
        pen.ellipse((x - 9, 183, x + 9, 201), fill="#cfcfcf")


def _mug(pen: Pen, chance: random.Random) -> None:
    color = chance.choice(("#4d8fa8", "#b5651d", "#7b5ea7"))
    pen.ellipse((150, 108, 214, 178), outline=color, width=15)
    pen.rectangle((70, 88, 176, 206), fill=color, outline=_INK, width=3)
    pen.ellipse((70, 74, 176, 104), fill="#4a2f1d", outline=_INK, width=3)


def _flower(pen: Pen, chance: random.Random) -> None:
    x = 128 + chance.randint(-16, 16)
    color = chance.choice(("#d64f8a", "#e0b020", "#7d5fd3"))
    pen.line((x, 110, x, 232), "#4d8a3d", 8)
    for dx, dy in ((0, -36), (34, -11), (21, 29), (-21, 29), (-34, -11)):
        pen.ellipse(
            (x + dx - 24, 92 + dy - 24, x + dx + 24, 92 + dy + 24), fill=color, outline=_INK
        )
    pen.ellipse((x - 18, 74, x + 18, 110), fill="#f2d35b", outline=_INK)


_THINGS: tuple[Motif, ...] = (_house, _tree, _fish, _car, _mug, _flower)
