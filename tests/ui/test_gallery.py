"""The gallery: loads in the background, redraws what was touched, asks for what is in sight."""

from __future__ import annotations

from msgspec.structs import replace
from PySide6.QtCore import QItemSelection
from PySide6.QtGui import QRegion
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication

from catstudio.core.changes import AddLabel, SetLabel, SetState, SetWeight
from catstudio.core.types import ImageRecord, State
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.gallery.filters import Filter, Sort
from catstudio.ui.gallery.model import RECORD, GalleryModel, ranges
from catstudio.ui.gallery.panel import GalleryPanel
from catstudio.ui.gallery.thumbnails import Thumbnails, picture_side

PENDING = Filter(states=frozenset({State.PENDING}))


def many(record: ImageRecord, count: int) -> list[ImageRecord]:
    """``count`` records that share one file, as a large project would have different ones."""
    return [
        replace(record, id=f"i{n:05d}", sha256=f"{n:064x}", name=f"{n}.png") for n in range(count)
    ]


# -- model


def test_model_obeys_qt_and_follows_edits(bridge: StudioBridge, studio: Studio, qtbot) -> None:
    model = GalleryModel(bridge)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    with qtbot.waitSignal(model.loaded):
        model.load()
    ids = [r.id for r in studio.images()]
    assert model.visible_ids() == ids[::-1] and model.labels() == ("cat", "not-cat")
    changed: list[int] = []
    model.dataChanged.connect(lambda first, last: changed.append(first.row()))
    bridge.apply(SetWeight((ids[0],), 5))
    qtbot.waitUntil(lambda: bool(changed))
    assert changed == [len(ids) - 1]
    assert model.index(len(ids) - 1).data(RECORD).weight == 5
    bridge.apply(SetState((ids[1],), State.TRASHED))
    qtbot.waitUntil(lambda: model.rowCount() == len(ids) - 1)
    assert ids[1] not in model.visible_ids()
    bridge.undo()
    qtbot.waitUntil(lambda: model.rowCount() == len(ids))
    assert model.visible_ids() == ids[::-1]
    bridge.apply(AddLabel("dog"))
    qtbot.waitUntil(lambda: "dog" in model.labels())


def test_new_images_appear_where_the_order_puts_them(
    bridge: StudioBridge, studio: Studio, qtbot, example_photos
) -> None:
    model = GalleryModel(bridge)
    model.load()
    qtbot.waitUntil(lambda: model.is_loaded)
    before = model.visible_ids()
    request = studio.import_request([example_photos / "not-cat" / "brick.jpg"], label="not-cat")
    with qtbot.waitSignal(model.rowsInserted):
        bridge.submit(request)
    assert model.visible_ids()[1:] == before
    assert model.index(0).data() == "brick.jpg"
    model.set_sort(Sort.OLDEST)
    assert model.index(model.rowCount() - 1).data() == "brick.jpg"


def test_loading_again_with_a_selection(gallery: GalleryPanel, studio: Studio) -> None:
    gallery.view.select(gallery.model.visible_ids()[:2])
    gallery.model.set_images(many(studio.images()[0], 3), ("cat",))
    assert gallery.view.selected_ids() == ["i00002"]
    gallery.model.set_images([], ("cat",))
    assert gallery.selected_records() == []


def test_one_selection_takes_the_place_of_another_and_is_said_once(
    bridge: StudioBridge, studio: Studio, qtbot
) -> None:
    panel = GalleryPanel(bridge)
    qtbot.addWidget(panel)
    view, said = panel.view, []
    panel.model.set_images(many(studio.images()[0], 300), ("cat",))
    shown = panel.model.visible_ids()
    view.chosen_changed.connect(lambda: said.append(view.selected_ids()))
    for wanted in (shown[::2], shown[100:103], shown[1::2]):
        view.select(reversed(wanted))
        assert view.selected_count() == len(wanted)
        assert said.pop() == wanted and not said
    view.selectAll()
    assert said.pop() == shown and not said
    view.select([])
    assert said.pop() == [] and not said
    view.select([])
    assert not said


def test_a_selection_is_of_what_is_known_now(gallery: GalleryPanel, studio: Studio, qtbot) -> None:
    view, chosen = gallery.view, gallery.model.visible_ids()[::2]
    view.select(chosen)
    assert len(view.selected_records()) == 3
    studio.apply(SetLabel(tuple(chosen), "not-cat"))
    qtbot.waitUntil(lambda: {one.label for one in view.selected_records()} == {"not-cat"})
    gallery.model.set_sort(Sort.OLDEST)
    assert view.selected_ids() == chosen[::-1]


def test_many_scattered_cells_are_painted_as_one(gallery: GalleryPanel) -> None:
    view, model = gallery.view, gallery.model
    few, scattered = model.selection([0, 2]), QItemSelection()
    for _ in range(100):
        scattered.append(few.at(0))
    everything = QRegion(view.viewport().rect())
    assert view.visualRegionForSelection(few) != everything
    assert view.visualRegionForSelection(scattered) == everything


