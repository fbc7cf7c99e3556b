"""The map tab: made, kept, coloured, lassoed, walked by keyboard, out of date; find similar."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QPushButton

from catstudio.core.changes import SetState
from catstudio.core.files import write_atomic
from catstudio.core.types import State
from catstudio.jobs.events import Cancelled, Done, Failed, Placed, Progress
from catstudio.jobs.requests import MapRequest, WordsRequest
from catstudio.learn.features import unit
from catstudio.learn.image_map import ImageMap, Likeness
from catstudio.studio import Studio
from catstudio.studio.mapping import Look, map_path
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.filters import Filter, Found
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.map.canvas import MapCanvas, Pick
from catstudio.ui.map.colouring import ColourBy
from catstudio.ui.map.tab import MapTab
from catstudio.ui.theme import apply_theme

LITE = "efficientnet-lite2"
PLACES = np.array([[0, 0], [1, 0], [2, 0], [0, 1], [1, 1], [2, 1]], np.float32)


def write_map(studio: Studio, n: int = 6, how: str = "t-sne", backbone: str = LITE) -> None:
    """A map of the first ``n`` images in two rows; each is most like the one before it."""
    images = studio.images()[:n]
    angles = np.cumsum([0.0, 0.3, 0.31, 0.32, 0.33, 0.34])[:n]
    x = unit(np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
    made = ImageMap(tuple(i.sha256 for i in images), PLACES[:n], how, LITE, Likeness.of(x))
    write_atomic(map_path(studio._folder, backbone), made.to_bytes())


@pytest.fixture
def submitted(bridge: StudioBridge, monkeypatch) -> list:
    """Jobs that were asked for, and not begun."""
    found: list = []
    monkeypatch.setattr(bridge, "submit", lambda request: found.append(request) or request.job_id)
    return found


@pytest.fixture
def tab(bridge: StudioBridge, gallery: GalleryPanel, submitted, qtbot) -> Iterator[MapTab]:
    tab = MapTab(bridge, gallery)
    qtbot.addWidget(tab)
    tab.resize(700, 600)
    yield tab


@pytest.fixture
def canvas(tab: MapTab, studio: Studio, qtbot) -> MapCanvas:
    """The canvas of a whole map, in front and with the keyboard's focus."""
    write_map(studio)
    tab.show()
    qtbot.waitUntil(lambda: tab.canvas is not None and tab.canvas.isVisible())
    assert tab.canvas is not None
    tab.activateWindow()
    tab.canvas.setFocus()
    qtbot.waitUntil(tab.canvas.hasFocus)
    return tab.canvas


def ids(studio: Studio) -> list[str]:
    return [image.id for image in studio.images()]


def at(canvas: MapCanvas, id_: str) -> QPoint:
    found = canvas.point(id_)
    assert found is not None
    return found


def point(canvas: MapCanvas, where: QPoint) -> None:
    """Move the mouse there, no button down: without a screen Qt moves no pointer."""
    nothing, place = Qt.MouseButton.NoButton, QPointF(where)
    move = QMouseEvent(
        QEvent.Type.MouseMove, place, canvas.mapToGlobal(place), nothing, nothing,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(canvas, move)


def lasso(qtbot, canvas: MapCanvas, corners: list[QPoint], key=Qt.KeyboardModifier.NoModifier):
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, key, corners[0])
    for corner in [*corners[1:], corners[0]]:
        qtbot.mouseMove(canvas, corner)
    canvas.repaint()
    qtbot.mouseRelease(canvas, left, key, corners[0])


def around(canvas: MapCanvas, *chosen: str) -> list[QPoint]:
    """Corners of a box around these points."""
    x = [at(canvas, id_).x() for id_ in chosen]
    y = [at(canvas, id_).y() for id_ in chosen]
    left, right, top, bottom = min(x) - 20, max(x) + 20, min(y) - 20, max(y) + 20
    return [QPoint(left, top), QPoint(right, top), QPoint(right, bottom), QPoint(left, bottom)]


# -- making and keeping


def test_a_project_without_images_says_what_belongs_there(empty_bridge, qtbot) -> None:
    panel = GalleryPanel(empty_bridge)
    tab = MapTab(empty_bridge, panel)
    for widget in (panel, tab):
        qtbot.addWidget(widget)
    panel.load()
    tab.show()
    qtbot.waitUntil(lambda: panel.model.is_loaded and tab.feed.is_read)
    qtbot.waitUntil(tab._empty.isVisible)
    with qtbot.waitSignal(tab.add_photos):
        tab._empty.action.click()
    panel.close_files()


