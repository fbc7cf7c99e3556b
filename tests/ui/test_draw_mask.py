"""The mask painter: what is painted comes back as a grey picture of the image's size."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from catstudio.core.errors import BadInputError
from catstudio.ui.draw.mask import MaskPainter
from catstudio.ui.draw.mask_room import MaskRoom
from catstudio.ui.draw.tools import Sample, Tool, action


def picture(width: int = 120, height: int = 80) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#808080"))
    for x in range(60, width):
        for y in range(height):
            image.setPixelColor(x, y, QColor("#2040c0"))
    return image


@pytest.fixture
def painter(themed, qtbot) -> MaskPainter:
    painter = MaskPainter(picture())
    qtbot.addWidget(painter)
    return painter


def paint(painter: MaskPainter, tool: Tool, *points: tuple[float, float]) -> None:
    painter.choose(tool)
    one = action(painter.model.document, painter.kit, tool)
    assert one.press(Sample(*points[0]))
    for point in points[1:]:
        one.move(Sample(*point))
    one.release()


def mask(painter: MaskPainter) -> np.ndarray:
    image = Image.open(io.BytesIO(painter.mask_png()))
    assert (image.mode, image.format) == ("L", "PNG")
    return np.asarray(image)


def test_nothing_is_selected_at_first(painter: MaskPainter) -> None:
    assert painter.is_empty
    assert mask(painter).shape == (80, 120)
    assert not mask(painter).any()


def test_rectangle_lasso_brush_and_eraser(painter: MaskPainter, qtbot) -> None:
    with qtbot.waitSignal(painter.changed):
        paint(painter, Tool.RECTANGLE, (10, 10), (30, 30))
    assert mask(painter)[20, 20] == 255
    assert mask(painter)[20, 40] == 0
    paint(painter, Tool.LASSO, (50, 50), (90, 50), (70, 75))
    assert mask(painter)[60, 70] == 255
    painter.kit.eraser = painter.kit.eraser.__class__(size=10, hardness=1.0)
    paint(painter, Tool.ERASER, (20, 20))
    assert mask(painter)[20, 20] == 0
    paint(painter, Tool.BRUSH, (20, 20))
    assert mask(painter)[20, 20] == 255
    painter.undo()
    assert mask(painter)[20, 20] == 0
    painter.redo()
    assert mask(painter)[20, 20] == 255


def test_the_wand_selects_what_looks_alike_and_fill_what_is_enclosed(painter: MaskPainter) -> None:
    paint(painter, Tool.WAND, (90, 40))
    assert mask(painter)[:, 63:].min() == 255
    assert mask(painter)[:, :58].max() == 0
    painter.clear()
    painter.kit.is_filled = False
    painter.kit.set_brush(size=4.0)
    paint(painter, Tool.ELLIPSE, (40, 20), (80, 60))
    painter.kit.tool = Tool.FILL
    paint(painter, Tool.FILL, (60, 40))
    assert mask(painter)[40, 60] == 255
    assert mask(painter)[5, 5] == 0


def test_invert_grow_shrink_feather_clear_are_steps(painter: MaskPainter) -> None:
    paint(painter, Tool.RECTANGLE, (40, 30), (60, 50))
    before = mask(painter)
    painter.invert()
    assert (mask(painter) == 255 - before).all()
    painter.undo()
    painter.grow(5)
    assert mask(painter)[40, 36] == 255
    painter.grow(-5)
    assert (mask(painter)[35:45, 45:55] == 255).all()
    painter.feather(6)
    assert 0 < mask(painter)[40, 40] < 255
    painter.clear()
    assert painter.is_empty
    for _ in range(4):
        painter.undo()
    assert (mask(painter) == before).all()


def test_a_mask_comes_back_as_it_was_given(painter: MaskPainter) -> None:
    given = np.random.default_rng(1).integers(0, 256, (80, 120), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(given).save(buffer, "PNG")
    painter.set_mask(buffer.getvalue())
    assert (mask(painter) == given).all()
    painter.undo()
    assert painter.is_empty


def test_a_mask_that_does_not_fit_is_refused(painter: MaskPainter) -> None:
    buffer = io.BytesIO()
    Image.new("L", (10, 10)).save(buffer, "PNG")
    with pytest.raises(BadInputError, match="10 × 10"):
        painter.set_mask(buffer.getvalue())
    with pytest.raises(BadInputError, match="cannot be read"):
        painter.set_mask(b"no image")


def test_keep_and_drop_marks(themed, qtbot) -> None:
    painter = MaskPainter(picture(), has_marks=True)
    qtbot.addWidget(painter)
    assert set(np.unique(mask(painter))) == {128}
    paint(painter, Tool.RECTANGLE, (10, 10), (30, 30))
    painter.mark("drop")
    paint(painter, Tool.RECTANGLE, (25, 10), (50, 30))
    marked = mask(painter)
    assert set(np.unique(marked)) == {0, 128, 255}
    assert (marked[20, 15], marked[20, 28], marked[20, 100]) == (255, 0, 128)
    png = painter.mask_png()
    painter.invert()
    assert mask(painter)[20, 15] == 0
    painter.set_mask(png)
    assert (mask(painter) == marked).all()
    painter.grow(2)
    assert mask(painter)[20, 9] == 255


def test_a_large_image_gets_a_mask_of_its_own_size(themed, qtbot) -> None:
    painter = MaskPainter(picture().scaled(4200, 1000))
    qtbot.addWidget(painter)
    paint(painter, Tool.RECTANGLE, (0, 0), (1024, 300))
    assert mask(painter).shape == (1000, 4200)
    assert mask(painter)[100, 1000] == 255
    assert mask(painter)[900, 4000] == 0


def test_the_room_hands_the_mask_over_or_not(bridge, qtbot) -> None:
    record = bridge.studio.images()[0]
    room = MaskRoom(bridge, record, "Paint over what to redraw.")
    qtbot.addWidget(room)
    room.show()
    qtbot.waitUntil(room.painter.isEnabled)
    assert not room.done.isEnabled()
    paint(room.painter, Tool.RECTANGLE, (100, 100), (200, 200))
    assert room.done.isEnabled()
    with qtbot.waitSignal(room.left), qtbot.waitSignal(room.painted) as caught:
        QTest.keyClick(room.painter.canvas, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    size = Image.open(io.BytesIO(bytes(caught.args[0]))).size
    assert size == (record.width, record.height)
    with qtbot.assertNotEmitted(room.painted), qtbot.waitSignal(room.left):
        QTest.keyClick(room, Qt.Key.Key_Escape)