def test_runs_of_rows() -> None:
    assert list(ranges([])) == [] and list(ranges([0])) == [(0, 0)]
    assert list(ranges([0, 1, 4, 6, 7, 8])) == [(0, 1), (4, 4), (6, 8)]


def test_a_filter_shows_and_hides_single_rows(bridge: StudioBridge, studio: Studio, qtbot) -> None:
    model = GalleryModel(bridge)
    model.load()
    qtbot.waitUntil(lambda: model.is_loaded)
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    model.set_filter(PENDING)
    assert model.rowCount() == 2 and not resets
    first = model.visible_ids()[0]
    bridge.apply(SetState((first,), State.ACCEPTED))
    qtbot.waitUntil(lambda: model.rowCount() == 1)
    assert model.row_of(first) is None and model.record(first) is not None
    model.set_filter(Filter())
    assert model.rowCount() == 6 and not resets


def test_scattered_changes_start_over_in_one_go(bridge: StudioBridge, studio: Studio) -> None:
    records = many(studio.images()[0], 400)
    records = [replace(r, label="cat" if n % 2 else "not-cat") for n, r in enumerate(records)]
    model = GalleryModel(bridge)
    model.set_images(records, ("cat", "not-cat"))
    resets: list[int] = []
    model.modelReset.connect(lambda: resets.append(1))
    model.set_filter(Filter(labels=frozenset({"cat"})))
    assert resets == [1] and model.rowCount() == 200
    model.set_sort(Sort.NAME)
    assert resets == [1, 1]


# -- thumbnails


def test_thumbnails_stay_within_their_bytes(bridge: StudioBridge, studio: Studio, qtbot) -> None:
    thumbnails = Thumbnails(bridge, limit=3 * 64 * 64 * 4)
    records = studio.images()
    for record in records:
        assert thumbnails.pixmap(record, 64) is None
    qtbot.waitUntil(lambda: thumbnails.requests == len(records))
    qtbot.waitUntil(lambda: thumbnails.pixmap(records[-1], 64) is not None)
    assert 0 < thumbnails.bytes_kept <= 3 * 64 * 64 * 4


def test_a_thumbnail_of_another_size_serves_while_it_waits(
    bridge: StudioBridge, studio: Studio, qtbot
) -> None:
    thumbnails = Thumbnails(bridge)
    cat = studio.images()[0]
    thumbnails.pixmap(cat, 64)
    qtbot.waitUntil(lambda: thumbnails.pixmap(cat, 64) is not None)
    standing_in = thumbnails.pixmap(cat, 128)
    assert standing_in is not None and standing_in.width() == 64
    qtbot.waitUntil(lambda: thumbnails.pixmap(cat, 128).width() == 128)
    assert thumbnails.pixmap(cat, 300).width() in (128, 300)
    qtbot.waitUntil(lambda: thumbnails.pixmap(cat, 300).width() == 300)


def test_a_missing_file_is_said_once(bridge: StudioBridge, studio: Studio, qtbot) -> None:
    cat = studio.images()[0]
    studio.thumbnail(cat).unlink()
    studio.image_path(cat).unlink()
    thumbnails = Thumbnails(bridge)
    with qtbot.waitSignal(thumbnails.ready):
        thumbnails.pixmap(cat, 64)
    assert "cannot be read" in (thumbnails.failure(cat) or "")
    assert thumbnails.pixmap(cat, 64) is None and thumbnails.requests == 1


def test_a_damaged_thumbnail_is_made_again(bridge: StudioBridge, studio: Studio, qtbot) -> None:
    cat = studio.images()[0]
    studio.thumbnail(cat).write_bytes(b"not a picture")
    thumbnails = Thumbnails(bridge)
    thumbnails.pixmap(cat, 64)
    qtbot.waitUntil(lambda: thumbnails.pixmap(cat, 64) is not None)


def test_picture_sides_are_few() -> None:
    assert [picture_side(n) for n in (1, 512, 513, 9999)] == [512, 512, 1024, 4096]


def test_only_cells_in_sight_are_decoded(gallery: GalleryPanel, studio: Studio, qtbot) -> None:
    """3,000 rows: what is asked for is what can be seen, also after scrolling far and fast."""
    qtbot.waitUntil(lambda: gallery.thumbnails.requests >= 6)
    painted = gallery.thumbnails.requests
    gallery.model.set_images(many(studio.images()[0], 3_000), ("cat", "not-cat"))
    in_sight = len(gallery.view.records_in_sight())
    assert 8 < in_sight < 60
    qtbot.waitUntil(lambda: gallery.thumbnails.requests > painted)
    bar = gallery.view.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 10_000)
    for step in range(1, 21):
        bar.setValue(bar.maximum() * step // 20)
        QApplication.processEvents()
    qtbot.wait(300)
    assert gallery.thumbnails.requests - painted < 8 * in_sight < 3_000
    assert [r.id for r in gallery.view.records_in_sight()][-1] == "i00000"
