"""The gallery's panel: keys, chips, zoom, status, and what it asks the window for."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication

from catstudio.core.changes import AddLabel, SetLabel, SetState
from catstudio.core.types import State
from catstudio.studio import Studio
from catstudio.ui.gallery.carrying import IDS, friendly_name
from catstudio.ui.gallery.filters import Filter, Sort
from catstudio.ui.gallery.panel import GalleryPanel, status_text
from catstudio.ui.gallery.view import CELL_SIZES
from catstudio.ui.theme import apply_theme

PENDING = Filter(states=frozenset({State.PENDING}))


@pytest.fixture
def panel(gallery: GalleryPanel) -> GalleryPanel:
    return gallery


def test_status_counts_images_selection_and_lineages(panel: GalleryPanel, qtbot) -> None:
    facets = panel.facets()
    assert status_text(facets, 0) == "6 images · 4 independent"
    panel.view.selectAll()
    assert status_text(facets, 6) == panel._status.text() == "6 images · 6 selected · 4 independent"
    panel.set_search("coffee")
    assert panel._status.text().startswith("1 of 6 images")


def test_empty_states_say_what_to_do(panel: GalleryPanel, qtbot) -> None:
    panel.set_search("dragon")
    assert panel._stack.currentWidget() is panel._nothing
    panel._nothing.action.click()
    assert panel._stack.currentWidget() is panel.view and panel.model.rowCount() == 6
    panel.model.set_images([], ("cat",))
    assert panel._stack.currentWidget() is panel._empty
    with qtbot.waitSignal(panel.add_requested):
        panel._empty.action.click()


def test_keys_decide_and_the_next_is_chosen(panel: GalleryPanel, studio: Studio, qtbot) -> None:
    panel.show_only(PENDING)
    first, second = panel.model.visible_ids()
    panel.view.select([first])
    panel.focus_view()
    qtbot.keyClick(panel.view, Qt.Key.Key_A)
    qtbot.waitUntil(lambda: panel.model.visible_ids() == [second])
    assert studio.image(first).state is State.ACCEPTED
    assert panel.view.selected_ids() == [second]
    qtbot.keyClick(panel.view, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: panel.model.record(second).label == "not-cat")
    qtbot.keyClick(panel.view, Qt.Key.Key_0)
    qtbot.waitUntil(lambda: panel.model.record(second).label is None)
    qtbot.keyClick(panel.view, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: not panel.model.visible_ids())
    assert studio.image(second).state is State.REJECTED


def test_delete_is_trash_and_comes_back(panel: GalleryPanel, studio: Studio, qtbot) -> None:
    cat = studio.images()[0]
    panel.view.select([cat.id])
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: panel.model.row_of(cat.id) is None)
    panel.select([cat.id])
    assert panel.view.selected_ids() == [cat.id]  # in the trash, which now shows
    menu = panel.actions_.menu(panel.view)
    assert panel.actions_.restore in menu.actions() and panel.actions_.trash not in menu.actions()
    panel.actions_.restore.trigger()
    qtbot.waitUntil(lambda: panel.model.record(cat.id).state is State.PENDING)
    menu.deleteLater()


def test_an_edit_touches_only_what_it_changes(panel: GalleryPanel, studio: Studio, qtbot) -> None:
    panel.view.selectAll()
    with qtbot.waitSignal(panel.model.dataChanged):
        panel.actions_.accept.trigger()
    assert studio.undo_name() == "accept 2 images"


def test_selection_survives_a_reset(panel: GalleryPanel, studio: Studio) -> None:
    chosen = [studio.images()[0].id, studio.images()[2].id]
    panel.view.select(chosen)
    panel.filter_bar._sorted(Sort.NAME)
    assert sorted(panel.view.selected_ids()) == sorted(chosen)


def test_preview_and_review_ask_for_the_right_images(panel: GalleryPanel, qtbot) -> None:
    ids = panel.model.visible_ids()
    panel.view.select([ids[1]])
    with qtbot.waitSignal(panel.preview_requested) as caught:
        qtbot.keyClick(panel.view, Qt.Key.Key_Space)
    assert caught.args == [ids, ids[1]]
    with qtbot.waitSignal(panel.review_requested) as caught:
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert caught.args == [[]]
    panel.view.select(ids[:3])
    with qtbot.waitSignal(panel.review_requested) as caught:
        qtbot.keyClick(panel.view, Qt.Key.Key_Return)
    assert caught.args == [ids[:3]]


def wheel(panel: GalleryPanel, delta: int) -> None:
    at = QPointF(100, 100)
    event = QWheelEvent(
        at, panel.view.mapToGlobal(at), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(panel.view.viewport(), event)


def test_ctrl_wheel_zooms_within_bounds(panel: GalleryPanel, qtbot) -> None:
    with qtbot.waitSignal(panel.cell_size_changed):
        wheel(panel, 120)
    assert panel.cell_size == 160 and panel._zoom.value() == CELL_SIZES.index(160)
    for _ in range(12):
        wheel(panel, -240)
    assert panel.cell_size == 96
    panel.set_cell_size(10_000)
    assert panel.cell_size == 320


def test_columns_fill_the_width(panel: GalleryPanel) -> None:
    grid = panel.view.gridSize()
    columns = panel.view.viewport().width() // grid.width()
    assert panel.view.viewport().width() - columns * grid.width() < grid.width() / 4


def test_copy_carries_files_with_their_own_names(
    panel: GalleryPanel, studio: Studio, qtbot, monkeypatch
) -> None:
    cat = studio.images()[0]
    panel.view.select([cat.id])
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    clipboard = QGuiApplication.clipboard()
    qtbot.waitUntil(lambda: clipboard.mimeData().hasImage())
    mime = clipboard.mimeData()
    (url,) = mime.urls()
    assert url.fileName() == "chelsea.jpg" and url.toLocalFile() != str(studio.image_path(cat))
    assert bytes(mime.data(IDS).data()).decode() == cat.id
    assert mime.imageData().width() == cat.width
    clipboard.clear()
    monkeypatch.setattr("catstudio.ui.gallery.carrying.MOST_BYTES", 10)
    (stored,) = panel._carrier.mime([cat]).urls()
    assert stored.toLocalFile() == str(studio.image_path(cat))


def test_dragging_carries_the_selection(panel: GalleryPanel, studio: Studio, monkeypatch) -> None:
    carried = []
    monkeypatch.setattr(panel.view, "drag", carried.append)
    panel.view.startDrag(Qt.DropAction.CopyAction)
    assert carried == []
    panel.view.selectAll()
    panel.view.startDrag(Qt.DropAction.CopyAction)
    assert len(carried[0].urls()) == 6
    assert {url.fileName() for url in carried[0].urls()} >= {"chelsea.jpg", "chelsea-1.png"}


def test_choosing_an_image_that_is_hidden_or_unknown(panel: GalleryPanel, studio: Studio) -> None:
    panel.set_search("coffee")
    panel.select(["nobody"])
    assert panel.model.rowCount() == 1
    cat = studio.images()[0].id
    panel.select([cat])
    assert panel.view.selected_ids() == [cat] and panel.model.rowCount() == 6


def test_a_friendly_name_is_safe(studio: Studio) -> None:
    cat = replace(studio.images()[0], name='../a:b"c.JPG')
    assert friendly_name(cat, ".jpg") == "a_b_c.jpg"
    assert friendly_name(replace(cat, name="...."), ".png") == "image.png"


# -- chips


def test_chips_filter_and_count(panel: GalleryPanel, qtbot) -> None:
    chip = panel.filter_bar.chips["sources"]
    actions = {a.text(): a for a in chip.menu_of_values().actions()}
    assert {"Photos\t4", "Seed diffusion\t2"} <= set(actions)
    actions["Seed diffusion\t2"].trigger()
    assert panel.model.rowCount() == 2
    assert chip.text() == "Source: Seed diffusion  2" and chip.isChecked()
    labels = {a.text() for a in panel.filter_bar.chips["labels"].menu_of_values().actions()}
    assert {"cat\t2", "not-cat\t0", "No label\t0"} <= labels
    panel.filter_bar.clear.click()
    assert panel.model.rowCount() == 6 and not chip.isChecked()


def test_the_review_chip_is_there_while_something_waits(
    panel: GalleryPanel, studio: Studio, qtbot
) -> None:
    chip = panel.filter_bar.review
    assert chip.isVisible() and chip.count == 2
    chip.click()
    assert panel.model.rowCount() == 2
    chip.click()
    assert panel.model.rowCount() == 6
    waiting = tuple(r.id for r in studio.images() if r.state is State.PENDING)
    studio.apply(SetState(waiting, State.ACCEPTED))
    qtbot.waitUntil(lambda: not chip.isVisible())


def test_menus_of_chips_stay_open_and_work_by_key(panel: GalleryPanel, qtbot) -> None:
    chip = panel.filter_bar.chips["states"]
    qtbot.mouseClick(chip, Qt.MouseButton.LeftButton)
    menu = chip._menu
    qtbot.waitUntil(menu.isVisible)
    first = menu.actions()[0]
    menu.setActiveAction(first)
    qtbot.keyClick(menu, Qt.Key.Key_Space)
    assert menu.isVisible() and panel.model.filter() == PENDING
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(first).center())
    assert menu.isVisible() and panel.model.filter() == Filter()
    menu.close()


def test_labels_become_chosen_by_number(panel: GalleryPanel, studio: Studio, qtbot) -> None:
    studio.apply(AddLabel("dog"))
    qtbot.waitUntil(panel.actions_.labels[2].isVisible)
    cat = studio.images()[0].id
    panel.view.select([cat])
    with qtbot.waitSignal(panel.model.dataChanged):
        qtbot.keyClick(panel.view, Qt.Key.Key_3)
    assert studio.image(cat).label == "dog"
    studio.apply(SetLabel((cat,), "cat"))
    qtbot.waitUntil(lambda: panel.model.record(cat).label == "cat")


def test_painting_survives_themes_and_scales(panel: GalleryPanel, qapp, qtbot) -> None:
    qtbot.waitUntil(lambda: panel.thumbnails.requests >= 6)
    light = panel.grab().toImage()
    apply_theme(qapp, "dark")
    dark = panel.grab().toImage()
    assert light.pixelColor(400, 60).lightness() > dark.pixelColor(400, 60).lightness()
    apply_theme(qapp, "light")