def test_a_map_is_made_takes_shape_and_is_kept(tab, bridge, studio, submitted, qtbot) -> None:
    tab.show()
    qtbot.waitUntil(tab._unmade.isVisible)
    tab._unmade.action.click()
    qtbot.waitUntil(lambda: len(submitted) == 1)
    (request,) = submitted
    assert isinstance(request, MapRequest) and len(request.items) == 6
    job = request.job_id
    bridge.job_event.emit(Progress(job_id=job, done=3, total=6, message="Looking", eta=9.0))
    assert (
        tab.bar.work.step.text() == "Looking · about 9 s left" and tab.bar.work.cancel.isVisible()
    )
    assert tab._unmade.action.isHidden()
    index = np.arange(6, dtype="<i4").tobytes()
    places = (PLACES, PLACES[::-1].copy())
    for how, xy in zip(("pca", "t-sne"), places, strict=True):
        bridge.job_event.emit(Placed(job_id=job, how=how, index=index, xy=xy.tobytes()))
        qtbot.waitUntil(
            lambda xy=xy: tab.canvas is not None and np.array_equal(tab.canvas._places.xy, xy)
        )
    write_map(studio)
    bridge.job_event.emit(Done(job_id=job, result={"n": 6}))
    qtbot.waitUntil(lambda: np.array_equal(tab.canvas._places.xy, PLACES))
    qtbot.waitUntil(tab.bar.isHidden)


@pytest.mark.parametrize("end", [Cancelled, Failed])
def test_a_map_that_was_stopped_keeps_its_sketch(
    end, tab, bridge, studio, submitted, qtbot
) -> None:
    tab.show()
    qtbot.waitUntil(tab._unmade.isVisible)
    tab._unmade.action.click()
    qtbot.waitUntil(lambda: len(submitted) == 1)
    cancelled = []
    studio_cancel, studio.cancel = studio.cancel, cancelled.append
    tab.bar.work.cancel.click()
    studio.cancel = studio_cancel
    assert cancelled == [submitted[0].job_id] and not tab.bar.work.cancel.isEnabled()
    more = {"message": "No."} if end is Failed else {}
    bridge.job_event.emit(end(job_id=submitted[0].job_id, **more))
    qtbot.waitUntil(tab._unmade.action.isVisible)
    assert not tab.feed.is_running


def test_new_images_make_it_out_of_date(tab, canvas, studio, add_child, submitted, qtbot) -> None:
    qtbot.waitUntil(tab.bar.isHidden)
    child = add_child(studio, ids(studio)[0], 9)
    tab._bridge.image_added.emit(child)
    qtbot.waitUntil(tab.bar.isVisible)
    assert tab.bar.words.text() == "Out of date: 1 new image is not on the map."
    tab.bar.update_.click()
    qtbot.waitUntil(lambda: len(submitted) == 1)
    assert len(submitted[0].items) == 7 and submitted[0].map_file.endswith(f"{LITE}.npz")
    # What went into the trash is no point any more.
    gone = ids(studio)[1]
    studio.apply(SetState((gone,), State.TRASHED))
    qtbot.waitUntil(lambda: canvas.point(gone) is None)


def test_it_survives_being_closed_and_opened_again(tab, canvas, studio, qtbot) -> None:
    canvas.zoom(3)
    before = canvas.view
    tab.hide()
    tab.show()
    qtbot.wait(200)
    assert tab.canvas is canvas and canvas.view == before


# -- the selection


def test_a_lasso_selects_in_the_gallery(canvas, gallery, studio, qtbot) -> None:
    a, b, c, d, *_ = ids(studio)
    lasso(qtbot, canvas, around(canvas, a, b))
    assert set(gallery.view.selected_ids()) == {a, b}
    lasso(qtbot, canvas, around(canvas, c), Qt.KeyboardModifier.ShiftModifier)
    assert set(gallery.view.selected_ids()) == {a, b, c}
    lasso(qtbot, canvas, around(canvas, b, c), Qt.KeyboardModifier.ControlModifier)
    assert set(gallery.view.selected_ids()) == {a}
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, d))
    assert gallery.view.selected_ids() == [d] and gallery.view.current_id() == d
    control = Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, control, at(canvas, a))
    assert set(gallery.view.selected_ids()) == {a, d}
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert gallery.view.selected_ids() == []


