"""Dropping and pasting: files, folders, pictures; links are refused; dropping is labelling."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget

from catstudio.ui.clipboard import Incoming, can_take, file_names, read
from catstudio.ui.drop_overlay import DropOverlay
from tests.ui.dropping import of_files


def drag_and_drop(target: QWidget, mime: QMimeData, at: QPoint) -> QDropEvent:
    """The events that Qt sends for a drag that enters ``target`` and is let go at ``at``."""
    rest = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    for event in (QDragEnterEvent(at, *rest), QDragMoveEvent(at, *rest)):
        QApplication.sendEvent(target, event)
    drop = QDropEvent(QPointF(at), *rest)
    QApplication.sendEvent(target, drop)
    return drop


@pytest.fixture
def overlay(themed: QApplication, qtbot) -> Iterator[DropOverlay]:
    parent = QWidget()
    parent.resize(1024, 700)
    qtbot.addWidget(parent)
    parent.show()
    yield DropOverlay(parent)  # the parent must outlive it


# -- what comes in


def test_files_and_folders_are_paths(cat_photo: Path, tmp_path: Path) -> None:
    incoming = read(of_files(cat_photo, tmp_path))
    assert incoming.paths == (str(cat_photo), str(tmp_path))
    assert (incoming.count, incoming.is_empty) == (2, False)


def test_a_picture_without_a_file_keeps_its_own_bytes() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(buffer, "PNG")
    mime = QMimeData()
    mime.setData("image/png", QByteArray(buffer.getvalue()))
    ((name, data),) = read(mime).encoded()
    assert name.endswith(".png")
    assert data == buffer.getvalue()


def test_a_bare_image_is_encoded_without_loss() -> None:
    image = QImage(5, 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.darkCyan)
    mime = QMimeData()
    mime.setImageData(image)
    ((name, data),) = read(mime).encoded()
    assert name.endswith(".png")
    assert QImage.fromData(data).pixelColor(2, 2) == image.pixelColor(2, 2)


def test_a_picture_wins_over_the_link_it_came_from() -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    image = QImage(5, 4, QImage.Format.Format_RGB32)
    image.fill(0)
    mime.setImageData(image)
    incoming = read(mime)
    assert (incoming.count, incoming.links) == (1, ())


def test_a_link_alone_is_refused() -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    incoming = read(mime)
    assert can_take(mime)
    assert incoming.is_empty
    assert incoming.links == ("https://example.org/cat.png",)


def test_text_is_nothing_to_add() -> None:
    mime = QMimeData()
    mime.setText("a cat")
    assert not can_take(mime)
    assert read(mime) == Incoming()


def test_long_lists_of_files_are_named_in_short() -> None:
    assert file_names(("/x/a.jpg", "/x/b.jpg")) == "a.jpg, b.jpg"
    assert file_names(tuple(f"/x/{n}.jpg" for n in range(5))) == "0.jpg, 1.jpg, 2.jpg and 2 more"


# -- the zones


@pytest.mark.parametrize("labels", [(), ("cat",), ("cat", "not-cat"), tuple("abcdefg")])
def test_there_is_a_zone_for_each_label_and_one_for_later(
    overlay: DropOverlay, labels: tuple[str, ...]
) -> None:
    overlay.begin(labels)
    zones = overlay.zones()
    assert [label for label, _ in zones] == [*labels, None]
    for at, (_, one) in enumerate(zones):
        assert overlay.rect().contains(one)
        assert one.width() > 100 and one.height() > 60
        assert not any(one.intersects(other) for _, other in zones[at + 1 :])


@pytest.mark.parametrize("wanted", ["cat", "not-cat", None])
def test_dropping_is_labelling(
    overlay: DropOverlay, qtbot, cat_photo: Path, wanted: str | None
) -> None:
    overlay.begin(("cat", "not-cat"))
    place = next(place for label, place in overlay.zones() if label == wanted)
    mime = of_files(cat_photo)
    with qtbot.waitSignal(overlay.dropped) as got:
        event = drag_and_drop(overlay, mime, place.center())
    incoming, label = got.args
    assert incoming.paths == (str(cat_photo),)
    assert label == wanted
    assert event.dropAction() is Qt.DropAction.CopyAction, "the file must stay where it is"
    assert not overlay.isVisible()


def test_the_zone_below_the_cursor_is_marked(overlay: DropOverlay, cat_photo: Path) -> None:
    overlay.begin(("cat", "not-cat"))
    _, place = overlay.zones()[1]
    mime = of_files(cat_photo)
    arguments = (
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    before = overlay.grab().toImage()
    QApplication.sendEvent(overlay, QDragEnterEvent(place.center(), *arguments))
    QApplication.sendEvent(overlay, QDragMoveEvent(place.center(), *arguments))
    after = overlay.grab().toImage()
    spot = place.topLeft() + QPoint(40, 40)
    assert before.pixelColor(spot) != after.pixelColor(spot)


def test_a_drag_that_leaves_the_window_takes_the_zones_away(overlay: DropOverlay, qtbot) -> None:
    overlay.begin(("cat",))
    overlay.left()
    qtbot.waitUntil(lambda: not overlay.isVisible(), timeout=2000)
