"""The drawing room and its page: into the project with the right lineage, out of it unharmed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from catstudio.core.changes import SetSplit, SetState
from catstudio.core.types import ImageRecord, Split, State
from catstudio.models import ModelEntry
from catstudio.sources import source
from catstudio.studio import Studio
from catstudio.ui.add_data.draw_page import SIZES, DrawPage
from catstudio.ui.add_data.facts import Facts
from catstudio.ui.bridge import StudioBridge
from catstudio.ui.draw import real
from catstudio.ui.draw.draft import drafts
from catstudio.ui.draw.room import DrawRoom
from catstudio.ui.draw.starting import Again, New, Over, Start
from catstudio.ui.draw.tools import Sample, Tool, action
from catstudio.ui.inspector import Inspector
from catstudio.ui.settings import Settings


@pytest.fixture
def enter(bridge: StudioBridge, qtbot) -> Iterator:
    rooms: list[DrawRoom] = []

    def build(start: Start, below: str | None = None, label: str | None = "cat") -> DrawRoom:
        room = DrawRoom(bridge, Settings(), start, below, label)
        qtbot.addWidget(room)
        rooms.append(room)
        room.resize(1000, 700)
        room.show()
        qtbot.waitUntil(room.canvas.isEnabled)
        return room

    yield build
    for room in rooms:
        room.shut()


@pytest.fixture
def page(bridge: StudioBridge, qtbot) -> DrawPage:
    page = DrawPage(source("drawing"), bridge, Settings())
    qtbot.addWidget(page)
    page.show()
    return page


def draw(room: DrawRoom, x: float = 40) -> None:
    room.desk.use_color(QColor("#ff0000"))
    one = action(room.document, room.desk.kit, Tool.BRUSH)
    assert one.press(Sample(x, 40))
    one.move(Sample(x + 40, 60))
    one.release()


def save(room: DrawRoom, qtbot) -> ImageRecord:
    with qtbot.waitSignal(room.bridge.image_added) as added:
        room.save()
    qtbot.waitUntil(lambda: not room.outcome.is_saving)
    return room.bridge.studio.image(added.args[0])


def cat(studio: Studio) -> ImageRecord:
    return next(record for record in studio.images() if record.name == "chelsea.jpg")


def test_a_new_drawing_is_its_own_lineage(enter, bridge, qtbot) -> None:
    room = enter(New(256, 192))
    assert not room.head.save.isEnabled()
    draw(room)
    drawing = save(room, qtbot)
    assert (drawing.source, drawing.label, drawing.is_real) == ("drawing", "cat", False)
    assert (drawing.width, drawing.height) == (256, 192)
    assert drawing.lineages == (drawing.id,)
    assert drawing.provenance.parents == ()
    assert drawing.provenance.method == "canvas"
    assert drawing.provenance.params["tools"] == {"brush": 1}
    picture = Image.open(io.BytesIO(bridge.studio.image_path(drawing).read_bytes()))
    assert picture.getpixel((50, 45)) == (255, 0, 0)
    assert not room.is_changed


def test_a_drawing_over_a_photo_is_of_the_photos_lineage_even_when_it_is_hidden(
    enter, bridge, qtbot
) -> None:
    photo = cat(bridge.studio)
    room = enter(Over(photo.id))
    assert (room.document.width, room.document.height) == (photo.width, photo.height)
    draw(room)
    room.document.show_layer(0, is_visible=False)
    drawing = save(room, qtbot)
    assert [parent.id for parent in drawing.provenance.parents] == [photo.id]
    assert set(drawing.lineages) >= set(photo.lineages)
    assert drawing.provenance.params["shows_photo"] is False


def test_a_drawing_is_gone_on_with_and_derives_from_the_first(enter, bridge, qtbot) -> None:
    first = enter(New(128, 128))
    draw(first)
    before = save(first, qtbot)
    room = enter(Again(before.id))
    assert room.document.picture.pixelColor(50, 45).name() == "#ff0000"
    draw(room, 10)
    after = save(room, qtbot)
    assert [parent.id for parent in after.provenance.parents] == [before.id]


def test_nothing_is_drawn_after_a_test_photo(bridge, qtbot) -> None:
    photo = cat(bridge.studio)
    bridge.studio.apply(SetSplit((photo.id,), Split.TEST))
    room = DrawRoom(bridge, Settings(), Over(photo.id))
    qtbot.addWidget(room)
    with qtbot.waitSignal(room.left), qtbot.waitSignal(room.told) as told:
        pass
    assert "test split" in told.args[0]
    assert not room.canvas.isEnabled()
    room.shut()


def test_a_photo_that_became_a_test_photo_meanwhile_is_refused_at_saving(
    enter, bridge, qtbot
) -> None:
    photo = cat(bridge.studio)
    room = enter(Over(photo.id))
    draw(room)
    bridge.studio.apply(SetSplit((photo.id,), Split.TEST))
    room.save()
    qtbot.waitUntil(lambda: "test split" in room.note.text())
    assert room.is_changed


def test_a_photo_is_put_below_from_the_selection(enter, bridge, qtbot) -> None:
    photo = cat(bridge.studio)
    room = enter(New(128, 128), below=photo.id)
    with qtbot.waitSignal(room.document.layers_changed):
        room.desk.layers.photo.click()
    assert room.document.parents == (photo.id,)
    assert not room.desk.layers.photo.isEnabled()


def test_saving_again_changes_the_label_only(enter, bridge, qtbot) -> None:
    room = enter(New(128, 128))
    draw(room)
    drawing = save(room, qtbot)
    count = len(bridge.studio.images())
    qtbot.waitUntil(lambda: room.head.labels._list.count() > 2)
    room.head.labels.choose("not-cat")
    with qtbot.waitSignal(bridge.touched):
        room.save()
    assert bridge.studio.image(drawing.id).label == "not-cat"
    assert len(bridge.studio.images()) == count


def test_an_unsaved_drawing_is_offered_again(enter, page, bridge, qtbot) -> None:
    room = enter(New(128, 128))
    draw(room)
    with qtbot.waitSignal(room.left):
        QTest.keyClick(room, Qt.Key.Key_Escape)
    room.shut()
    page.hide()
    page.show()
    qtbot.waitUntil(page.go_on.isVisible)
    with qtbot.waitSignal(page.room_asked) as asked:
        page.go_on.click()
    again = asked.args[0](bridge)
    qtbot.addWidget(again)
    qtbot.waitUntil(again.canvas.isEnabled)
    assert again.document.picture.pixelColor(50, 45).name() == "#ff0000"
    save(again, qtbot)
    qtbot.waitUntil(lambda: drafts(bridge.studio.root) == [])
    again.shut()


def test_a_draft_can_be_thrown_away(enter, page, bridge, qtbot) -> None:
    room = enter(New(128, 128))
    draw(room)
    with qtbot.waitSignal(room.left):
        room.leave()
    room.shut()
    page.hide()
    page.show()
    qtbot.waitUntil(page.throw_away.isVisible)
    page.throw_away.click()
    qtbot.waitUntil(lambda: not page.go_on.isVisible())
    assert drafts(bridge.studio.root) == []


def test_escape_gives_up_a_stroke_before_it_leaves(enter, qtbot) -> None:
    room = enter(New(128, 128))
    QTest.mousePress(room.canvas, Qt.MouseButton.LeftButton)
    with qtbot.assertNotEmitted(room.left):
        QTest.keyClick(room.canvas, Qt.Key.Key_Escape)
    assert room.document.is_blank
    with qtbot.waitSignal(room.left):
        QTest.keyClick(room.canvas, Qt.Key.Key_Escape)


# -- the page


def test_the_page_begins_with_the_chosen_size(page, bridge, qtbot) -> None:
    page.sizes.setCurrentIndex(SIZES.index((768, 512)))
    with qtbot.waitSignal(page.room_asked) as asked:
        page.new.click()
    room = asked.args[0](bridge)
    qtbot.addWidget(room)
    assert (room.document.width, room.document.height) == (768, 512)
    room.shut()


def test_the_page_offers_what_suits_the_selection(page, bridge, qtbot) -> None:
    assert not page.over.isEnabled()
    photo = cat(bridge.studio)
    page.show_facts(Facts(labels=("cat",), selected=(photo.id,)), "cat")
    qtbot.waitUntil(page.over.isEnabled)
    assert not page.again.isVisible()
    bridge.studio.apply(SetSplit((photo.id,), Split.TEST))
    page.show_facts(Facts(labels=("cat",)), "cat")
    page.show_facts(Facts(labels=("cat",), selected=(photo.id,)), "cat")
    qtbot.waitUntil(lambda: "test split" in page.why.text())
    assert not page.over.isEnabled()


def test_the_page_offers_to_make_a_drawing_real(page, enter, bridge, qtbot) -> None:
    room = enter(New(128, 128))
    draw(room)
    drawing = save(room, qtbot)
    page.show_facts(Facts(labels=("cat",), selected=(drawing.id,)), "cat")
    qtbot.waitUntil(page.real.isVisible)
    qtbot.waitUntil(lambda: "seed diffusion" in page.why.text())
    assert page.again.isEnabled()
    assert not page.over.isVisible()


# -- make it real


def model(id_: str, kind: str = "text-to-image") -> ModelEntry:
    return ModelEntry(
        id=id_, title=id_.upper(), kind=kind, path="", family="sdxl", size=1, added=""
    )


def test_a_model_is_preferred_and_the_last_one_used_among_them() -> None:
    models = [model("upscaler", "other"), model("sd"), model("xl")]
    assert real.choose(models, "", "cat", 3).model == "sd"
    assert real.choose(models, "xl", "cat", 3).model == "xl"
    assert real.choose(models, "gone", "cat", 0).method == "diffusers"


def test_without_a_model_the_photos_patches_are_used_or_it_says_what_is_missing() -> None:
    way = real.choose([], "", "cat", 3)
    assert (way.method, way.is_possible) == ("seed", True)
    assert "no diffusion model" in way.why
    nothing = real.choose([], "", "cat", 0)
    assert not nothing.is_possible
    assert "labelled cat" in nothing.why


def test_the_request_follows_the_way(bridge, enter, qtbot, monkeypatch) -> None:
    room = enter(New(128, 128))
    draw(room)
    drawing = save(room, qtbot)
    studio = bridge.studio
    made = real.request(studio, drawing.id, real.Wish("cat", count=2))
    assert (made.method, made.count, made.guide.id) == ("seed", 2, drawing.id)
    assert [seed.id for seed in made.seeds] == [cat(studio).id]
    monkeypatch.setattr(real.ModelRegistry, "list", lambda _: (model("xl"),))
    wish = real.Wish("cat", "a grey cat", 3, 0.5, {"diffusers": {"size": 256, "count": 9}})
    made = real.request(studio, drawing.id, wish)
    assert [seed.id for seed in made.seeds] == [drawing.id]
    assert made.prompts == ("a grey cat",)
    assert made.options["model"] == "xl"
    assert (made.options["strength"], made.options["size"]) == (0.5, 256)
    assert made.guide is None


def test_make_it_real_saves_first_and_sends_the_drawing_along(
    bridge, enter, qtbot, monkeypatch
) -> None:
    room = enter(New(128, 128))
    draw(room)
    sent = []
    monkeypatch.setattr(bridge, "submit", sent.append)
    QTest.keyClick(room.canvas, Qt.Key.Key_M, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(room.real.make.isEnabled)
    assert room.real.make.text() == "Make 4 cats"
    room.real.make.click()
    qtbot.waitUntil(lambda: bool(sent))
    drawing = bridge.studio.image(sent[0].guide.id)
    assert drawing.source == "drawing"
    assert "4 images are being made" in room.note.text()


def test_make_it_real_says_what_is_missing(bridge, enter, qtbot) -> None:
    bridge.studio.apply(SetState((cat(bridge.studio).id,), State.REJECTED))
    room = enter(New(128, 128))
    draw(room)
    room.head.real.click()
    qtbot.waitUntil(lambda: "photo labelled cat" in room.real._why.text())
    assert not room.real.make.isEnabled()


def test_the_inspector_offers_it_for_drawings_only(bridge, enter, qtbot) -> None:
    room = enter(New(128, 128))
    draw(room)
    drawing = save(room, qtbot)
    inspector = Inspector(bridge)
    qtbot.addWidget(inspector)
    inspector.show()
    inspector.show_records([cat(bridge.studio)])
    assert not inspector.real.isVisible()
    inspector.show_records([drawing])
    with qtbot.waitSignal(inspector.real_asked) as asked:
        inspector.real.click()
    assert asked.args[0] == drawing


def test_a_drawing_without_a_label_is_not_made_real(page, bridge, enter, qtbot) -> None:
    room = enter(New(128, 128), label=None)
    draw(room)
    drawing = save(room, qtbot)
    assert (drawing.label, drawing.state) == (None, State.PENDING)
    with qtbot.waitSignal(page.failed) as failed:
        page.make_real(drawing)
    assert "label" in failed.args[1]