def test_the_gallerys_selection_is_marked(tab, canvas, gallery, studio, qtbot) -> None:
    chosen = ids(studio)[2:4]
    gallery.view.select(chosen)
    assert [canvas._ids[row] for row in np.flatnonzero(canvas._selected)] == chosen
    assert "2 selected" in tab._status.text() and tab._to_gallery.isVisible()
    with qtbot.waitSignal(tab.gallery_asked):
        tab._to_gallery.click()


def test_many_scattered_images_are_shown_alone(canvas, gallery, studio, monkeypatch, qtbot) -> None:
    monkeypatch.setattr("catstudio.ui.map.picking._MOST_SCATTERED", 1)
    a, b, *_ = ids(studio)
    lasso(qtbot, canvas, around(canvas, a, b))
    qtbot.waitUntil(lambda: set(gallery.view.selected_ids()) == {a, b})
    assert set(gallery.model.visible_ids()) == {a, b}
    assert gallery.filter_bar.found.text() == "From the map"
    gallery.filter_bar.found.click()
    assert gallery.model.filter() == Filter() and gallery.filter_bar.found.isHidden()


def test_a_newer_selection_takes_the_place_of_one_under_way(
    tab, canvas, gallery, studio, monkeypatch, qtbot
) -> None:
    monkeypatch.setattr("catstudio.ui.map.picking._MOST_SCATTERED", 2)
    a, b, c, *_ = every = ids(studio)
    tab.picking.pick([a, b, c], Pick.REPLACE, a)
    tab.picking.pick(every, Pick.REPLACE, a)
    assert gallery.view.selected_count() == 6
    tab.picking.pick(every[1:], Pick.REPLACE, b)
    tab.picking.pick([a, b, c], Pick.REPLACE, a)
    qtbot.waitUntil(lambda: set(gallery.view.selected_ids()) == {a, b, c})
    tab.picking.pick(every, Pick.REPLACE, a)
    tab.picking.pick([b], Pick.REPLACE, b)
    qtbot.wait(50)
    assert gallery.view.selected_ids() == [b]
    assert set(gallery.model.visible_ids()) == {a, b, c}


def test_a_filter_chosen_meanwhile_stays(tab, canvas, gallery, studio, monkeypatch, qtbot) -> None:
    monkeypatch.setattr("catstudio.ui.slices._SLICE_S", -1.0)
    tab.picking._selecting.start(
        tab.picking._select_alone(Filter(found=Found(tuple(ids(studio)[:2]), "two")))
    )
    assert gallery.model.rowCount() == 2 and tab.picking._selecting.is_busy
    gallery.clear_filters()
    qtbot.waitUntil(lambda: not tab.picking._selecting.is_busy)
    assert gallery.view.selected_ids() == [] and gallery.model.rowCount() == 6


def test_the_project_may_close_while_a_selection_is_looked_for(
    tab, canvas, bridge, gallery, studio, monkeypatch, qtbot
) -> None:
    monkeypatch.setattr("catstudio.ui.map.picking._MOST_SCATTERED", 1)
    tab.picking.pick(ids(studio)[:2], Pick.REPLACE, "")
    bridge.close()
    qtbot.wait(30)
    assert gallery.view.selected_ids() == [] and gallery.model.rowCount() == 6


def test_what_the_filters_hide_is_pale_and_left_alone(tab, canvas, gallery, studio, qtbot) -> None:
    a, *others = ids(studio)
    gallery.show_only(Filter(states=frozenset({State.PENDING})))
    qtbot.waitUntil(lambda: canvas._allowed.sum() == 2)
    lasso(qtbot, canvas, around(canvas, a, *others))
    assert set(gallery.view.selected_ids()) == set(others[-2:])
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, a))
    assert gallery.view.selected_ids() == []


