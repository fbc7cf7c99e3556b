"""The inspector: one image, many, none; its family; its edits."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from catstudio.core.changes import AddLabel
from catstudio.core.types import ImageRecord, Split, State
from catstudio.studio import Studio
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.in_common import InCommon
from catstudio.ui.inspector import Inspector, summary


@pytest.fixture
def inspector(bridge: StudioBridge, qtbot) -> Inspector:
    inspector = Inspector(bridge)
    qtbot.addWidget(inspector)
    inspector.resize(300, 800)
    inspector.show()
    qtbot.waitUntil(lambda: bool(inspector.fields.label_chips))
    return inspector


@pytest.fixture
def cat(studio: Studio) -> ImageRecord:
    return studio.images()[0]


@pytest.fixture
def child(studio: Studio) -> ImageRecord:
    return studio.images()[-1]


def test_nothing_selected_says_what_to_do(inspector: Inspector, cat: ImageRecord) -> None:
    assert inspector._stack.currentWidget() is inspector._empty
    inspector.show_records([cat])
    assert inspector._stack.currentWidget() is inspector._scroll
    inspector.show_records([])
    assert inspector._stack.currentWidget() is inspector._empty


def test_a_generated_image(
    inspector: Inspector, child: ImageRecord, cat: ImageRecord, qtbot
) -> None:
    inspector.show_records([child])
    qtbot.waitUntil(inspector.family.parents.isVisible)
    told = "Generated from chelsea.jpg by seed diffusion, strength 0.7."
    assert inspector.sentence.text() == told
    assert [r.id for r in inspector.family.parents.records()] == [cat.id]
    assert not inspector.family.descendants.isVisible()
    qtbot.waitUntil(lambda: inspector.picture.has_picture)
    with qtbot.waitSignal(inspector.use_settings) as caught:
        inspector.use.click()
    assert caught.args == [child]
    parent = inspector.family.parents._flow.itemAt(0).widget()
    with qtbot.waitSignal(inspector.select_requested) as caught:
        qtbot.mouseClick(parent, Qt.MouseButton.LeftButton)
    assert caught.args == [cat.id]
    with qtbot.waitSignal(inspector.preview_requested) as caught:
        qtbot.mouseClick(inspector.picture, Qt.MouseButton.LeftButton)
    assert caught.args == [child.id]


def test_a_photo_and_its_children(
    inspector: Inspector, studio: Studio, cat: ImageRecord, qtbot, add_child
) -> None:
    inspector.show_records([cat])
    qtbot.waitUntil(lambda: len(inspector.family.descendants.records()) == 2)
    assert not inspector.use.isVisible() and not inspector.family.parents.isVisible()
    id_ = add_child(studio, cat.id, 3)
    inspector._bridge.image_added.emit(id_)
    qtbot.waitUntil(lambda: len(inspector.family.descendants.records()) == 3)
    assert inspector.family.descendants_header.text == "Made into 3"


def test_what_is_read_late_is_not_shown_for_another(
    inspector: Inspector, cat: ImageRecord, child: ImageRecord, qtbot
) -> None:
    inspector.show_records([cat])
    inspector.show_records([child])
    qtbot.waitUntil(inspector.family.parents.isVisible)
    qtbot.wait(50)
    assert inspector.family.descendants.records() == []


def shown(inspector: Inspector, studio: Studio, *ids: str) -> None:
    inspector.show_records(studio.images_by_id(ids))


def test_edits_reach_the_store(
    inspector: Inspector, studio: Studio, cat: ImageRecord, qtbot
) -> None:
    bridge, fields = inspector._bridge, inspector.fields
    bridge.touched.connect(lambda _: shown(inspector, studio, cat.id))
    inspector.show_records([cat])
    fields.label_chips["not-cat"].click()
    qtbot.waitUntil(fields.label_chips["not-cat"].isChecked)
    assert studio.image(cat.id).label == "not-cat"
    fields.label_chips["not-cat"].click()  # once more takes it off
    qtbot.waitUntil(lambda: studio.image(cat.id).label is None)
    fields.state_chips[State.REJECTED].click()
    qtbot.waitUntil(lambda: studio.image(cat.id).state is State.REJECTED)
    fields.split.setCurrentIndex(fields.split.findData(Split.TRAIN))
    fields.split.activated.emit(fields.split.currentIndex())
    qtbot.waitUntil(lambda: studio.image(cat.id).split is Split.TRAIN)
    fields.tags.setText(" indoor, night ,indoor")
    fields.tags.editingFinished.emit()
    qtbot.waitUntil(lambda: studio.image(cat.id).tags == ("indoor", "night"))
    fields.weight.setValue(30)
    fields.weight.editingFinished.emit()
    qtbot.waitUntil(lambda: studio.image(cat.id).weight == 30)
    qtbot.waitUntil(lambda: inspector._records[0].weight == 30)
    before = studio.undo_name()
    fields.weight.editingFinished.emit()  # leaving a field unchanged is no edit
    fields.tags.editingFinished.emit()
    fields.state_chips[State.REJECTED].click()
    qtbot.wait(50)
    assert studio.undo_name() == before


def test_a_new_label(inspector: Inspector, studio: Studio, cat: ImageRecord, qtbot) -> None:
    inspector.show_records([cat])
    inspector.fields.add_label.click()
    assert inspector.fields.new_label.isVisible()
    qtbot.keyClicks(inspector.fields.new_label, "tabby")
    qtbot.keyClick(inspector.fields.new_label, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: studio.image(cat.id).label == "tabby")
    qtbot.waitUntil(lambda: "tabby" in inspector.fields.label_chips)
    assert not inspector.fields.new_label.isVisible()
    studio.apply(AddLabel("dog"))
    qtbot.waitUntil(lambda: "dog" in inspector.fields.label_chips)


def test_generated_images_cannot_be_tested_on(
    inspector: Inspector, child: ImageRecord, cat: ImageRecord
) -> None:
    split = inspector.fields.split

    def allowed() -> list[bool]:
        return [bool(split.model().flags(split.model().index(n, 0)) & Qt.ItemFlag.ItemIsEnabled)
                for n in range(split.count())]  # fmt: skip

    inspector.show_records([child])
    assert allowed() == [True, True, False, False]
    inspector.show_records([cat])
    assert allowed() == [True] * 4


def test_thousands_are_gone_through_bit_by_bit(
    inspector: Inspector, studio: Studio, monkeypatch, qtbot
) -> None:
    monkeypatch.setattr("catstudio.ui.slices._SLICE_S", -1.0)
    cat = studio.images()[0]
    many = [replace(cat, id=f"i{n}", label=("cat", "dog")[n % 2]) for n in range(2500)]
    inspector.show_records(many)
    assert inspector.title.text() == "2,500 images"
    qtbot.waitUntil(lambda: inspector.sentence.text().startswith("1,250 cat, 1,250 dog."))
    inspector.show_records(many[:2400])
    inspector.show_records([])
    inspector.show_records([cat])
    qtbot.wait(30)
    assert inspector.title.text() == cat.name and "1,200" not in inspector.sentence.text()
    assert inspector.fields.label_chips["cat"].isChecked()


def test_many_images(inspector: Inspector, studio: Studio, qtbot) -> None:
    records = studio.images()
    inspector.show_records(records)
    assert inspector.title.text() == "6 images"
    found = InCommon()
    found.add(records)
    told = "3 cat, 3 not-cat. 4 accepted, 2 to review.\n4 real, 2 made; 4 independent."
    assert inspector.sentence.text() == told == summary(found)
    assert not inspector.picture.isVisible() and inspector.mosaic.isVisible()
    fields = inspector.fields
    assert not any(chip.isChecked() for chip in fields.label_chips.values())
    assert fields.weight.value() == 1 and fields.split.currentText() == "No split"
    fields.state_chips[State.ACCEPTED].click()
    qtbot.waitUntil(lambda: all(r.state is State.ACCEPTED for r in studio.images()))
    assert studio.undo_name() == "accept 2 images"


def test_mixed_values_stay_untouched(inspector: Inspector, studio: Studio, qtbot) -> None:
    from catstudio.core.changes import SetTags, SetWeight

    ids = [r.id for r in studio.images()]
    studio.apply(SetTags((ids[0],), ("indoor",)))
    studio.apply(SetWeight((ids[0],), 5))
    shown(inspector, studio, *ids[:2])
    fields = inspector.fields
    assert fields.weight.text() == "Several" and fields.tags.text() == ""
    fields.tags.editingFinished.emit()
    fields.weight.editingFinished.emit()
    qtbot.wait(50)
    assert studio.image(ids[0]).tags == ("indoor",) and studio.image(ids[0]).weight == 5


def test_the_wheel_does_not_change_what_passes_under_it(
    inspector: Inspector, cat: ImageRecord
) -> None:
    inspector.show_records([cat])
    for field in (inspector.fields.weight, inspector.fields.split):
        at = QPointF(5, 5)
        event = QWheelEvent(
            at, field.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(field, event)
    assert inspector.fields.weight.value() == 1
    assert inspector.fields.split.currentData() is None


def test_a_missing_file_says_so(inspector: Inspector, studio: Studio, qtbot) -> None:
    coffee = studio.images()[1]
    studio.image_path(coffee).unlink()
    inspector.show_records([coffee])
    qtbot.waitUntil(lambda: "cannot be read" in inspector.picture._message)
