"""The document: painting, tools, layers, undo, and what a drawing derives from."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QImage

from catstudio.ui.draw.document import MAX_SIDE, Document, of_drawing, over_photo
from catstudio.ui.draw.history import History
from catstudio.ui.draw.symmetry import Symmetry
from catstudio.ui.draw.tools import Brush, Kit, Sample, Tool, action, constrained


def kit(**values) -> Kit:
    result = Kit(color=QColor("#ff0000"))
    result.brush = Brush(size=10, hardness=1.0)
    for name, value in values.items():
        setattr(result, name, value)
    return result


def use(document: Document, with_: Kit, tool: Tool, *points: tuple[float, float], shift=False):
    one = action(document, with_, tool)
    assert one.press(Sample(*points[0]))
    for x, y in points[1:]:
        one.move(Sample(x, y, 1.0, shift))
    one.release()


def color(document: Document, x: int, y: int) -> str:
    return document.picture.pixelColor(x, y).name()


def photo(width: int = 120, height: int = 80) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#204060"))
    return image


def test_a_stroke_paints_and_only_what_it_touched_is_composed() -> None:
    document = Document(200, 200)
    dirty: list[QRect] = []
    document.painted.connect(dirty.append)
    use(document, kit(), Tool.BRUSH, (50, 50), (80, 50))
    assert color(document, 60, 50) == "#ff0000"
    assert color(document, 60, 70) == "#ffffff"
    assert all(rect.width() < 60 and rect.height() < 20 for rect in dirty)


def test_opacity_is_the_strokes_even_where_it_crosses_itself() -> None:
    document = Document(100, 100)
    half = kit()
    half.brush = Brush(size=10, hardness=1.0, opacity=0.5)
    use(document, half, Tool.BRUSH, (20, 50), (80, 50), (20, 50), (80, 50))
    assert document.picture.pixelColor(50, 50).green() == pytest.approx(127, abs=2)


def test_the_eraser_takes_away_down_to_the_photo() -> None:
    document = over_photo(photo(), "p", "photo", 1.0)
    use(document, kit(is_filled=True), Tool.RECTANGLE, (10, 10), (60, 60))
    assert color(document, 30, 30) == "#ff0000"
    use(document, kit(eraser=Brush(size=20, hardness=1.0)), Tool.ERASER, (30, 30))
    assert color(document, 30, 30) == "#204060"


def test_shapes_follow_the_pointer_and_shift_makes_them_regular() -> None:
    document = Document(100, 100)
    use(document, kit(is_filled=True), Tool.ELLIPSE, (10, 10), (90, 90), (50, 30), shift=True)
    assert color(document, 30, 30) == "#ff0000"
    assert color(document, 70, 70) == "#ffffff"  # What was drawn on the way is gone.
    assert color(document, 48, 12) == "#ffffff"  # A circle, not its box.
    end = constrained(Tool.LINE, QPointF(0, 0), QPointF(10, 1))
    assert (end.x(), end.y()) == pytest.approx((10, 0))


def test_symmetry_mirrors_strokes_shapes_and_fills() -> None:
    for tool in (Tool.BRUSH, Tool.RECTANGLE, Tool.LINE):
        document = Document(100, 100)
        use(document, kit(symmetry=Symmetry.BOTH), tool, (20, 30), (30, 30.5))
        for x, y in ((20, 30), (79, 30), (20, 69), (79, 69)):
            assert color(document, x, y) == "#ff0000", tool
    document = Document(100, 100)
    use(document, kit(), Tool.LINE, (50, -10), (50, 110))
    use(document, kit(symmetry=Symmetry.VERTICAL), Tool.FILL, (10, 10))
    assert color(document, 95, 95) == "#ff0000"


def test_a_fill_stays_within_lines_and_does_not_look_at_the_photo() -> None:
    image = photo()
    for x in range(0, 120, 2):
        image.setPixelColor(x, 40, QColor("#ffffff"))
    document = over_photo(image, "p", "photo", 0.5)
    use(document, kit(), Tool.RECTANGLE, (20, 20), (100, 60))
    use(document, kit(color=QColor("#00ff00")), Tool.FILL, (60, 30))
    assert color(document, 60, 50) == "#00ff00"
    assert document.picture.pixelColor(5, 5).green() < 255


def test_a_fill_outside_the_picture_does_nothing() -> None:
    document = Document(50, 50)
    assert not action(document, kit(), Tool.FILL).press(Sample(60, 10))
    assert not document.is_editing


def test_the_picker_takes_what_is_seen() -> None:
    document = over_photo(photo(), "p", "photo", 1.0)
    tools = kit()
    use(document, tools, Tool.PICKER, (5, 5))
    assert tools.color.name() == "#204060"
    assert document.is_blank


def test_giving_up_puts_the_layer_back() -> None:
    document = Document(80, 80)
    one = action(document, kit(), Tool.BRUSH)
    one.press(Sample(40, 40))
    assert color(document, 40, 40) == "#ff0000"
    document.cancel()
    assert color(document, 40, 40) == "#ffffff"
    assert document.history.undo_name is None


def test_hidden_layers_and_the_photo_are_not_painted_on() -> None:
    document = over_photo(photo(), "p", "chelsea.jpg", 1.0)
    document.choose(0)
    assert "above" in document.why_not_paint()
    assert not action(document, kit(), Tool.BRUSH).press(Sample(10, 10))
    document.choose(1)
    document.show_layer(1, is_visible=False)
    assert "hidden" in document.why_not_paint()


def test_layers_lie_in_order_and_move_add_and_go() -> None:
    document = Document(40, 40)
    use(document, kit(), Tool.BRUSH, (20, 20))
    document.add_layer()
    use(document, kit(color=QColor("#0000ff")), Tool.BRUSH, (20, 20))
    assert color(document, 20, 20) == "#0000ff"
    document.move_layer(1, -1)
    assert color(document, 20, 20) == "#ff0000"
    assert document.layer.name == "Layer 2"
    document.show_layer(1, is_visible=False)
    assert color(document, 20, 20) == "#0000ff"
    document.show_layer(0, opacity=0.5)
    assert document.picture.pixelColor(20, 20).red() == pytest.approx(127, abs=2)
    document.remove_layer(0)
    assert not document.can_remove(0)
    document.remove_layer(0)
    assert len(document.layers) == 1


def test_the_photo_stays_the_lowest() -> None:
    document = over_photo(photo(), "p", "photo", 1.0)
    assert not document.can_move(1, -1)
    assert not document.can_move(0, 1)
    document.put_photo_below(photo(), "q", "other", 1.0)
    assert [layer.photo_id for layer in document.layers] == ["q", ""]
    assert document.active == 1


def test_a_slider_that_is_dragged_is_one_step() -> None:
    document = Document(40, 40)
    for step in range(10):
        document.show_layer(0, opacity=1 - step / 20)
    document.undo()
    assert document.layer.opacity == 1.0
    document.redo()
    assert document.layer.opacity == pytest.approx(0.55)


steps = st.lists(
    st.sampled_from(
        ["stroke", "erase", "fill", "add", "remove", "up", "hide", "rename", "photo", "invert"]
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(steps, st.integers(0, 12))
def test_undo_and_redo_go_back_and_forth_exactly(names: list[str], back: int) -> None:
    document = Document(90, 70)
    seen = [_state(document)]
    for at, name in enumerate(names):
        before = document.version
        _do(document, name, at)
        if document.version != before:
            seen.append(_state(document))
    back = min(back, len(seen) - 1)
    for step in range(back):
        document.undo()
        assert _state(document) == seen[-2 - step]
    for step in range(back):
        document.redo()
        assert _state(document) == seen[len(seen) - back + step]


def _state(document: Document):
    layers = [
        (x.name, x.is_visible, x.opacity, bytes(x.image.constBits())) for x in document.layers
    ]
    return layers, document.active, bytes(document.picture.constBits())


def _do(document: Document, name: str, at: int) -> None:
    tools = kit(color=QColor.fromHsv(at * 29 % 360, 200, 200))
    x = 10 + at * 6
    top = len(document.layers) - 1
    if name in ("stroke", "erase"):
        one = action(document, tools, Tool.BRUSH if name == "stroke" else Tool.ERASER)
        if one.press(Sample(x, 20)):
            one.move(Sample(x + 15, 50))
            one.release()
    elif name == "fill":
        one = action(document, tools, Tool.FILL)
        if one.press(Sample(x, 10)):
            one.release()
    elif name == "add":
        document.add_layer()
    elif name == "remove":
        document.remove_layer(document.active)
    elif name == "up":
        document.move_layer(document.active, -1)
    elif name == "hide":
        document.show_layer(top, is_visible=not document.layers[top].is_visible)
    elif name == "rename":
        document.show_layer(top, name=f"name {at}")
    elif name == "photo":
        document.put_photo_below(photo(), f"id {at}", "photo", 0.5)
    else:
        image = QImage(document.layer.image)
        image.invertPixels(QImage.InvertMode.InvertRgba)
        document.replace_pixels(image, "Invert")


def test_undo_is_bounded_in_bytes_and_keeps_tiles_not_pictures() -> None:
    document = Document(1024, 1024)
    document.history = History(limit=200_000)
    for x in range(0, 1000, 20):
        use(document, kit(), Tool.BRUSH, (x, 500), (x + 5, 505))
    assert document.history.size <= 200_000
    document.history = History()
    use(document, kit(), Tool.BRUSH, (100, 100))
    assert document.history.size < 4 * 4 * 64 * 64


def test_a_drawing_derives_from_what_was_traced_even_when_it_is_taken_away() -> None:
    document = Document(60, 60)
    assert document.parents == ()
    document.put_photo_below(photo(), "p", "photo", 1.0)
    assert document.parents == ("p",)
    document.remove_layer(0)
    assert document.parents == ()  # Nothing was drawn meanwhile.
    document.put_photo_below(photo(), "p", "photo", 1.0)
    document.show_layer(0, is_visible=False)
    use(document, kit(), Tool.BRUSH, (20, 20))
    document.remove_layer(0)
    assert document.parents == ("p",)
    assert of_drawing(photo(), "d", "drawing").parents == ("d",)


def test_a_large_photo_is_drawn_over_at_a_smaller_size() -> None:
    document = over_photo(photo(3000, 1500), "p", "photo", 1.0)
    assert (document.width, document.height) == (MAX_SIDE, MAX_SIDE // 2)


def test_a_snapshot_stays_as_it_was() -> None:
    document = Document(40, 40)
    snapshot = document.snapshot()
    use(document, kit(), Tool.BRUSH, (20, 20))
    assert snapshot.flat().pixelColor(20, 20) == QColor(Qt.GlobalColor.white)
    assert document.snapshot().flat().pixelColor(20, 20).name() == "#ff0000"
    assert document.snapshot().tools == {"brush": 1}