def test_keys_walk_zoom_and_act(canvas, gallery, studio, qtbot) -> None:
    a, b, c, d, *_ = ids(studio)
    gallery.view.select([a])
    qtbot.keyClick(canvas, Qt.Key.Key_Right)
    assert gallery.view.selected_ids() == [b]
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert set(gallery.view.selected_ids()) == {b, c}
    gallery.view.select([a])
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert gallery.view.selected_ids() == [d]
    assert studio.image(d).name in canvas.accessibleDescription()
    scale = canvas.view.scale
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.scale > scale
    middle = canvas.view.x
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert canvas.view.x > middle
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.view.scale == scale
    qtbot.keyClick(canvas, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(gallery.view.selected_ids()) == 6
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert gallery.view.selected_ids() == []
    gallery.view.select([d])
    qtbot.keyClick(canvas, Qt.Key.Key_R)
    qtbot.waitUntil(lambda: studio.image(d).state is State.REJECTED)
    with qtbot.waitSignal(gallery.preview_requested):
        qtbot.keyClick(canvas, Qt.Key.Key_Space)


def test_the_first_arrow_begins_in_the_middle(canvas, gallery, qtbot) -> None:
    qtbot.keyClick(canvas, Qt.Key.Key_Up)
    assert len(gallery.view.selected_ids()) == 1


def test_hovering_shows_the_image(tab, canvas, studio, qtbot) -> None:
    first = studio.images()[0]
    point(canvas, at(canvas, first.id))
    assert tab.card.isVisible()
    assert tab.card.name.text() == first.name
    assert tab.card.facts.text().startswith("cat · ")
    qtbot.waitUntil(lambda: tab.card.picture.has_picture)
    assert canvas.rect().contains(tab.card.geometry())
    point(canvas, QPoint(2, 2))
    assert tab.card.isHidden()


def test_right_and_double_click(canvas, gallery, studio, qtbot) -> None:
    a, b, *_ = ids(studio)
    with qtbot.waitSignal(gallery.preview_requested):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, a))
        qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=at(canvas, a))
    qtbot.mouseClick(canvas, Qt.MouseButton.RightButton, pos=at(canvas, b))
    menu = QApplication.activePopupWidget()
    assert menu is not None and gallery.view.selected_ids() == [b]
    assert "Find similar" in [action.text() for action in menu.actions()]
    menu.close()
    # Dragged, the right button moves the map and asks for nothing.
    x = canvas.view.x
    right = Qt.MouseButton.RightButton
    qtbot.mousePress(canvas, right, pos=QPoint(100, 100))
    qtbot.mouseMove(canvas, QPoint(150, 100))
    qtbot.mouseRelease(canvas, right, pos=QPoint(150, 100))
    assert canvas.view.x < x and QApplication.activePopupWidget() is None


def test_wheel_and_tools_zoom_and_move(tab, canvas, gallery, qtbot) -> None:
    scale = canvas.view.scale
    where = QPointF(50, 50)
    nothing = Qt.MouseButton.NoButton
    wheel = QWheelEvent(
        where, canvas.mapToGlobal(where), QPoint(), QPoint(0, 120), nothing,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)
    assert canvas.view.scale > scale
    tab.tools.zoomed.emit(0)
    assert canvas.view.scale == scale
    tab.tools.zoomed.emit(-1)
    assert canvas.view.scale < scale
    tab.tools.hand.click()
    x = canvas.view.x
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=QPoint(10, 10))
    qtbot.mouseMove(canvas, QPoint(90, 10))
    qtbot.mouseRelease(canvas, left, pos=QPoint(90, 10))
    assert gallery.view.selected_ids() == [] and canvas.view.x < x


# -- colours


def test_colours_follow_and_the_legend_hides(tab, canvas, studio, qtbot) -> None:
    def entries() -> list[QPushButton]:
        return [b for b in tab.legend.findChildren(QPushButton) if not b.isHidden()]

    assert [b.text() for b in entries()] == ["cat  3", "not-cat  3"]
    entries()[0].click()
    qtbot.waitUntil(lambda: canvas._allowed.sum() == 3)
    assert entries()[0].accessibleName() == "cat: 3 images, hidden" and entries()[0].hasFocus()
    tab.tools.chips[ColourBy.SOURCE].click()
    qtbot.waitUntil(lambda: [b.text() for b in entries()] == ["Photos  4", "Seed diffusion  2"])
    assert canvas._allowed.all()
    assert not tab.tools.chips[ColourBy.MISTAKE].isEnabled()


def test_mistakes_are_those_of_the_newest_tested_run(tab, canvas, studio, qtbot) -> None:
    wrong, right, *_ = ids(studio)
    said = [{"id": wrong}, {"id": right}]
    report = {"mistakes": [{"id": wrong, "label": "cat", "predicted": "dog"}], "predictions": said}
    for one in (report, {"mistakes": [], "predictions": []}):
        studio._store.add_run(LITE, {}, {"report.json": msgspec.json.encode(one)})
    tab.hide()
    tab.show()
    qtbot.waitUntil(tab.tools.chips[ColourBy.MISTAKE].isEnabled)
    tab.tools.chips[ColourBy.MISTAKE].click()
    qtbot.waitUntil(lambda: canvas._marks == (False, False, True))
    assert canvas._codes.tolist() == [2, 1, 0, 0, 0, 0]
    assert canvas._arranged()[-1] == 0  # The mistake lies on top.


