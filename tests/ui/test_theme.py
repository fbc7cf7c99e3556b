"""The theme: readable, told apart by all eyes, and changed in one go."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QWidget

from catstudio.core.types import State
from catstudio.sources import SOURCES
from catstudio.ui import icons, theme
from catstudio.ui.theme import DARK, LIGHT, Theme, apply_theme, contrast, current, on
from catstudio.ui.widgets import ChipButton, ElidedLabel, EmptyState, FlowLayout

THEMES = pytest.mark.parametrize("shown", [LIGHT, DARK], ids=lambda t: t.name)

# Machado, Oliveira and Fernandes (2009), severity 1.0, on linear RGB.
EYES = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}


@pytest.fixture
def app(qapp: QApplication):
    yield qapp
    apply_theme(qapp, "light")


def lab(color: str, eye: np.ndarray) -> np.ndarray:
    srgb = np.array([int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(eye @ linear, 0, 1)
    to_xyz = np.array(
        [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
         [0.0193339, 0.1191920, 0.9503041]]
    )  # fmt: skip
    xyz = to_xyz @ linear / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@THEMES
def test_text_is_readable_on_everything_it_stands_on(shown: Theme) -> None:
    grounds = ("window", "surface", "raised", "hover", "ground", "selected")
    pairs = [("text", g) for g in grounds]
    pairs += [(ink, g) for ink in ("muted", "accent") for g in ("window", "surface", "raised")]
    pairs += [(ink, g) for ink in ("ok", "look", "problem") for g in ("window", "surface")]
    pairs += [("muted", "ground"), ("muted", "selected"), ("problem", "raised")]
    pairs += [("on_accent", "accent_fill"), ("on_accent", "accent_hover"), ("window", "text")]
    poor = {
        f"{ink} on {ground}": round(contrast(shown.role(ink), shown.role(ground)), 2)
        for ink, ground in pairs
        if contrast(shown.role(ink), shown.role(ground)) < 4.5
    }
    assert not poor


@THEMES
def test_marks_stand_out(shown: Theme) -> None:
    for id_ in SOURCES:
        fill = shown.source(id_)
        assert contrast(fill, shown.surface) >= 3, id_
        assert contrast(on(fill), fill) >= 3, id_
    for state in State:
        assert contrast(shown.state(state), shown.surface) >= 3
    assert contrast(shown.accent, shown.raised) >= 3  # focus ring


@THEMES
def test_source_colours_stay_apart_for_all_eyes(shown: Theme) -> None:
    assert set(SOURCES) == set(shown.sources)
    for (a, one), (b, other) in itertools.combinations(shown.sources.items(), 2):
        for name, eye in EYES.items():
            distance = float(np.linalg.norm(lab(one, eye) - lab(other, eye)))
            assert distance > 14, f"{a} and {b} are {distance:.1f} apart for {name} eyes"


def test_apply_changes_palette_sheet_and_tells(app: QApplication) -> None:
    holder = apply_theme(app, "light")
    told: list[Theme] = []
    holder.changed.connect(told.append)
    assert apply_theme(app, "dark") is holder
    assert told == [DARK] and current() is DARK and holder.mode == "dark"
    assert app.palette().window().color().name() == DARK.window
    assert DARK.raised in app.styleSheet() and LIGHT.raised not in app.styleSheet()
    assert app.font().pixelSize() == theme.BODY


def test_system_mode_follows_the_scheme(app: QApplication) -> None:
    holder = apply_theme(app, "system")
    holder.theme = DARK
    holder._system_changed()
    assert holder.theme is LIGHT  # what the offscreen platform says


def _ink(icon: QIcon) -> set[str]:
    image = icon.pixmap(QSize(32, 32)).toImage()
    return {
        image.pixelColor(x, y).name()
        for x in range(image.width())
        for y in range(image.height())
        if image.pixelColor(x, y).alpha() == 255
    }


def test_icons_take_their_colour_when_painted(app: QApplication) -> None:
    apply_theme(app, "light")
    shown = icons.icon("wand", "source:diffusers")
    assert LIGHT.source("diffusers") in _ink(shown)
    apply_theme(app, "dark")
    assert DARK.source("diffusers") in _ink(shown)


def test_icons_are_sharp_on_any_screen(app: QApplication) -> None:
    shown = icons.icon("review").pixmap(QSize(16, 16), 1.5)
    assert (shown.width(), shown.devicePixelRatio()) == (24, 1.5)


def test_every_icon_that_is_asked_for_exists(app: QApplication) -> None:
    for source in SOURCES.values():
        assert not icons.icon(source.icon).isNull()
    for name in icons.NAMES:
        assert _ink(icons.icon(name)), name
    with pytest.raises(icons.MissingIconError, match="no icon called 'hovercraft'"):
        icons.icon("hovercraft")


def test_shared_widgets(app: QApplication, qtbot) -> None:
    chip = ChipButton("Rock & roll")
    qtbot.addWidget(chip)
    chip.set_count(1234)
    assert chip.text() == "Rock && roll  1,234"
    line = ElidedLabel("a rather long name of a file.jpg")
    qtbot.addWidget(line)
    line.resize(40, 20)
    line.show()
    assert line.toolTip() == "a rather long name of a file.jpg"
    line.resize(900, 20)
    qtbot.waitUntil(lambda: line.toolTip() == "")
    empty = EmptyState("gallery", "Nothing yet", "Drop a photo.", "Add photos")
    qtbot.addWidget(empty)
    with qtbot.waitSignal(empty.triggered):
        empty.action.click()
    empty.set_texts("Still nothing")
    assert empty.action.isHidden()


def test_flow_layout_wraps(app: QApplication, qtbot) -> None:
    box = QWidget()
    qtbot.addWidget(box)
    flow = FlowLayout(box, spacing=4)
    for _ in range(4):
        one = QWidget()
        one.setFixedSize(50, 20)
        flow.addWidget(one)
    assert flow.heightForWidth(4 * 50 + 3 * 4) == 20
    assert flow.heightForWidth(110) == 44
    flow.clear()
    assert flow.count() == 0
