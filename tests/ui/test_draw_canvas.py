"""The canvas by real events: mouse, pen with pressure, wheel, keys; and the colour and layer lists."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAction,
    QColor,
    QInputDevice,
    QMouseEvent,
    QPointingDevice,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMainWindow

from catstudio.ui.draw.brush import Brush
from catstudio.ui.draw.desk import Desk
from catstudio.ui.draw.document import Document
from catstudio.ui.draw.keys import Keys
from catstudio.ui.draw.tools import Tool

Pointer = QPointingDevice.PointerType


@pytest.fixture
def desk(themed, qtbot) -> Desk:
    desk = Desk(Document(200, 200))
    qtbot.addWidget(desk)
    desk.set_keys(Keys(desk))
    desk.resize(1000, 700)
    desk.show()
    desk.activateWindow()
    desk.canvas.setFocus()
    qtbot.waitUntil(desk.canvas.hasFocus)
    desk.kit.brush = Brush(size=20, hardness=1.0)
    desk.use_color(QColor("#ff0000"))
    return desk


def at(desk: Desk, x: float, y: float) -> QPoint:
    return desk.canvas.view.to_widget(QPointF(x, y)).toPoint()


def drag(desk: Desk, *points: tuple[float, float], modifiers=Qt.KeyboardModifier.NoModifier):
    canvas, left = desk.canvas, Qt.MouseButton.LeftButton
    places = [at(desk, *point) for point in points]
    QTest.mousePress(canvas, left, modifiers, places[0])
    for place in places[1:]:
        move = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            QPointF(canvas.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            left,
            modifiers,
        )
        QApplication.sendEvent(canvas, move)
    QTest.mouseRelease(canvas, left, modifiers, places[-1])


def pen(desk: Desk, *points: tuple[float, float, float], pointer=Pointer.Pen) -> None:
    """Drag a pen along (x, y, pressure)."""
    able = QInputDevice.Capability.Position | QInputDevice.Capability.Pressure
    kind = QInputDevice.DeviceType.Stylus
    device = QPointingDevice("pen", 7, kind, pointer, able, 1, 1)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    moves = [(QEvent.Type.TabletMove, point, none, left) for point in points[1:]]
    for type_, (x, y, pressure), button, buttons in (
        (QEvent.Type.TabletPress, points[0], left, left),
        *moves,
        (QEvent.Type.TabletRelease, points[-1], left, none),
    ):
        place = desk.canvas.view.to_widget(QPointF(x, y))
        everywhere = QPointF(desk.canvas.mapToGlobal(place))
        none_held = Qt.KeyboardModifier.NoModifier
        event = QTabletEvent(
            type_,
            device,
            place,
            everywhere,
            pressure,
            0,
            0,
            0.0,
            0.0,
            0.0,
            none_held,
            button,
            buttons,
        )
        QApplication.sendEvent(desk.canvas, event)


def color(desk: Desk, x: int, y: int) -> str:
    return desk.document.picture.pixelColor(x, y).name()


def key(desk: Desk, which, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(desk.canvas, which, modifiers)


def test_the_mouse_draws(desk: Desk) -> None:
    drag(desk, (50, 50), (100, 50), (150, 50))
    assert color(desk, 100, 50) == "#ff0000"
    assert desk.document.history.undo_name == "Brush stroke"
    assert not desk.document.is_editing


def test_a_pens_pressure_changes_the_width(desk: Desk) -> None:
    pen(desk, (20, 100, 1.0), (100, 100, 1.0), (180, 100, 0.1))
    assert color(desk, 40, 108) == "#ff0000"
    assert color(desk, 170, 108) == "#ffffff"
    assert color(desk, 170, 100) == "#ff0000"


def test_a_pens_other_end_erases(desk: Desk) -> None:
    drag(desk, (20, 100), (180, 100))
    pen(desk, (100, 100, 1.0), pointer=Pointer.Eraser)
    assert color(desk, 100, 100) == "#ffffff"
    assert desk.kit.tool is Tool.BRUSH


def test_each_tool_has_its_key(desk: Desk) -> None:
    tools = "eraser fill line rectangle ellipse picker brush".split()
    for letter, tool in zip("EFLROIB", tools, strict=True):
        key(desk, letter)
        assert desk.kit.tool == tool
        assert desk.strip.buttons[Tool(tool)].isChecked()
    key(desk, "]")
    assert desk.kit.brush.size > 20
    key(desk, "[")
    key(desk, "[")
    assert desk.kit.brush.size < 20


def test_undo_and_redo_by_key(desk: Desk) -> None:
    drag(desk, (50, 50), (60, 50))
    key(desk, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert color(desk, 50, 50) == "#ffffff"
    key(desk, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert color(desk, 50, 50) == "#ff0000"


def test_the_windows_own_undo_stands_back(desk: Desk, qtbot) -> None:
    window = QMainWindow()
    qtbot.addWidget(window)
    action = QAction("Undo an edit of the project", window)
    action.setShortcut("Ctrl+Z")
    window.addAction(action)
    window.setCentralWidget(desk)
    window.show()
    window.activateWindow()
    desk.canvas.setFocus()
    qtbot.waitUntil(desk.canvas.hasFocus)
    drag(desk, (50, 50), (60, 50))
    for widget in (desk.canvas, desk.strip.buttons[Tool.FILL], desk.layers.rows[0]):
        with qtbot.assertNotEmitted(action.triggered):
            QTest.keyClick(widget, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert color(desk, 50, 50) == "#ffffff"
    desk.setParent(None)


def test_arrows_and_return_draw_without_a_pointer(desk: Desk) -> None:
    key(desk, Qt.Key.Key_Right)
    key(desk, Qt.Key.Key_Return)
    for _ in range(10):
        key(desk, Qt.Key.Key_Right)
    key(desk, Qt.Key.Key_Return)
    assert desk.document.tools == {"brush": 1}
    assert color(desk, 105, 100) == "#ff0000"


def test_alt_picks_a_colour_and_leaves_the_tool(desk: Desk) -> None:
    drag(desk, (50, 50), (60, 50))
    desk.use_color(QColor("#00ff00"))
    drag(desk, (55, 50), modifiers=Qt.KeyboardModifier.AltModifier)
    assert desk.kit.color.name() == "#ff0000"
    assert desk.kit.tool is Tool.BRUSH


def test_the_wheel_zooms_around_the_pointer_and_space_pans(desk: Desk) -> None:
    canvas = desk.canvas
    place = QPointF(at(desk, 40, 40))
    before = canvas.view.to_picture(place)
    event = QWheelEvent(
        place,
        QPointF(canvas.mapToGlobal(place)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    zoom = canvas.view.zoom
    QApplication.sendEvent(canvas, event)
    assert canvas.view.zoom > zoom
    after = canvas.view.to_picture(place)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()), abs=1e-6)
    origin = canvas.view.origin
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    drag(desk, (50, 50), (60, 55))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.view.origin != origin
    assert desk.document.is_blank
    key(desk, "0")
    assert canvas.view.is_fitted


def test_a_layer_that_cannot_be_painted_on_says_why(desk: Desk, qtbot) -> None:
    desk.layers.rows[0].eye.click()
    with qtbot.waitSignal(desk.refused) as caught:
        drag(desk, (50, 50))
    assert "hidden" in caught.args[0]


def test_layers_are_added_renamed_and_moved_in_the_list(desk: Desk) -> None:
    desk.layers.add.click()
    row = desk.layers.rows[0]
    assert row.layer.name == "Layer 2"
    row.start_renaming()
    row.edit.setText("whiskers")
    QTest.keyClick(row.edit, Qt.Key.Key_Return)
    assert desk.document.layer.name == "whiskers"
    desk.layers.down.click()
    assert [x.name for x in desk.document.layers] == ["whiskers", "Layer 1"]
    desk.layers.opacity.slider.setValue(100)
    assert desk.document.layer.opacity == pytest.approx(0.5)
    desk.layers.rows[1].setFocus()
    QTest.keyClick(desk.layers.rows[1], Qt.Key.Key_Up)
    assert desk.document.layer.name == "Layer 1"
    desk.layers.delete.click()
    assert len(desk.layers.rows) == 1
    assert not desk.layers.delete.isEnabled()


def test_typing_a_layers_name_chooses_no_tool(desk: Desk) -> None:
    row = desk.layers.rows[0]
    row.start_renaming()
    QTest.keyClicks(row.edit, "ferb")
    assert desk.kit.tool is Tool.BRUSH
    QTest.keyClick(row.edit, Qt.Key.Key_Escape)
    assert desk.document.layer.name == "Layer 1"


def test_colours_used_are_offered_again(desk: Desk) -> None:
    drag(desk, (50, 50))
    desk.use_color(QColor("#00ff00"))
    drag(desk, (90, 50))
    shown = [one.color.name() for one in desk.colors._recent_swatches if one.isVisible()]
    assert shown == ["#00ff00", "#ff0000"]


def test_a_colour_is_mixed_in_the_popover(desk: Desk) -> None:
    desk.colors.popover.show_color(QColor("#808080"))
    desk.colors.popover._name.setText("")
    QTest.keyClicks(desk.colors.popover._name, "3366cc")
    assert desk.kit.color.name() == "#3366cc"
    QTest.keyClick(desk.colors.popover._plane, Qt.Key.Key_Down)
    assert desk.kit.color.value() < QColor("#3366cc").value()


def test_options_show_what_the_tool_uses(desk: Desk) -> None:
    bar = desk.options
    assert bar.hardness.isVisible()
    assert not bar.tolerance.isVisible()
    desk.choose(Tool.FILL)
    assert bar.tolerance.isVisible()
    assert not bar.hardness.isVisible()
    bar.tolerance.slider.setValue(bar.tolerance.slider.maximum())
    assert desk.kit.tolerance == 128
    desk.choose(Tool.RECTANGLE)
    bar.filled.click()
    assert desk.kit.is_filled
    assert not bar.width_dial.isVisible()
    for one in bar.mirrors.values():
        one.click()
    assert desk.kit.symmetry == "both"


def test_everything_has_a_name_and_can_be_reached(desk: Desk) -> None:
    for one in (*desk.strip.buttons.values(), *desk.options.mirrors.values(), desk.layers.add):
        assert one.accessibleName()
        assert one.toolTip()
        assert one.focusPolicy() & Qt.FocusPolicy.TabFocus