def test_light_and_dark_at_any_scale(tab, canvas, qapp) -> None:
    colours = []
    for mode in ("light", "dark"):
        apply_theme(qapp, mode)
        QApplication.processEvents()
        picture = canvas.grab().toImage()
        colours.append(picture.pixelColor(8, 8).lightness())
        assert len({picture.pixel(x, y) for x in range(0, 600, 3) for y in range(0, 300, 3)}) > 4
    apply_theme(qapp, "light")
    assert colours[0] > 200 > 60 > colours[1]


# -- finding


def test_find_similar_shows_the_nearest_in_order(tab, canvas, gallery, studio, qtbot) -> None:
    first = studio.images()[0]
    gallery.view.select([first.id])
    with qtbot.waitSignal(tab.gallery_asked):
        tab.find_similar(first)
    assert gallery.model.visible_ids() == ids(studio)
    assert gallery.filter_bar.found.text() == f"Like {first.name}"
    assert gallery.filter_bar.sort.isHidden() and gallery.view.selected_ids() == [first.id]


def test_find_similar_is_in_the_menu_and_on_a_key(gallery, qtbot) -> None:
    gallery.view.selectAll()
    assert not gallery.actions_.similar.isEnabled()
    first = gallery.model.visible_ids()[0]
    gallery.view.select([first])
    with qtbot.waitSignal(gallery.similar_requested) as asked:
        qtbot.keyClick(gallery.view, Qt.Key.Key_S)
    assert asked.args[0].id == first


def test_images_nobody_looked_at_are_embedded_first(
    tab, bridge, gallery, studio, submitted, qtbot
) -> None:
    write_map(studio, 5)
    last = studio.images()[-1]
    with qtbot.waitSignal(tab.told):
        tab.find_similar(last)
    qtbot.waitUntil(lambda: len(submitted) == 1)
    assert submitted[0].is_quick and len(submitted[0].items) == 6
    write_map(studio)
    with qtbot.waitSignal(tab.gallery_asked):
        bridge.job_event.emit(Done(job_id=submitted[0].job_id))
    assert gallery.model.visible_ids() == ids(studio)[::-1]
    # An image that still has no place is said once, and no job is begun again.
    write_map(studio, 3)
    tab.find_similar(last)
    qtbot.waitUntil(lambda: len(submitted) == 2)
    with qtbot.waitSignal(tab.failed) as failed:
        bridge.job_event.emit(Done(job_id=submitted[1].job_id))
    assert "is not on the map yet" in failed.args[0] and len(submitted) == 2


def test_words_are_looked_for_with_a_model_that_knows_them(
    tab, bridge, gallery, studio, monkeypatch, qtbot
) -> None:
    assert tab.tools.words.isHidden() or not tab.tools._second.isVisible()
    folder = "/models/tiny-clip"
    looks = (Look(LITE, "Lite2"), Look(folder, "Tiny CLIP", knows_words=True))
    monkeypatch.setattr("catstudio.ui.map.tab.mapping.looks", lambda: looks)
    write_map(studio, backbone=folder)
    tab.show()
    qtbot.waitUntil(tab.tools.words.isVisible)
    asked = []

    def follow(request, on_event, receiver) -> str:
        asked.append(request)
        on_event(Done(job_id=request.job_id, result={"vector": [0.0, 1.0]}))
        return request.job_id

    monkeypatch.setattr(bridge, "follow", follow)
    tab.tools.words.setText("a sleeping cat")
    with qtbot.waitSignal(tab.gallery_asked):
        qtbot.keyClick(tab.tools.words, Qt.Key.Key_Return)
    (request,) = asked
    assert isinstance(request, WordsRequest)
    assert (request.text, request.backbone) == ("a sleeping cat", folder)
    assert tab.feed.backbone == folder and tab.tools.look.currentText() == "Tiny CLIP"
    assert gallery.filter_bar.found.text() == "“a sleeping cat”"
    assert gallery.model.visible_ids()[-1] == ids(studio)[0]
